"""What changes from one version of an agreement to the next, clause by clause, in words for whoever is to sign it.

Each clause is narrower (less may be asked, seen, kept or done), wider, or the same. What cannot be shown to be narrower
counts as wider: a new text, another legal basis, another date of review. A version is narrower only if no clause is
wider; then it takes nothing from a practice that it had not already given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from governance.agreement import Agreement
from governance.agreement_form import plain
from governance.clauses import SearchTerms, Undertakings, View
from governance.errors import NotPermittedError
from governance.optouts import OptOutPolicy
from governance.profiles import narrowest, profile
from searches.search import Schedule


class Direction(StrEnum):
    """Which way a clause moves."""

    NARROWER = "narrower"
    WIDER = "wider"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: the clause, which way, and what changes."""

    clause: str
    direction: Direction
    sentence: str

    def __str__(self) -> str:
        return f"{self.clause} ({self.direction}): {self.sentence}"


def changes(before: Agreement, after: Agreement) -> tuple[Change, ...]:
    """Every difference between two versions, in the order of the document."""
    return tuple(one for compare in _CLAUSES for one in compare(before, after))


def is_narrower(before: Agreement, after: Agreement) -> bool:
    """Whether the later version lies within the earlier one: no clause is wider."""
    return all(one.direction is Direction.NARROWER for one in changes(before, after))


def what_changes(before: Agreement, after: Agreement) -> str:
    """The differences as a signatory reads them, what widens first."""
    found = changes(before, after)
    heading = f"What changes from version {before.version} to version {after.version}:"
    if not found:
        return f"{heading} nothing but its number."
    ordered = sorted(found, key=lambda one: one.direction is Direction.NARROWER)
    verdict = "It only narrows what was agreed." if is_narrower(before, after) else "It widens what was agreed."
    return "\n".join([heading, *(f"  * {one}" for one in ordered), verdict])


def _sets(clause: str, before: Iterable[str], after: Iterable[str], *, more_is_wider: bool = True) -> Iterator[Change]:
    was, now = set(before), set(after)
    wider, narrower = Direction.WIDER, Direction.NARROWER
    if now - was:
        yield Change(clause, wider if more_is_wider else narrower, f"new: {', '.join(sorted(now - was))}")
    if was - now:
        yield Change(clause, narrower if more_is_wider else wider, f"no longer: {', '.join(sorted(was - now))}")


def _moved(clause: str, before: object, after: object, *, narrower: bool) -> Iterator[Change]:
    if before != after:
        direction = Direction.NARROWER if narrower else Direction.WIDER
        yield Change(clause, direction, f"{_shown(before)} becomes {_shown(after)}")


def _shown(value: object) -> str:
    return str(plain(value))[:200] or "nothing"


def _heading(before: Agreement, after: Agreement) -> Iterator[Change]:
    for name in ("title", "kind", "hub", "legal_basis"):
        yield from _moved(name, getattr(before, name), getattr(after, name), narrower=False)
    yield from _sets("practices", before.practices, after.practices)


def _purposes(before: Agreement, after: Agreement) -> Iterator[Change]:
    was, now = ({f"{one.tag}: {one.text}" for one in each.purposes} for each in (before, after))
    yield from _sets("purposes", was, now)
    was, now = ({benefit for one in each.purposes for benefit in one.benefits} for each in (before, after))
    yield from _sets("benefits", was, now)
    yield from _sets("prohibited uses", before.prohibited_uses, after.prohibited_uses, more_is_wider=False)


def _searches(before: Agreement, after: Agreement) -> Iterator[Change]:
    yield from _sets("searches", _ids(before), _ids(after))
    for now in after.searches:
        was = before.terms_of(now.search_id)
        if was is not None:
            yield from _search(was, now)


def _ids(agreement: Agreement) -> list[str]:
    return [terms.search_id for terms in agreement.searches]


_OFTEN = (Schedule.YEARLY, Schedule.QUARTERLY, Schedule.MONTHLY, Schedule.WEEKLY)


def _search(was: SearchTerms, now: SearchTerms) -> Iterator[Change]:
    clause = f"search {now.search_id}"
    yield from _sets(f"{clause}, split by", was.dimensions, now.dimensions)
    rarer = _OFTEN.index(now.schedule) < _OFTEN.index(was.schedule)
    yield from _moved(f"{clause}, how often", was.schedule, now.schedule, narrower=rarer)
    same_period = now.schedule is was.schedule
    fewer = same_period and now.most_per_period < was.most_per_period
    yield from _moved(f"{clause}, dates in each", was.most_per_period, now.most_per_period, narrower=fewer)
    yield from _moved(f"{clause}, days apart", was.gap_days, now.gap_days, narrower=now.gap_days > was.gap_days)
    yield from _sets(f"{clause}, beyond the profile", map(str, was.relaxed), map(str, now.relaxed))
    yield from _sets(f"{clause}, means of", map(_shown, was.measures), map(_shown, now.measures))


def _records(before: Agreement, after: Agreement) -> Iterator[Change]:
    yield from _sets("records", _columns(before.tables), _columns(after.tables))
    yield from _sets("code lists", before.codelists, after.codelists)
    for name in sorted(set(before.codelists) & set(after.codelists)):
        if before.codelists[name] != after.codelists[name]:
            yield Change("code lists", Direction.WIDER, f"{name} has other codes")


def _columns(tables: Mapping[str, tuple[str, ...]]) -> list[str]:
    return [f"{table}.{column}" for table, columns in tables.items() for column in columns or ("*",)]


def _protection(before: Agreement, after: Agreement) -> Iterator[Change]:
    yield from _moved("profile", before.profile, after.profile, narrower=_is_narrower_profile(before, after))
    national = after.opt_out_policy is OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED
    yield from _moved("opt-outs", before.opt_out_policy, after.opt_out_policy, narrower=national)
    yield from _moved("view", before.view, after.view, narrower=after.view is View.UNNAMED)


def _is_narrower_profile(before: Agreement, after: Agreement) -> bool:
    try:
        later = profile(after.profile)
        return replace(narrowest(profile(before.profile), later), id=later.id) == later
    except NotPermittedError:
        return False


def _term(before: Agreement, after: Agreement) -> Iterator[Change]:
    yield from _moved("first day", before.start, after.start, narrower=after.start > before.start)
    yield from _moved("last day", before.end, after.end, narrower=after.end < before.end)


_NOT_COMPARED = {"supersedes", "offer_until"}  # of the version itself, not of what it allows
_FEWER = {"recipients", "onward"}
_MORE = {"excluded"}


def _undertaken(before: Agreement, after: Agreement) -> Iterator[Change]:
    was, now = before.undertakings, after.undertakings
    if was is None or now is None:
        yield from _moved("undertakings", was is not None, now is not None, narrower=False)
        return
    for field in fields(Undertakings):
        one, other = getattr(was, field.name), getattr(now, field.name)
        if field.name in _NOT_COMPARED:
            continue
        if field.name in _FEWER | _MORE:
            more_is_wider = field.name in _FEWER
            yield from _sets(field.name, map(_shown, one), map(_shown, other), more_is_wider=more_is_wider)
        elif field.name == "retention":
            less = (other.results_days, other.derived_days) <= (one.results_days, one.derived_days)
            shorter = less and other.derived_days <= one.derived_days and other.audit_years == one.audit_years
            yield from _moved("retention", one, other, narrower=shorter)
        else:
            narrower = field.name == "publication" and not other
            yield from _moved(field.name.replace("_", " "), one, other, narrower=narrower)


_CLAUSES: tuple[Callable[[Agreement, Agreement], Iterator[Change]], ...] = (
    *(_heading, _purposes, _searches, _records, _protection, _term, _undertaken),
)
