"""Tree and verifier against the RFC's own recursive definition, every size to 130; the published vectors; mutations."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from functools import cache

import pytest

from governance.errors import FormatError, ProofError
from governance.merkle_proof import EMPTY_ROOT, ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from governance.merkle_tree import MerkleTree, kept_hashes, leaf_hash, place
from tests.generative.log_proofs import Counts, fuzz

SIZES = range(131)

# Certificate Transparency's own eight leaves and the roots of their prefixes (merkletree tests of RFC 6962 logs).
CT_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def data(number: int) -> bytes:
    return f"entry {number}".encode()


@cache
def mth(low: int, high: int) -> bytes:
    """RFC 6962 section 2.1, word for word, over `data`."""
    if low == high:
        return hashlib.sha256(b"").digest()
    if high - low == 1:
        return hashlib.sha256(b"\x00" + data(low)).digest()
    middle = low + split(high - low)
    return hashlib.sha256(b"\x01" + mth(low, middle) + mth(middle, high)).digest()


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def path(index: int, low: int, high: int) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if high - low == 1:
        return []
    middle = low + split(high - low)
    if index < middle - low:
        return [*path(index, low, middle), mth(middle, high)]
    return [*path(index - (middle - low), middle, high), mth(low, middle)]


def subproof(old: int, low: int, high: int, whole: bool) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == high - low:
        return [] if whole else [mth(low, high)]
    k = split(high - low)
    if old <= k:
        return [*subproof(old, low, low + k, whole), mth(low + k, high)]
    return [*subproof(old - k, low + k, high, False), mth(low, low + k)]


@pytest.fixture(scope="module")
def tree() -> MerkleTree:
    made = MerkleTree()
    for number in range(max(SIZES)):
        assert made.append(data(number)) == number
    return made


def test_the_published_vectors() -> None:
    tree = MerkleTree()
    assert tree.root().hex() == CT_ROOTS[0]
    for leaf, root in zip(CT_LEAVES, CT_ROOTS[1:], strict=True):
        tree.append(leaf)
        assert tree.root().hex() == root
    assert [tree.root(size).hex() for size in range(9)] == CT_ROOTS


def test_roots_are_the_rfcs_at_every_size(tree: MerkleTree) -> None:
    assert [tree.root(size) for size in SIZES] == [mth(0, size) for size in SIZES]


def test_inclusion_of_every_leaf_at_every_size(tree: MerkleTree) -> None:
    for size in SIZES:
        for index in range(size):
            proof = tree.inclusion(index, size)
            assert list(proof.hashes) == path(index, 0, size)
            verify_inclusion(leaf_hash(data(index)), proof, mth(0, size))


def test_consistency_of_every_pair_of_sizes(tree: MerkleTree) -> None:
    for new in SIZES:
        for old in range(new + 1):
            proof = tree.consistency(old, new)
            assert list(proof.hashes) == (subproof(old, 0, new, True) if 0 < old < new else [])
            verify_consistency(mth(0, old), proof, mth(0, new))


def test_kept_hashes_never_move() -> None:
    places = [place(level, index) for level in range(8) for index in range(128 >> level)]
    assert sorted(places) == list(range(kept_hashes(128)))


def test_no_such_leaf_and_no_such_beginning(tree: MerkleTree) -> None:
    with pytest.raises(FormatError, match="no leaf 5 in a tree of 5"):
        tree.inclusion(5, 5)
    with pytest.raises(FormatError, match="a tree of 6 to be the beginning of one of 5"):
        tree.consistency(6, 5)


def flips(hashes: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """The same hashes with one bit of one byte changed, for every byte; and with one shorter, longer, gone or twice."""
    changed = []
    for place_, one in enumerate(hashes):
        others = [bytes([*one[:at], one[at] ^ (1 << at % 8), *one[at + 1 :]]) for at in range(len(one))]
        others += [one[:-1], one + b"\0", b""]
        changed += [(*hashes[:place_], other, *hashes[place_ + 1 :]) for other in others]
        changed += [(*hashes[:place_], *hashes[place_ + 1 :]), (*hashes[: place_ + 1], *hashes[place_:])]
    return [*changed, (*hashes, bytes(32)), (bytes(32), *hashes)]


@pytest.mark.parametrize(
    ("index", "size"), [(0, 1), (0, 2), (2, 3), (4, 7), (6, 7), (7, 8), (11, 13), (64, 65), (77, 130)]
)
def test_every_byte_and_length_of_an_inclusion_proof_matters(tree: MerkleTree, index: int, size: int) -> None:
    good, root, leaf = tree.inclusion(index, size), mth(0, size), leaf_hash(data(index))
    verify_inclusion(leaf, good, root)
    for hashes in flips(good.hashes):
        with pytest.raises(ProofError, match=r"proof|entry"):
            verify_inclusion(leaf, dataclasses.replace(good, hashes=hashes), root)
    for (other_leaf,) in flips((leaf,))[:35]:
        with pytest.raises(ProofError, match=r"proof|entry"):
            verify_inclusion(other_leaf, good, root)
    for (other_root,) in flips((root,))[:35]:
        with pytest.raises(ProofError, match=r"proof|entry"):
            verify_inclusion(leaf, good, other_root)
    for other in set(range(-1, size + 1)) - {index}:
        with pytest.raises(ProofError, match=r"proof|entry"):
            verify_inclusion(leaf, dataclasses.replace(good, index=other), root)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (1, 3), (2, 3), (3, 7), (4, 7), (6, 8), (7, 8), (64, 65), (65, 130)])
def test_every_byte_and_length_of_a_consistency_proof_matters(tree: MerkleTree, old: int, new: int) -> None:
    good, first, second = tree.consistency(old, new), mth(0, old), mth(0, new)
    verify_consistency(first, good, second)
    for hashes in flips(good.hashes):
        with pytest.raises(ProofError, match=r"proof|log"):
            verify_consistency(first, dataclasses.replace(good, hashes=hashes), second)
    for (other,) in flips((first,))[:35]:
        with pytest.raises(ProofError, match=r"proof|log"):
            verify_consistency(other, good, second)
    for (other,) in flips((second,))[:35]:
        with pytest.raises(ProofError, match=r"proof|log"):
            verify_consistency(first, good, other)


def test_a_smaller_log_continues_nothing() -> None:
    with pytest.raises(ProofError, match="log of 3 cannot continue one of 4"):
        verify_consistency(mth(0, 4), ConsistencyProof(4, 3, ()), mth(0, 3))


def test_the_same_size_has_one_root() -> None:
    verify_consistency(mth(0, 4), ConsistencyProof(4, 4, ()), mth(0, 4))
    with pytest.raises(ProofError, match="log of 4 has two roots"):
        verify_consistency(mth(0, 4), ConsistencyProof(4, 4, ()), mth(1, 5))
    with pytest.raises(ProofError, match="must be empty"):
        verify_consistency(mth(0, 4), ConsistencyProof(4, 4, (bytes(32),)), mth(0, 4))


def test_an_empty_log_is_the_beginning_of_every_log() -> None:
    verify_consistency(EMPTY_ROOT, ConsistencyProof(0, 4, ()), mth(0, 4))
    with pytest.raises(ProofError, match="another root than the empty log's"):
        verify_consistency(mth(0, 1), ConsistencyProof(0, 4, ()), mth(0, 4))


def test_an_entry_cannot_be_in_a_log_that_ends_before_it() -> None:
    with pytest.raises(ProofError, match="entry 4 cannot be in a log of 4"):
        verify_inclusion(leaf_hash(data(4)), InclusionProof(4, 4, ()), mth(0, 4))


def test_no_proof_is_longer_than_any_tree_needs() -> None:
    with pytest.raises(ProofError, match="64 hashes, at most 63"):
        verify_inclusion(leaf_hash(b""), InclusionProof(0, 1, (bytes(32),) * 64), EMPTY_ROOT)


def test_a_node_cannot_be_passed_off_as_an_entry(tree: MerkleTree) -> None:
    """Without the two prefixes, the bytes of two hashes would be an entry of a log half as long."""
    inner = tree.inclusion(0, 4).hashes[1]
    left, right = leaf_hash(data(2)), leaf_hash(data(3))
    assert leaf_hash(left + right) != inner


def test_a_short_fuzz_finds_no_false_accept() -> None:
    counts = fuzz(random.Random(6962), lambda counts: counts.mutated >= 20_000)
    assert counts == Counts(counts.valid, counts.valid, counts.mutated, 0)
    assert counts.mutated >= 20_000
