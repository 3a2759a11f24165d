"""Whoever trusts a root checks with this that a leaf is under it, or that it continues an older root. Nothing else.

The algorithms are those of RFC 9162 (sections 2.1.3.2 and 2.1.4.2) over the tree of RFC 6962. A proof that is too long,
too short, or proves another root is refused; there is no "probably". Sizes and indices come from a signed checkpoint
and a signed or recomputed leaf: a proof by itself says nothing of them.

    verify_inclusion     the path from the leaf to the root; every hash used, none missing
    verify_consistency   both roots are computed from the same hashes: the old one, and the new one that contains it

This is the whole of what an auditor has to believe about trees, so it stands alone: the standard library's SHA-256.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

from governance.errors import ProofError

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256().digest()  # RFC 6962 section 2.1: the hash of an empty list
MOST_HASHES: Final = 63  # C2SP tlog-witness: no proof is longer
_LEAF, _NODE = b"\x00", b"\x01"  # RFC 6962 section 2.1: a leaf can never be shown as a node


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That the leaf of this number is in the tree of this size: the siblings' hashes, from the leaf up."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """That the tree of size `new` begins with the tree of size `old`."""

    old: int
    new: int
    hashes: tuple[bytes, ...]


def verify_inclusion(leaf: bytes, proof: InclusionProof, root: bytes) -> None:
    """Return if the leaf with this hash is in the tree with this root.

    Args:
        leaf: `leaf_hash` of the entry.
        proof: its number, the tree's size, and the path.
        root: of a checkpoint that is trusted.

    Raises:
        ProofError: it is not, or the proof is not exactly as long as it must be.
    """
    _check_hashes(proof.hashes, leaf, root)
    if not 0 <= proof.index < proof.size:
        raise ProofError(f"entry {proof.index} cannot be in a log of {proof.size}")
    place, last, found = proof.index, proof.size - 1, leaf
    for sibling in proof.hashes:
        if last == 0:
            raise ProofError(f"proof of entry {proof.index} goes on beyond the root")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _to_right_child(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofError(f"proof of entry {proof.index} ends before the root")
    if not hmac.compare_digest(found, root):
        raise ProofError(f"entry {proof.index} is not in the log of {proof.size} with this root")


def verify_consistency(old_root: bytes, proof: ConsistencyProof, new_root: bytes) -> None:
    """Return if the tree with the new root begins with the whole tree of the old root.

    Args:
        old_root: of a checkpoint that was trusted before.
        proof: both sizes, and the hashes.
        new_root: of the checkpoint that is to be trusted.

    Raises:
        ProofError: it does not, or the proof is not exactly as long as it must be.
    """
    _check_hashes(proof.hashes, old_root, new_root)
    old, new = proof.old, proof.new
    if not 0 <= old <= new:
        raise ProofError(f"log of {new} cannot continue one of {old}")
    if old in (0, new):
        _check_trivial(old_root, proof, new_root)
        return
    found_old, found_new = _both_roots(old_root, proof)
    if not hmac.compare_digest(found_old, old_root):
        raise ProofError(f"proof from {old} to {new} is not about the log of {old} with this root")
    if not hmac.compare_digest(found_new, new_root):
        raise ProofError(f"log of {new} with this root does not continue the log of {old}")


def _both_roots(old_root: bytes, proof: ConsistencyProof) -> tuple[bytes, bytes]:
    """The two roots that a proof's hashes lead to."""
    old, new, hashes = proof.old, proof.new, proof.hashes
    if old & (old - 1) == 0:  # the old tree is one full subtree of the new: its root is where the path begins
        hashes = (old_root, *hashes)
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    found_old = found_new = hashes[0] if hashes else old_root
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofError(f"proof from {old} to {new} goes on beyond the root")
        if place & 1 or place == last:
            found_old, found_new = node_hash(sibling, found_old), node_hash(sibling, found_new)
            place, last = _to_right_child(place, last)
        else:
            found_new = node_hash(found_new, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise ProofError(f"proof from {old} to {new} ends before the root")
    return found_old, found_new


def _to_right_child(place: int, last: int) -> tuple[int, int]:
    """Up past the levels on which a last node has no sibling and is its own parent."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _check_trivial(old_root: bytes, proof: ConsistencyProof, new_root: bytes) -> None:
    if proof.hashes:
        raise ProofError(f"proof from {proof.old} to {proof.new} must be empty")
    if proof.old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("log of no entries has another root than the empty log's")
    if proof.old == proof.new and not hmac.compare_digest(old_root, new_root):
        raise ProofError(f"log of {proof.new} has two roots")


def _check_hashes(hashes: tuple[bytes, ...], *others: bytes) -> None:
    if len(hashes) > MOST_HASHES:
        raise ProofError(f"proof has {len(hashes)} hashes, at most {MOST_HASHES} are read")
    if any(len(one) != HASH_BYTES for one in (*hashes, *others)):
        raise ProofError(f"proof holds a hash that is not {HASH_BYTES} bytes")
