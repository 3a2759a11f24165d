"""What one practice may see of itself and its peers: one frozen value behind the page, the CSV and the terminal.

The rules, in the order in which they act:

* A practice sees its own figures as it released them, with an interval.
* Of a peer it sees a whole percentage and the size of its list in four bands. Counts are only ever one's own: list
  sizes are published every month, so a count, a tooltip or a bubble would name the practice.
* A peer is named only where both have chosen to be named; every other peer has a pseudonym, made with the hub's key
  from viewer and peer together, so that it stays the same for one viewer and two viewers cannot compare notes.
* Peers stand in alphabetical order (named first, then by pseudonym), never in the order of their figures.
* A figure that was restated is the restated one, marked so, with the first beside it. Of a peer that is not named the
  day is not told: who knows which practice put its records right that day would know its name.
* A figure that cannot be shown has a standing of its own (too few, withheld, not run, failed, awaited). None of
  them is a zero.

Nothing here reads a database: `hub.pages.load` brings the frozen values.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from hashlib import sha256
from statistics import median

from governance.cells import Statistics
from governance.suppress import CellState, Reason, State
from hub.intervals import wilson
from hub.means import NetworkMean, for_peers, network_mean
from searches.search import Measure, Search

# Letters and digits that are not mistaken for one another when a pseudonym is read out in a meeting.
PSEUDONYM_LETTERS = "ACDEFGHJKLMNPQRTVWXY234679"
PSEUDONYM_LENGTH = 4


class Standing(StrEnum):
    """What there is to show of one practice's figure."""

    VALUE = "value"
    EMPTY = "no one to count"
    BANDED = "too few to show"
    WITHHELD = "withheld"
    NOT_RUN = "not run"
    FAILED = "failed"
    AWAITED = "not yet received"


@dataclass(frozen=True, slots=True)
class Counts:
    """The three states of one cell, as a practice released them."""

    met: CellState
    not_met: CellState
    excepted: CellState

    @property
    def cells(self) -> tuple[CellState, CellState, CellState]:
        """Met, not met, excepted."""
        return self.met, self.not_met, self.excepted

    @property
    def standing(self) -> Standing:
        """What of this cell can be shown: a percentage only where both sides are values."""
        states = {self.met.state, self.not_met.state}
        for state, standing in _STANDINGS.items():
            if state in states:
                return standing
        return Standing.VALUE if self.total else Standing.EMPTY

    @property
    def total(self) -> int:
        """Met and not met together; 0 where either is not a value."""
        if self.met.value is None or self.not_met.value is None:
            return 0
        return self.met.value + self.not_met.value

    @property
    def reason(self) -> Reason | None:
        """Why there is no number, where there is none at all."""
        return self.met.reason or self.not_met.reason


# The gravest first: one failed state makes the row failed.
_STANDINGS = {
    State.FAILED: Standing.FAILED,
    State.NOT_RUN: Standing.NOT_RUN,
    State.WITHHELD: Standing.WITHHELD,
    State.BAND: Standing.BANDED,
}


@dataclass(frozen=True, slots=True)
class Restated:
    """That a figure was released a second time.

    Args:
        on: the day on which the hub received it.
        reason: why, in the practice's word (`RestatementReason`).
        first: what was released first.
    """

    on: date
    reason: str
    first: Counts


@dataclass(frozen=True, slots=True)
class FirstOfPeer:
    """What the viewer may see of the first release of a peer that restated it.

    Args:
        on: the day of the restatement, or None for a peer that is not named.
        percentage: first released, 0 to 100 in whole numbers, or None.
    """

    on: date | None
    standing: Standing
    percentage: int | None


@dataclass(frozen=True, slots=True)
class Member:
    """One practice of the agreement, with what it released for one search and reference date.

    Args:
        code: the practice's code.
        name: as it wishes to be shown to those who may see its name.
        named: whether it chose to be named.
        size_band: size of its list in four bands, or empty if no result has come.
        counts: its totals row, the latest, or None if no result has come.
        restated: if that is a restatement, of what.
        statistics: of a distribution, those of its totals row.
    """

    code: str
    name: str
    named: bool
    size_band: str
    counts: Counts | None
    restated: Restated | None = None
    statistics: Statistics | None = None

    @property
    def standing(self) -> Standing:
        """What there is to show of this practice."""
        return self.counts.standing if self.counts else Standing.AWAITED


@dataclass(frozen=True, slots=True)
class Own:
    """The viewer's own figure, as it released it.

    Args:
        named: whether it chose to be named to peers that chose the same.
        percentage: 0 to 100 with one decimal, or None.
        interval: 95% limits in percent with one decimal, or None.
        statistics: of a distribution, which has no percentage.
    """

    code: str
    name: str
    named: bool
    standing: Standing
    size_band: str
    counts: Counts | None
    percentage: Decimal | None
    interval: tuple[Decimal, Decimal] | None
    restated: Restated | None = None
    statistics: Statistics | None = None


@dataclass(frozen=True, slots=True)
class Peer:
    """What the viewer may see of one peer: never a count.

    Args:
        label: its name if both chose to be named, else a pseudonym.
        percentage: 0 to 100 in whole numbers, or None.
        first: what it released first, if it restated that.
        mean: of a distribution, which has no percentage, on a grid that is the same for every peer; or None.
    """

    label: str
    named: bool
    standing: Standing
    percentage: int | None
    size_band: str
    first: FirstOfPeer | None = None
    mean: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One search at one reference date, as one practice may see it.

    Args:
        target: in percent, or None.
        peers_median: the median of the peers' whole percentages, or of a distribution of their means; None if no peer
            has one.
        network: of a distribution, the mean over all practices.
    """

    search: Search
    reference_date: date
    own: Own
    peers: tuple[Peer, ...]
    target: Decimal | None
    peers_median: Decimal | None
    network: NetworkMean | None = None

    @property
    def standings(self) -> Mapping[Standing, int]:
        """How many practices, the viewer's included, stand how."""
        return Counter([self.own.standing, *(peer.standing for peer in self.peers)])

    @property
    def agreed(self) -> int:
        """How many practices have signed the agreement."""
        return 1 + len(self.peers)

    @property
    def answered(self) -> int:
        """How many of them have answered, whatever they could show."""
        return self.agreed - self.standings.get(Standing.AWAITED, 0)

    @property
    def with_percentage(self) -> tuple[Peer, ...]:
        """The peers that have a percentage."""
        return tuple(peer for peer in self.peers if peer.percentage is not None)


def compare(
    search: Search, reference_date: date, viewer: str, members: Iterable[Member], *, hub_key: bytes
) -> Comparison:
    """What a practice may see of one search.

    Args:
        search: what was asked.
        reference_date: of the results.
        viewer: the code of the practice that looks; one of the members.
        members: every practice for which the agreement is active.
        hub_key: secret of the hub, from which pseudonyms are made; at least 32 bytes.

    Raises:
        LookupError: the viewer is not a member.
    """
    by_code = {member.code: member for member in members}
    if viewer not in by_code:
        raise LookupError(f"practice {viewer} is not a member of this agreement")
    own = by_code.pop(viewer)
    peers = _peers(own, tuple(by_code.values()), hub_key)
    if search.measure is not None:
        return _described(search, search.measure, reference_date, (own, tuple(by_code.values()), peers))
    shown = [peer.percentage for peer in peers if peer.percentage is not None]
    return Comparison(
        search,
        reference_date,
        _own(own),
        peers,
        target=search.target.value * 100 if search.target else None,
        # Of whole percentages: the median of an odd number of exact ones would be one practice's exact figure.
        peers_median=Decimal(str(median(shown))) if shown else None,
    )


def _described(
    search: Search, measure: Measure, reference_date: date, seen: tuple[Member, tuple[Member, ...], tuple[Peer, ...]]
) -> Comparison:
    """A comparison of means: a distribution has no percentage, neither one's own nor a peer's."""
    viewer, others, labelled = seen
    own = replace(_own(viewer), percentage=None, interval=None, statistics=viewer.statistics)
    peers = tuple(_peer_mean(peer, measure) for peer in labelled)
    shown = [peer.mean for peer in peers if peer.mean is not None]
    parts = [
        (member.counts.met.value, member.statistics.mean.value)
        for member in (viewer, *others)
        if member.counts is not None and member.statistics is not None
    ]
    return Comparison(
        search,
        reference_date,
        own,
        peers,
        target=None,
        peers_median=median(shown) if shown else None,
        network=network_mean(measure, parts),
    )


def _peer_mean(peer: Peer, measure: Measure) -> Peer:
    first = replace(peer.first, percentage=None) if peer.first is not None else None
    return replace(
        peer, percentage=None, first=first, mean=None if peer.mean is None else for_peers(measure, peer.mean)
    )


def pseudonym(hub_key: bytes, viewer: str, subject: str, length: int = PSEUDONYM_LENGTH) -> str:
    """The name under which one practice sees another that is not named to it: `Peer K7Q2`.

    Raises:
        ValueError: the key is too short to keep a pseudonym from being guessed by trying every practice code.
    """
    if len(hub_key) < 32:
        raise ValueError("pseudonym key is too short: expected at least 32 bytes")
    # Lengths in front, so that no two pairs of codes give the same bytes.
    parts = [part.encode() for part in ("gpfed pseudonym v1", viewer, subject)]
    text = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    number = int.from_bytes(hmac.new(hub_key, text, sha256).digest(), "big")
    letters = []
    for _ in range(length):
        number, letter = divmod(number, len(PSEUDONYM_LETTERS))
        letters.append(PSEUDONYM_LETTERS[letter])
    return f"Peer {''.join(letters)}"


def percentage_of(counts: Counts, step: str = "0.1") -> Decimal:
    """Met as a share of met and not met, in percent, halves rounded up."""
    share = Decimal(counts.met.value or 0) * 100 / counts.total
    return share.quantize(Decimal(step), ROUND_HALF_UP)


def own_interval(counts: Counts) -> tuple[Decimal, Decimal]:
    """The 95% Wilson interval of one's own released counts, in percent with one decimal."""
    low, high = wilson(counts.met.value or 0, counts.total)
    return _percent(low), _percent(high)


def _own(member: Member) -> Own:
    counts = member.counts
    shown = counts is not None and counts.standing is Standing.VALUE
    return Own(
        member.code,
        member.name,
        member.named,
        member.standing,
        member.size_band,
        counts,
        percentage_of(counts) if counts and shown else None,
        own_interval(counts) if counts and shown else None,
        member.restated,
    )


def _peers(viewer: Member, others: tuple[Member, ...], hub_key: bytes) -> tuple[Peer, ...]:
    hidden = [member.code for member in others if not (viewer.named and member.named)]
    labels = _pseudonyms(hub_key, viewer.code, hidden)
    peers = [_peer(member, labels.get(member.code, member.name), member.code not in labels) for member in others]
    return tuple(sorted(peers, key=lambda peer: (not peer.named, peer.label)))


def _pseudonyms(hub_key: bytes, viewer: str, subjects: list[str]) -> dict[str, str]:
    # Two peers must not share a name; among a few hundred practices two extra letters settle it.
    for length in (PSEUDONYM_LENGTH, PSEUDONYM_LENGTH + 2, 50):
        labels = {subject: pseudonym(hub_key, viewer, subject, length) for subject in subjects}
        if len(set(labels.values())) == len(labels):
            break
    return labels


def _peer(member: Member, label: str, named: bool) -> Peer:
    restated, first = member.restated, None
    if restated is not None:
        first = FirstOfPeer(restated.on if named else None, restated.first.standing, _whole(restated.first))
    mean = member.statistics.mean.value if member.statistics is not None else None
    return Peer(label, named, member.standing, _whole(member.counts), member.size_band, first, mean)


def _whole(counts: Counts | None) -> int | None:
    return int(percentage_of(counts, "1")) if counts and counts.standing is Standing.VALUE else None


def _percent(share: float) -> Decimal:
    return (Decimal(str(share)) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def plain(number: Decimal) -> str:
    """A number without needless zeros: `90`, `72.5`."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
