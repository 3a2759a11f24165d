"""Strategy of whole searches: CTEs, the outer SELECT, its outcome and dimensions, and what its document declares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from hypothesis import strategies as st

from searches.canon import BUILT_IN_DIMENSIONS
from searches.search import Code, Codelist, Dimension, Good, Schedule, Search, Unit
from tests.generative.language import hostile
from tests.generative.language.drawing import CANONICAL, NUMBERS, Hand, Here, Kind, Rel
from tests.generative.language.expressions import condition, pointed
from tests.generative.language.selects import (
    CTES,
    Draft,
    Known,
    alias_for,
    begin,
    join,
    query,
    short_query,
    with_exists,
)

COUNT, PROPORTION = "count", "proportion"
_COMPUTED = Dimension("computed", ("low", "high", "not known"))
_MOST_CTES = 3


@dataclass(frozen=True)
class Generated:
    """A search, and what its document would declare besides."""

    search: Search
    kind: str


@st.composite
def searches(draw: st.DrawFn) -> Generated:
    """Any search of the language."""
    return search_of(Hand.of_hypothesis(draw))


def many_searches(count: int, seed: int) -> tuple[Generated, ...]:
    """That many searches, the same for the same seed."""
    return tuple(search_of(Hand.of_seed(f"search {seed} {place}")) for place in range(count))


def search_of(hand: Hand) -> Generated:
    """One search: any, or one that hides little of what its CTE gives."""
    if hand.chance(60):
        return _sharp(hand)
    known, texts = _with(hand)
    unit = Unit.APPOINTMENT if hand.chance(20) else Unit.PERSON
    kind = COUNT if hand.chance(15) else PROPORTION
    draft = _outer(known, unit)
    _use_all(draft, known)
    where = with_exists(draft.here, known)
    if hand.chance(50):
        draft.where.append(condition(where))
    outcome = _outcome(where, kind)
    dimensions, columns = _dimensions(where, draft)
    listed = [f"{draft.first}.patient_id", f"{outcome} AS outcome", *columns]
    if unit is Unit.APPOINTMENT:
        listed.append(f"{draft.first}.appointment_id")
    with_ = f"WITH {', '.join(f'{name} AS ({text})' for name, text in texts.items())} " if texts else ""
    sql = f"{with_}SELECT {', '.join(listed)} {draft.filtered()}"
    return Generated(_search(hand, sql, unit, dimensions), kind)


def _sharp(hand: Hand) -> Generated:
    """One CTE, joined to the patients, and an outcome that asks one thing of it: few mistakes in it stay unseen."""
    written, rel = short_query(Known(hand, {}))
    name = hand.pick(CTES)
    known = Known(hand, {name: replace(rel, text=name)})
    draft = begin(known, CANONICAL["patient"], in_table=False)
    patients = draft.first
    if rel.one_row or rel.place:
        alias = join(draft, known.ctes[name], "LEFT JOIN", one_row=True)
        here = Here(hand, {alias: _telling(rel)}, prefixed=True)
        asked = pointed(here)
    else:
        inner = alias_for(hand, draft.here)
        here = Here(hand, {inner: _telling(rel)}, prefixed=True)
        tied = f"{inner}.patient_id = {patients}.patient_id AND ({pointed(here)})"
        asked = f"EXISTS (SELECT 1 FROM {name} AS {inner} WHERE {tied})"
    outcome = f"CASE WHEN {asked} THEN 'met' ELSE 'not met' END"
    sql = f"WITH {name} AS ({written}) SELECT {patients}.patient_id, {outcome} AS outcome {draft.filtered()}"
    return Generated(_search(hand, sql, Unit.PERSON, ()), PROPORTION)


def _telling(rel: Rel) -> Rel:
    """A relation with its ids out of sight, if it has anything else: that an id is NULL tells little."""
    telling = {name: col for name, col in rel.columns.items() if col.kind in {Kind.DATE, Kind.TEXT, *NUMBERS}}
    return replace(rel, columns=telling or rel.columns)


def _with(hand: Hand) -> tuple[Known, dict[str, str]]:
    known, texts = Known(hand, {}), dict[str, str]()
    for name in hand.some(CTES, _MOST_CTES):
        texts[name], rel = query(known)
        known = replace(known, ctes={**known.ctes, name: replace(rel, text=name)})
    return known, texts


def _outer(known: Known, unit: Unit) -> Draft:
    hand = known.hand
    if unit is Unit.APPOINTMENT:
        draft = begin(known, CANONICAL["appointment"], in_table=False)
        if hand.chance(50):
            join(draft, CANONICAL["patient"])
        return draft
    one_row = [rel for rel in known.ctes.values() if rel.one_row or rel.place]
    source = hand.pick(one_row) if one_row and hand.chance(20) else CANONICAL["patient"]
    hand.tables.add(source.text)
    draft = begin(known, source, in_table=False)
    if not source.one_row:
        draft.where.append(f"{draft.first}.{source.place} = 1")
        draft.fixed.add(draft.first)
    if hand.chance(10):
        join(draft, CANONICAL["patient"])
    return draft


def _use_all(draft: Draft, known: Known) -> None:
    """Join every CTE that can be joined, or ask of it if nothing else does: one that is never named is refused."""
    hand, asked = known.hand, []
    for name, rel in known.ctes.items():
        if name in hand.tables and not hand.chance(30):
            continue
        if rel.one_row or rel.place:
            join(draft, rel, one_row=True)
        else:
            asked.append(name)
    for name in asked:
        alias = alias_for(hand, draft.here)
        tied = f"{alias}.patient_id = {draft.first}.patient_id"
        draft.where.append(f"{hand.pick(('', 'NOT '))}EXISTS (SELECT 1 FROM {name} AS {alias} WHERE {tied})")


def _outcome(here: Here, kind: str) -> str:
    """A CASE that can give what the document says; sometimes inside a COALESCE."""
    if kind == COUNT:
        return "'met'" if here.hand.chance(30) else f"CASE WHEN {condition(here)} THEN 'met' END"
    branches = [("'met'", condition(here))]
    for result in here.hand.some(("'excepted'", "NULL", "'not met'"), 2):
        branches.insert(here.hand.upto(len(branches)), (result, condition(here)))
    whens = " ".join(f"WHEN {asked} THEN {result}" for result, asked in branches)
    if here.hand.chance(15):
        return f"COALESCE(CASE {whens} END, 'not met')"
    return f"CASE {whens} ELSE 'not met' END"


def _dimensions(here: Here, draft: Draft) -> tuple[tuple[Dimension, ...], list[str]]:
    """Some of the built-in dimensions, if `patient` is in sight, and perhaps a computed one; and their columns."""
    hand = here.hand
    patients = [alias for alias, rel in draft.here.relations.items() if rel == CANONICAL["patient"]]
    dimensions, columns = list[Dimension](), list[str]()
    for name in hand.some(list(BUILT_IN_DIMENSIONS), 1) if patients else ():
        dimensions.append(Dimension(name, BUILT_IN_DIMENSIONS[name]))
        columns.append(f"{hand.pick(patients)}.{name}")
    if hand.chance(25):
        dimensions.append(_COMPUTED)
        low, high, unknown = (f"'{value}'" for value in _COMPUTED.values)
        case = f"CASE WHEN {condition(here, 1)} THEN {low} WHEN {condition(here, 1)} THEN {high}"
        columns.append(
            hand.pick((f"{case} ELSE {unknown} END AS computed", f"COALESCE({case} END, {unknown}) AS computed"))
        )
    return tuple(dimensions), columns


def _search(hand: Hand, sql: str, unit: Unit, dimensions: tuple[Dimension, ...]) -> Search:
    return Search(
        id="generated",
        title="a generated search",
        why_it_matters="",
        unit=unit,
        kind=PROPORTION,
        dimensions=dimensions,
        codelists={name: _codelist(name) for name in sorted(hand.codelists)},
        good=Good.HIGHER,
        target=None,
        schedule=hand.pick(list(Schedule)),
        owner="a tester",
        authored_by="a tester",
        next_review=date(2027, 1, 1),
        sql=sql,
        digest="0" * 64,
    )


def _codelist(name: str) -> Codelist:
    codes = sorted(hostile.CODELISTS[name])
    return Codelist(name, tuple(Code(system, code, "") for code in codes for system in ("snomed", "dmd")), name)
