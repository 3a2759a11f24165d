"""Mutated proofs of random trees: a true one is accepted, an altered one never; and what proofs of a long log cost.

    make fuzz                     an hour, and the report docs/reports/log-proofs.md
    make fuzz FUZZ="--seconds 60"

What is altered: a byte or bit of a hash, the leaf, either root, the number of hashes, their order, the index, a hash
put in from the other proof. An altered proof that says the same as the true one (a swap of equal hashes) is not
counted.
"""

from __future__ import annotations

import argparse
import dataclasses
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from governance.errors import ProofError
from governance.merkle_proof import ConsistencyProof, InclusionProof, verify_consistency, verify_inclusion
from governance.merkle_tree import MerkleTree, leaf_hash

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "log-proofs.md"
LARGEST = 3000
TREES = 40

P = TypeVar("P", InclusionProof, ConsistencyProof)


@dataclass(frozen=True, slots=True)
class Counts:
    """What a run did; `wrong` must be none."""

    valid: int = 0
    accepted: int = 0
    mutated: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True)
class Tree:
    """A tree whose leaves all say its number."""

    number: int
    tree: MerkleTree


@dataclass(frozen=True, slots=True)
class Claim:
    """What a verifier is asked: two hashes and the proof between them."""

    first: bytes  # leaf hash, or old root
    proof: InclusionProof | ConsistencyProof
    root: bytes

    def holds(self) -> bool:
        """What the verifier says."""
        try:
            if isinstance(self.proof, InclusionProof):
                verify_inclusion(self.first, self.proof, self.root)
            else:
                verify_consistency(self.first, self.proof, self.root)
        except ProofError:
            return False
        return True


def fuzz(draw: random.Random, enough: Callable[[Counts], bool]) -> Counts:
    """Draw claims and alter them until it is enough."""
    counts = Counts()
    trees = [_tree(draw, number) for number in range(TREES)]
    while not enough(counts):
        claim, other = _claim(draw, draw.choice(trees)), _claim(draw, draw.choice(trees))
        counts = dataclasses.replace(counts, valid=counts.valid + 1, accepted=counts.accepted + claim.holds())
        for _ in range(20):
            altered = _alter(draw, claim, other)
            if altered == claim or _trivial(altered):
                continue
            counts = dataclasses.replace(counts, mutated=counts.mutated + 1, wrong=counts.wrong + altered.holds())
    return counts


def measure(entries: int) -> dict[str, float]:
    """CPU seconds to append so many entries of a usual length, and for the dearest of a thousand proofs."""
    tree, draw, begun = MerkleTree(), random.Random(9162), time.process_time()
    for number in range(entries):
        tree.append(b'{"at":"2026-03-31T09:30:00Z","kind":"result_received","number":%d}' % number)
    appended = time.process_time() - begun
    begun, root = time.process_time(), tree.root()
    worst = {"append": appended, "checkpoint": time.process_time() - begun, "inclusion": 0.0, "consistency": 0.0}
    for _ in range(1000):
        old = draw.randrange(1, entries)
        begun = time.process_time()
        tree.inclusion(old)
        worst["inclusion"] = max(worst["inclusion"], time.process_time() - begun)
        begun = time.process_time()
        proof = tree.consistency(old)
        worst["consistency"] = max(worst["consistency"], time.process_time() - begun)
        verify_consistency(tree.root(old), proof, root)
    return worst


def _tree(draw: random.Random, number: int) -> Tree:
    tree = MerkleTree()
    for leaf in range(draw.choice((1, 2, 3, 5, 8, 130, draw.randrange(1, LARGEST)))):
        tree.append(f"{number} {leaf}".encode())
    return Tree(number, tree)


def _claim(draw: random.Random, one: Tree) -> Claim:
    tree = one.tree
    size = draw.randrange(1, tree.size + 1)
    if draw.random() < 0.5:
        index = draw.randrange(size)
        leaf = leaf_hash(f"{one.number} {index}".encode())
        return Claim(leaf, tree.inclusion(index, size), tree.root(size))
    old = draw.randrange(1, size + 1)
    return Claim(tree.root(old), tree.consistency(old, size), tree.root(size))


def _alter(draw: random.Random, claim: Claim, other: Claim) -> Claim:
    hashes = list(claim.proof.hashes)
    place = draw.randrange(len(hashes)) if hashes else 0
    match draw.randrange(9):
        case 0 if hashes:
            hashes[place] = _flipped(draw, hashes[place])
        case 1:
            hashes.insert(place, draw.choice((draw.randbytes(32), claim.root, claim.first, *hashes)))
        case 2 if hashes:
            del hashes[place]
        case 3 if hashes:
            hashes[place] = draw.choice((hashes[place][:-1], hashes[place] + b"\0", b"", draw.randbytes(32)))
        case 4:
            draw.shuffle(hashes)
        case 5:
            return dataclasses.replace(claim, first=draw.choice((_flipped(draw, claim.first), other.first, claim.root)))
        case 6:
            return dataclasses.replace(claim, root=draw.choice((_flipped(draw, claim.root), other.root, claim.first)))
        case 7 if isinstance(claim.proof, InclusionProof):
            index = draw.choice((claim.proof.index ^ 1, claim.proof.index + 1, draw.randrange(-2, LARGEST)))
            return dataclasses.replace(claim, proof=dataclasses.replace(claim.proof, index=index))
        case _:
            hashes = hashes[: draw.randrange(len(hashes) + 1)] + list(other.proof.hashes)[: draw.randrange(3)]
    return dataclasses.replace(claim, proof=dataclasses.replace(claim.proof, hashes=tuple(hashes)))


def _flipped(draw: random.Random, data: bytes) -> bytes:
    at = draw.randrange(len(data))
    return bytes([*data[:at], data[at] ^ draw.randrange(1, 256), *data[at + 1 :]])


def _trivial(claim: Claim) -> bool:
    """The same root twice without a proof is no claim; equal sizes and equal roots hold."""
    proof = claim.proof
    return isinstance(proof, ConsistencyProof) and proof.old == proof.new and claim.first == claim.root


def main() -> None:
    """Fuzz for a while and write the report."""
    parser = argparse.ArgumentParser(description="Fuzz the verifier of the log's proofs.")
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--seed", type=int, default=6962)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path, default=REPORT)
    options = parser.parse_args()
    begun = time.monotonic()
    counts = fuzz(random.Random(options.seed), lambda _: time.monotonic() - begun > options.seconds)
    words = (
        "# The verifier of the log's proofs, fuzzed\n\n"
        f"`make fuzz`: seed {options.seed}, {options.seconds:.0f} seconds on one core, "
        f"trees of 1 to {LARGEST} entries.\n\n"
        "| | |\n|---|---|\n"
        f"| true proofs | {counts.valid:,} |\n| of them accepted | {counts.accepted:,} |\n"
        f"| altered proofs | {counts.mutated:,} |\n| of them accepted (must be none) | {counts.wrong:,} |\n"
    )
    cost = measure(options.entries)
    words += (
        f"\n## A log of {options.entries:,} entries\n\n| | |\n|---|---|\n"
        f"| append all of them, in memory, CPU | {cost['append']:.1f} s |\n"
        f"| root of a checkpoint | {cost['checkpoint'] * 1000:.2f} ms |\n"
        f"| dearest of 1,000 inclusion proofs, CPU | {cost['inclusion'] * 1000:.2f} ms |\n"
        f"| dearest of 1,000 consistency proofs, CPU | {cost['consistency'] * 1000:.2f} ms |\n"
    )
    options.out.write_text(words, encoding="utf-8")
    print(words)
    raise SystemExit(counts.wrong > 0 or counts.accepted != counts.valid)


if __name__ == "__main__":
    main()
