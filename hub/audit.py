"""What the hub can prove to an auditor: entries of its log in one file that is checked without the hub.

For example:

    gpfed-hub audit bundle --out march.bundle --practice Z90001 --from 2026-03-01 --to 2026-03-31
    gpfed-audit verify march.bundle --policy log-policy.txt
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from governance.log_bundle import LogBundle, Selected, write_log_bundle
from governance.log_entry import Kind
from governance.log_proof import Shown
from governance.merkle_tree import prove_inclusion
from hub.centre import Centre
from hub.errors import HubError
from hub.log import counting, log_key, policy_in_force, read_hashes, with_words
from hub.log_shelf import salts_of
from hub.models import LogCheckpoint, LogLeaf


@dataclass(frozen=True, slots=True)
class Question:
    """Which entries a bundle is about; what is empty restricts nothing.

    Args:
        title: for people.
        practice: those that concern it, and those that concern no single practice.
        kinds: of these kinds only.
        begin: from this day on, by the entry's own event.
        end: to this day.
    """

    title: str
    practice: str = ""
    kinds: frozenset[Kind] = frozenset()
    begin: date | None = None
    end: date | None = None


def bundle(centre: Centre, question: Question) -> bytes:
    """A bundle under the newest checkpoint that enough witnesses have cosigned.

    Raises:
        HubError: there is no such checkpoint yet.
    """
    checkpoint = counting(centre)
    if checkpoint is None:
        raise HubError("no checkpoint of the log has enough cosignatures", "practices cosign when they poll")
    note = with_words(centre, checkpoint)
    entries = tuple(_selected(leaf, checkpoint, note) for leaf in _leaves(question, checkpoint))
    return write_log_bundle(LogBundle(question.title, log_key(centre), policy_in_force(centre), note, entries))


def _leaves(question: Question, checkpoint: LogCheckpoint) -> list[LogLeaf]:
    leaves = LogLeaf.objects.filter(index__lt=checkpoint.size).select_related("event")
    if question.practice:
        leaves = leaves.filter(practice__code=question.practice) | leaves.filter(practice=None)
    if question.kinds:
        leaves = leaves.filter(kind__in=sorted(question.kinds))
    if question.begin:
        leaves = leaves.filter(event__at__date__gte=question.begin)
    if question.end:
        leaves = leaves.filter(event__at__date__lte=question.end)
    return list(leaves)


def _selected(leaf: LogLeaf, checkpoint: LogCheckpoint, note: bytes) -> Selected:
    proof = prove_inclusion(leaf.index, checkpoint.size, read_hashes)
    salts = salts_of(leaf)
    return Selected(Shown(bytes(leaf.entry), salts, leaf.index, proof.hashes, note), _opened(leaf, salts))


def _opened(leaf: LogLeaf, salts: Mapping[str, bytes]) -> Mapping[str, str]:
    return {name: str(leaf.event.facts[name]) for name in salts if name in leaf.event.facts}
