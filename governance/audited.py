"""A release that has been audited: suppressed, looked at as a whole, and suppressed again where it tells too much.

The gate and the ledger see two counts at a time; `linear_audit` sees all that would be known after this release. Where
it finds a combination that tells of a few people, the release is made anew from the same history: first with one of its
counts snapped, so that the combination tells of nobody and looks as if it always had; where that cannot be, with the
count withheld. After some rounds both at once. Until nothing is found; nothing leaves before.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from governance.errors import DisclosureError
from governance.linear_audit import told_by
from governance.optouts import CountedPeople
from governance.release_history import ReleaseHistory
from governance.suppress import Practice, Releases, Suppressed, Terms, series_of

logger = logging.getLogger(__name__)

_SNAPPING_ROUNDS: Final = 8  # each mends many combinations; a library of 200 searches took as many
_MOST_ROUNDS: Final = (
    24  # the later ones withhold: a release that is refused as a whole would tell more, and help nobody
)
Alerts = Mapping[str, frozenset[int]]


def suppress_audited(
    counted: Sequence[CountedPeople], terms: Terms, practice: Practice, history: ReleaseHistory
) -> Suppressed:
    """Make the tables of one message, none of which together with others tells of a few people.

    Args:
        counted: of every search that ran.
        terms: under what; the history's alerts are added to theirs.
        practice: whose people.
        history: of every release before.

    Raises:
        NotPermittedError: as `suppress`.
        DisclosureError: as `suppress`; or some combination is left after several rounds.
    """
    keys = frozenset(series_of(one) for one in counted)
    alerts, targets = _joined(history.alerts, terms.alerts), terms.targets
    releases = Releases(counted, practice, history)
    for number in range(_MOST_ROUNDS):
        made = releases.under(replace(terms, alerts=alerts, targets=targets))
        told = told_by(made.history, terms.profile.overlap_width, keys)
        if not told.targets:
            return replace(made, history=replace(made.history, alerts=alerts))
        logger.warning("event=audit_alert series=%d", len(told.alerts))
        new = tuple(dict.fromkeys((*targets, *told.targets)))
        if new == targets or number >= _SNAPPING_ROUNDS:
            alerts = _joined(alerts, told.alerts)
        targets = new
    raise DisclosureError(
        "released counts together would tell of a few people", "tell the hub: searches are too near to each other"
    )


def _joined(one: Alerts, other: Alerts) -> Alerts:
    return {key: one.get(key, frozenset()) | other.get(key, frozenset()) for key in sorted({*one, *other})}
