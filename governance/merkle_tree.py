"""The log's tree as it is kept: RFC 6962 hashes in the order in which they arise, and proofs read from them.

    leaf = SHA-256(0x00 || data)          node = SHA-256(0x01 || left || right)          (RFC 6962 section 2.1)

Kept are the leaves' hashes and those of every full subtree, never a hash that a later leaf could change. Appending the
leaf of number n adds its own hash, then that of each subtree it makes full, smallest first. The hash of the k-th
subtree of 2^level leaves therefore has a place that never moves (`place`), a tree of n leaves has 2n - (ones in n)
hashes, and a root or a proof reads at most about 2 log2(n) of them. Nothing is verified here: see
`governance.merkle_proof`, which knows no kept hash.

>>> tree = MerkleTree()
>>> tree.append(b"first"), tree.append(b"second")
(0, 1)
>>> tree.root() == node_hash(leaf_hash(b"first"), leaf_hash(b"second"))
True
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from governance.errors import FormatError
from governance.merkle_proof import EMPTY_ROOT, HASH_BYTES, ConsistencyProof, InclusionProof, leaf_hash, node_hash

__all__ = ["MerkleTree", "leaf_hash", "node_hash"]

ReadHashes = Callable[[Sequence[int]], Sequence[bytes]]
"""Gives the kept hashes at these places, in the order asked for."""

Range = tuple[int, int]
"""Leaves from the first number to before the second, as the RFC writes D[a:b]."""


def kept_hashes(size: int) -> int:
    """How many hashes a tree of so many leaves has."""
    return 2 * size - size.bit_count()


def place(level: int, index: int) -> int:
    """Where the hash of the `index`-th full subtree of 2^level leaves is kept."""
    last_leaf = ((index + 1) << level) - 1
    return kept_hashes(last_leaf) + level


def grown(size: int, data: bytes, read: ReadHashes) -> list[bytes]:
    """The hashes that one more leaf adds, to be kept at the places from `kept_hashes(size)` on.

    Args:
        size: leaves before.
        data: of the new leaf.
        read: gives kept hashes.
    """
    completed = ((size + 1) & ~size).bit_length() - 1  # levels of subtrees that this leaf makes full
    lefts = read([place(level, (size >> level) - 1) for level in range(completed)])
    hashes = [leaf_hash(data)]
    for left in lefts:
        hashes.append(node_hash(left, hashes[-1]))
    return hashes


def root_hash(size: int, read: ReadHashes) -> bytes:
    """The root of the first so many leaves: MTH(D[0:size]) of RFC 6962 section 2.1."""
    return _range_hashes([(0, size)], read)[0] if size else EMPTY_ROOT


def prove_inclusion(index: int, size: int, read: ReadHashes) -> InclusionProof:
    """That a leaf is in the tree of the first `size` leaves: PATH of RFC 6962 section 2.1.1.

    Raises:
        FormatError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise FormatError(f"log has no leaf {index} in a tree of {size}")
    low, high, ranges = 0, size, []
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    return InclusionProof(index, size, tuple(_range_hashes(ranges[::-1], read)))


def prove_consistency(old: int, new: int, read: ReadHashes) -> ConsistencyProof:
    """That the tree of the first `new` leaves begins with that of the first `old`: PROOF of RFC 6962 section 2.1.2.

    Raises:
        FormatError: the older is larger.
    """
    if not 0 <= old <= new:
        raise FormatError(f"log cannot prove a tree of {old} to be the beginning of one of {new}")
    if old in (0, new):
        return ConsistencyProof(old, new, ())
    low, high, ranges = 0, new, []
    while old != high:
        middle = low + _split(high - low)
        if old <= middle:
            ranges.append((middle, high))
            high = middle
        else:
            ranges.append((low, middle))
            low = middle
    if low:  # otherwise the old tree is itself a full subtree, whose root the reader has
        ranges.append((low, high))
    return ConsistencyProof(old, new, tuple(_range_hashes(ranges[::-1], read)))


class MerkleTree:
    """A tree in memory: 64 bytes a leaf."""

    def __init__(self) -> None:
        self._hashes = bytearray()
        self.size = 0

    def append(self, data: bytes) -> int:
        """Add a leaf; its number."""
        self._hashes += b"".join(grown(self.size, data, self._read))
        self.size += 1
        return self.size - 1

    def root(self, size: int | None = None) -> bytes:
        """The root, of the first so many leaves if said."""
        return root_hash(self.size if size is None else size, self._read)

    def inclusion(self, index: int, size: int | None = None) -> InclusionProof:
        """That a leaf is in the tree."""
        return prove_inclusion(index, self.size if size is None else size, self._read)

    def consistency(self, old: int, new: int | None = None) -> ConsistencyProof:
        """That the tree begins with an older one."""
        return prove_consistency(old, self.size if new is None else new, self._read)

    def hashes(self) -> list[bytes]:
        """Every kept hash, by its place."""
        return self._read(range(kept_hashes(self.size)))

    def _read(self, places: Sequence[int]) -> list[bytes]:
        return [bytes(self._hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]) for at in places]


def _split(size: int) -> int:
    """The largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def _range_hashes(ranges: Sequence[Range], read: ReadHashes) -> list[bytes]:
    """The hash of each range, all kept hashes read at once."""
    parts = [_full_subtrees(one) for one in ranges]
    found = iter(read([at for part in parts for at in part]))
    hashes = []
    for part in parts:
        *rest, last = (next(found) for _ in part)
        hashes.append(reduce(lambda right, left: node_hash(left, right), reversed(rest), last))
    return hashes


def _full_subtrees(leaves: Range) -> list[int]:
    """The places of the full subtrees that a range consists of, left to right; a range begins where one may."""
    low, high = leaves
    places = []
    while low < high:
        level = (high - low).bit_length() - 1
        places.append(place(level, low >> level))
        low += 1 << level
    return places
