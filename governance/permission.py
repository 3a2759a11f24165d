"""Permission: the decision whether a search may run and its counts may leave.

    effective terms = agreement ∩ the practice's own policy ∩ the floor

Nothing remote can widen any of the three. Each clause of a decision is decided by itself and gives a sentence, whether
it holds or not; all must hold. The clauses, in order:

1. parties       the practice is one of them, and the agreement covers this search
2. dates         the agreement has begun and has not ended, by the latest day ever seen, and no review is overdue
3. searches      the search is in its scope
4. dimensions    no dimension beyond those agreed
5. schedule      not more often than agreed (how often it did run: `governance.frequency`)
6. tables        every table and column that its tree reads
7. code lists    every code list that its tree reads, each with the very codes that were agreed
8. measures      no mean of a value beyond those agreed
9. controllers   inside one controller, if it says so
10. opt-outs     people who opted out are not counted
11. profile      known, and not below the floor
12. floor        cells and dimensions
13. reviewers    author, clinical and governance reviewer are three people with three keys
14. local policy not paused, not denied, approved where the practice asks for each

That the agreement is in force (signed by the hub and by this practice) is what makes an `ActiveAgreement`; see
`governance.terms.activate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from governance.agreement import ActiveAgreement, Agreement, check_controllers, check_dates
from governance.cells import Shape
from governance.clauses import SearchTerms
from governance.errors import GovernanceError, NotPermittedError
from governance.optouts import OptOutPolicy
from governance.profiles import Profile, profile
from governance.review import ReviewedSearch, check_three_people
from searches.search import Schedule


@dataclass(frozen=True, slots=True)
class LocalPolicy:
    """What the practice itself refuses, whatever was agreed.

    Args:
        paused: nothing runs.
        denied_searches: ids that never run here.
        denied_agreements: ids under which nothing runs here.
        ask: each search must be approved here before it runs for others.
        approved: content digests approved here; only asked for when `ask`.
        profile: of disclosure control, asked for here beside the agreement's; None: the agreement's alone.
    """

    paused: bool = False
    denied_searches: frozenset[str] = frozenset()
    denied_agreements: frozenset[str] = frozenset()
    ask: bool = False
    approved: frozenset[str] = field(default_factory=frozenset)
    profile: Profile | None = None


class Clause(StrEnum):
    """What a reason is about."""

    PARTIES = "parties"
    DATES = "dates"
    SEARCHES = "searches"
    DIMENSIONS = "dimensions"
    SCHEDULE = "schedule"
    TABLES = "tables"
    CODELISTS = "code lists"
    MEASURES = "measures"
    CONTROLLERS = "controllers"
    OPTOUTS = "opt-outs"
    PROFILE = "profile"
    FLOOR = "floor"
    REVIEWERS = "reviewers"
    LOCAL_POLICY = "local policy"


@dataclass(frozen=True, slots=True)
class Reason:
    """One clause's part in a decision.

    Args:
        clause: which.
        holds: whether it allows the search.
        sentence: why, or why not.
    """

    clause: Clause
    holds: bool
    sentence: str

    def __str__(self) -> str:
        return f"{self.clause}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a search may run for others, with every reason, allowed or not."""

    permitted: bool
    reasons: tuple[Reason, ...]

    @property
    def refusals(self) -> tuple[str, ...]:
        """The reasons against, each naming its clause."""
        return tuple(str(reason) for reason in self.reasons if not reason.holds)

    def and_not(self, clause: Clause, sentence: str) -> Decision:
        """The same decision with one more reason against."""
        return Decision(permitted=False, reasons=(*self.reasons, Reason(clause, holds=False, sentence=sentence)))


def decide(active: ActiveAgreement, reviewed: ReviewedSearch, policy: LocalPolicy, today: date) -> Decision:
    """Decide whether a search may run for others at a practice.

    Args:
        active: signed by both sides.
        reviewed: the search, as the verified catalogue brought it.
        policy: the practice's own.
        today: the latest day ever seen, so that setting a clock back does not revive an agreement.
    """
    reasons = (
        _reason(Clause.PARTIES, "the practice is a party", lambda: _check_parties(active, reviewed)),
        _reason(Clause.DATES, f"in force on {today}", lambda: check_dates(active.agreement, today)),
        *_scope(active.agreement, reviewed),
        _reason(Clause.LOCAL_POLICY, "not refused here", lambda: _check_local_policy(active, reviewed, policy)),
    )
    return Decision(all(reason.holds for reason in reasons), reasons)


def check_permitted(active: ActiveAgreement, reviewed: ReviewedSearch, policy: LocalPolicy, today: date) -> None:
    """Return if the search may run for others.

    Raises:
        NotPermittedError: it may not; carries every reason.
    """
    _raise_refusals(decide(active, reviewed, policy, today))


def can_run(active: ActiveAgreement, reviewed: ReviewedSearch, policy: LocalPolicy, today: date) -> bool:
    """Whether the search may run for others."""
    return decide(active, reviewed, policy, today).permitted


def scope(agreement: Agreement, reviewed: ReviewedSearch) -> Decision:
    """Decide whether a search lies within an agreement, whoever has signed and whatever the day (clauses 3 to 13)."""
    reasons = tuple(_scope(agreement, reviewed))
    return Decision(all(reason.holds for reason in reasons), reasons)


def check_in_scope(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    """Return if the search lies within the agreement: what the hub asks before it publishes.

    Raises:
        NotPermittedError: it does not; carries every reason.
    """
    _raise_refusals(scope(agreement, reviewed))


def _scope(agreement: Agreement, reviewed: ReviewedSearch) -> Iterator[Reason]:
    search = reviewed.search
    checks: tuple[tuple[Clause, str, Callable[[], object]], ...] = (
        (Clause.SEARCHES, f"{search.id} is agreed", lambda: _agreed(agreement, reviewed)),
        (Clause.DIMENSIONS, "no dimension beyond those agreed", lambda: _check_dimensions(agreement, reviewed)),
        (Clause.SCHEDULE, f"{search.schedule} is agreed", lambda: _check_schedule(agreement, reviewed)),
        (Clause.TABLES, "no table or column beyond those agreed", lambda: _check_tables(agreement, reviewed)),
        (Clause.CODELISTS, "no code list beyond those agreed", lambda: _check_codelists(agreement, reviewed)),
        (Clause.MEASURES, "no mean beyond those agreed", lambda: _check_measures(agreement, reviewed)),
        (Clause.CONTROLLERS, "one controller, or agreed between several", lambda: check_controllers(agreement)),
        (Clause.OPTOUTS, "people who opted out are not counted", lambda: _check_optouts(agreement)),
        (Clause.PROFILE, f"{agreement.profile} is known", lambda: profile(agreement.profile)),
        (Clause.FLOOR, "not more cells than may leave", lambda: Shape.of(search)),
        (Clause.REVIEWERS, "three people signed", lambda: check_three_people(reviewed.reviewers, search.id)),
    )
    return (_reason(clause, sentence, check) for clause, sentence, check in checks)


def _reason(clause: Clause, sentence: str, check: Callable[[], object]) -> Reason:
    """Each rule exists once, as a check that raises; here it becomes a reason."""
    try:
        check()
    except GovernanceError as error:
        return Reason(clause, holds=False, sentence=error.message)
    return Reason(clause, holds=True, sentence=sentence)


def _raise_refusals(decision: Decision) -> None:
    if not decision.permitted:
        raise NotPermittedError(decision.refusals[0], decision.refusals)


def _check_parties(active: ActiveAgreement, reviewed: ReviewedSearch) -> None:
    if active.practice not in active.agreement.practices:
        raise NotPermittedError(f"practice {active.practice} is not a party to agreement {active.agreement.id}")
    if reviewed.agreement_id != active.agreement.id:
        raise NotPermittedError(
            f"search {reviewed.search.id} is published under {reviewed.agreement_id}, not under {active.agreement.id}"
        )


def _agreed(agreement: Agreement, reviewed: ReviewedSearch) -> SearchTerms:
    terms = agreement.terms_of(reviewed.search.id)
    if terms is None:
        raise NotPermittedError(f"search {reviewed.search.id} is not in agreement {agreement.id}")
    return terms


def _check_dimensions(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    beyond = {dimension.name for dimension in reviewed.search.dimensions} - {*_agreed(agreement, reviewed).dimensions}
    if beyond:
        raise NotPermittedError(f"dimensions not agreed for search {reviewed.search.id}: {', '.join(sorted(beyond))}")


_OFTEN = (Schedule.YEARLY, Schedule.QUARTERLY, Schedule.MONTHLY, Schedule.WEEKLY)


def _check_schedule(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    agreed, asked = _agreed(agreement, reviewed).schedule, reviewed.search.schedule
    if _OFTEN.index(asked) > _OFTEN.index(agreed):
        raise NotPermittedError(f"search {reviewed.search.id} is {asked}, agreed is at most {agreed}")


def _check_tables(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    beyond = [
        f"{table}.{column}"
        for table, columns in sorted(reviewed.footprint.tables.items())
        for column in sorted(columns) or ("*",)
        if table not in agreement.tables or (columns and column not in agreement.tables[table])
    ]
    if beyond:
        raise NotPermittedError(f"search {reviewed.search.id} reads what is not agreed: {', '.join(beyond)}")


def _check_codelists(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    used = reviewed.footprint.codelists | frozenset(reviewed.search.codelists)
    beyond = sorted(used - {*agreement.codelists})
    if beyond:
        raise NotPermittedError(f"search {reviewed.search.id} uses code lists not agreed: {', '.join(beyond)}")
    for name, found in sorted(reviewed.search.codelists.items()):
        agreed = agreement.codelists[name]
        if agreed and found.digest != agreed:
            raise NotPermittedError(
                f"search {reviewed.search.id} brings code list {name} with other codes than were agreed: "
                f"expected {agreed[:12]}, got {found.digest[:12]}",
                hint="a code list that changed needs the next version of the agreement",
            )


def _check_measures(agreement: Agreement, reviewed: ReviewedSearch) -> None:
    search = reviewed.search
    if search.measure is None:
        return
    agreed = _agreed(agreement, reviewed).measures
    if not agreed:
        raise NotPermittedError(f"search {search.id} asks for a mean, agreed are counts alone")
    asked = search.measure
    same = [one for one in agreed if (one.name, one.unit) == (asked.name, asked.unit)]
    if not any(one.low <= asked.low and asked.high <= one.high for one in same):
        words = f"{asked.name} from {asked.low} to {asked.high} {asked.unit}"
        raise NotPermittedError(f"search {search.id} measures {words}, which is not agreed")


def _check_optouts(agreement: Agreement) -> None:
    if agreement.opt_out_policy not in tuple(OptOutPolicy):
        raise NotPermittedError(f"opt-out policy is not known, expected one of: {', '.join(OptOutPolicy)}")


def _check_local_policy(active: ActiveAgreement, reviewed: ReviewedSearch, policy: LocalPolicy) -> None:
    if policy.paused:
        raise NotPermittedError("the practice has paused everything")
    if active.agreement.id in policy.denied_agreements:
        raise NotPermittedError(f"the practice refuses everything under agreement {active.agreement.id}")
    if reviewed.search.id in policy.denied_searches:
        raise NotPermittedError(f"the practice refuses search {reviewed.search.id}")
    if policy.ask and reviewed.search.digest not in policy.approved:
        raise NotPermittedError(f"search {reviewed.search.id} waits for the practice's approval")
