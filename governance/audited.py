"""A release that has been audited: suppressed, looked at as a whole, and suppressed again where it tells too much.

The gate and the ledger see two counts at a time; `linear_audit` sees all that would be known after this release. Where
it finds a combination that tells of a few people, the release is made anew from the same history: first with one of its
counts snapped, so that the combination tells of nobody and looks as if it always had; where that cannot be, with the
count withheld, this time and from then on. If after some rounds combinations are left, no number of the searches in
them is shown this time; and if new ones come up even then, none of the whole message. That ends it: what is not shown
is in no combination. Nothing leaves before, and a release is never refused as a whole.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from governance.linear_audit import Looked, Told, last_shown, told_by
from governance.optouts import CountedPeople
from governance.release_history import ReleaseHistory
from governance.suppress import Practice, Releases, Suppressed, Terms, series_of

logger = logging.getLogger(__name__)

_SNAPPING_ROUNDS: Final = 8  # each mends many combinations; a library of 200 searches took as many
_WITHHOLDING_ROUNDS: Final = 16  # in these, counts are withheld one by one too
_ROUNDS: Final = 20  # in the last ones, all counts of the searches concerned
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
        DisclosureError: as `suppress`.
    """
    releases, keys = Releases(counted, practice, history), frozenset(series_of(one) for one in counted)
    at = Looked(keys, last_shown(history))
    terms = replace(terms, alerts=_joined(history.alerts, terms.alerts))
    for number in range(_ROUNDS):
        made = releases.under(terms)
        told = told_by(made.history, terms.profile.overlap_width, replace(at, asked=terms.alerts))
        if not told.concerned:
            return replace(made, history=replace(made.history, alerts=terms.alerts))
        logger.warning("event=audit_alert series=%d", len(told.concerned))
        terms = _mended(terms, told, number)
    logger.warning("event=audit_withheld_all series=%d", len(keys))
    made = releases.under(replace(terms, silent=keys))
    return replace(made, history=replace(made.history, alerts=terms.alerts))


def _mended(terms: Terms, told: Told, number: int) -> Terms:
    """The terms of the next round, by the number of this one."""
    if number >= _WITHHOLDING_ROUNDS:
        return replace(terms, silent=terms.silent | told.concerned)
    targets = tuple(dict.fromkeys((*terms.targets, *told.targets)))
    alerts = told.alerts if targets == terms.targets or number >= _SNAPPING_ROUNDS else {}
    return replace(terms, targets=targets, alerts=_joined(terms.alerts, alerts))


def _joined(one: Alerts, other: Alerts) -> Alerts:
    return {key: one.get(key, frozenset()) | other.get(key, frozenset()) for key in sorted({*one, *other})}
