"""Strategy of whole SELECTs: FROM and JOIN, CTEs and subqueries, UNION ALL, ROW_NUMBER, groups, EXISTS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from tests.generative.language.drawing import CANONICAL, NUMBERS, Col, Hand, Here, Kind, Operand, Rel
from tests.generative.language.expressions import aggregate, condition, day, number, pointed, text

# Some are words of one engine or another, and none is refused.
ALIASES = ("e", "x", "a", "r", "p", "t", "user", "rows", "key", "o", "index", "groups")
CTES = ("latest", "first_ones", "rank", "order", "plan", "percent", "group", "view")
NAMES = ("n", "value", "event_date", "last_on", "user", "order", "key", "row", "date", "text", "rank", "age", "status")
JOINS = ("JOIN", "INNER JOIN", "LEFT JOIN", "LEFT JOIN", "LEFT OUTER JOIN")
_DEEP_EXISTS = 2
_CANONICAL = (
    *["event"] * 4,
    "medication",
    "immunisation",
    "appointment",
    "appointment",
    "consultation",
    "referral",
    "patient",
)


@dataclass
class Draft:
    """One SELECT while it is written."""

    here: Here
    sources: str = ""
    where: list[str] = field(default_factory=list)
    fixed: set[str] = field(default_factory=set)

    @property
    def first(self) -> str:
        """The alias of FROM."""
        return next(iter(self.here.relations))

    @property
    def several(self) -> list[str]:
        """The aliases with several rows per patient."""
        return [alias for alias in self.here.relations if alias not in self.fixed]

    def filtered(self) -> str:
        """FROM, JOIN and WHERE."""
        conditions = self.where if len(self.where) == 1 else [f"({each})" for each in self.where]
        return f"FROM {self.sources}" + (f" WHERE {' AND '.join(conditions)}" if conditions else "")


@dataclass(frozen=True)
class Known:
    """Which tables can be named so far, and how deep subqueries may still go."""

    hand: Hand
    ctes: Mapping[str, Rel]
    deep: int = 1

    def table(self) -> Rel:
        """A canonical table or a CTE."""
        if not self.ctes or not self.hand.chance(40):
            return CANONICAL[self.hand.pick(_CANONICAL)]
        name = self.hand.pick(list(self.ctes))
        self.hand.tables.add(name)
        return self.ctes[name]

    def source(self) -> Rel:
        """What stands in FROM or JOIN: a table, or a subquery."""
        if not self.deep or not self.hand.chance(20):
            return self.table()
        written, rel = query(replace(self, deep=self.deep - 1))
        return replace(rel, text=f"({written})")


def alias_for(hand: Hand, here: Here) -> str:
    """A name that nothing in sight has."""
    return hand.pick([alias for alias in ALIASES if alias not in here.aliases()])


def begin(known: Known, rel: Rel, *, around: Here | None = None, in_table: bool = True) -> Draft:
    """FROM."""
    hand = known.hand
    alias = alias_for(hand, around or Here(hand))
    bare = around is None and rel.text.isidentifier() and hand.chance(5)
    name = rel.text if bare else alias
    draft = Draft(Here(hand, {name: rel}, around, in_table=in_table))
    draft.sources = rel.text if bare else f"{rel.text} {hand.pick(('AS ', ''))}{alias}"
    if rel.one_row:
        draft.fixed.add(name)
    return draft


def join(draft: Draft, rel: Rel, how: str = "", *, one_row: bool = False) -> str:
    """One more JOIN, on patient_id and sometimes more; its alias."""
    here, hand = draft.here, draft.here.hand
    alias = alias_for(hand, here)
    before = hand.pick(list(here.relations))
    link = hand.pick((f"{alias}.patient_id = {before}.patient_id", f"{before}.patient_id = {alias}.patient_id"))
    here.relations[alias] = rel
    conditions = [link]
    if rel.place and (one_row or hand.chance(30)):
        conditions.append(f"{alias}.{rel.place} = 1")
        draft.fixed.add(alias)
    days = [name for name, col in rel.columns.items() if col.kind is Kind.DATE and not col.fine]
    same = [name for name in days if here.relations[before].columns.get(name) == rel.columns[name]]
    if same and here.in_table and hand.chance(25):
        conditions.append(f"{alias}.{same[0]} = {before}.{same[0]}")  # two entries of one day
    if hand.chance(30):
        conditions.append(condition(replace(here, exists=None, prefixed=True), 1))
    if rel.one_row:
        draft.fixed.add(alias)
    on = " AND ".join(f"({each})" if " OR " in each else each for each in conditions)
    draft.sources += f" {how or hand.pick(JOINS)} {rel.text} AS {alias} ON {on}"
    return alias


def narrow(draft: Draft, known: Known, percent: int = 70) -> None:
    """WHERE."""
    here, hand = draft.here, draft.here.hand
    for alias, rel in here.relations.items():
        if rel.place and alias not in draft.fixed and hand.chance(40):
            draft.where.append(hand.pick((f"{alias}.{rel.place} = 1", f"1 = {alias}.{rel.place}")))
            draft.fixed.add(alias)
    if hand.chance(percent):
        draft.where.append(condition(with_exists(here, known)))


def with_exists(here: Here, known: Known, deep: int = _DEEP_EXISTS) -> Here:
    """The same place, where EXISTS may stand."""
    return replace(here, exists=partial(_exists, known=known, deep=deep - 1))


def _exists(here: Here, known: Known, deep: int) -> str:
    draft = begin(known, known.table(), around=here, in_table=here.in_table)
    if here.hand.chance(20):
        join(draft, known.table())
    inner, outer = draft.first, here.hand.pick(here.aliases())
    draft.where.append(f"{outer}.patient_id = {inner}.patient_id")
    if here.hand.chance(80):
        inside = with_exists(draft.here, known, deep) if deep > 0 and here.hand.chance(30) else draft.here
        draft.where.append(condition(inside))
    return f"{here.hand.pick(('', '', 'NOT '))}EXISTS (SELECT 1 {draft.filtered()})"


# --- CTEs and subqueries ---


def query(known: Known) -> tuple[str, Rel]:
    """What stands in a CTE or subquery, and what it gives; the text of the relation is left to who names it."""
    if known.hand.chance(20):
        return _union(known)
    draft = begin(known, known.source())
    for _ in range(known.hand.pick((0, 0, 1, 1, 2))):
        join(draft, known.source())
    narrow(draft, known)
    return _grouped(draft) if known.hand.chance(45) else _listed(draft, known)


def short_query(known: Known) -> tuple[str, Rel]:
    """A query with little in it, so that a row or a date more or less is seen in what it gives."""
    hand = known.hand
    rel = CANONICAL[hand.pick([name for name in _CANONICAL if name != "patient"])]
    if hand.chance(35):
        written, rel = _union(known)
        rel = replace(rel, text=f"({written})")
    draft = begin(known, rel)
    if hand.chance(50):
        draft.where.append(pointed(draft.here) if hand.chance(75) else condition(draft.here, 0))
    if rel.ids is None or hand.chance(60):
        return _counted(draft)
    return _latest(draft)


def _counted(draft: Draft) -> tuple[str, Rel]:
    """Nothing but a COUNT, a MIN or a MAX."""
    here = replace(draft.here, grouped=True, exists=None)
    outputs = {draft.here.hand.pick(NAMES): aggregate(here, Kind.INTEGER, Kind.DATE)}
    key = f"{draft.first}.patient_id"
    sql = f"SELECT {_select_list(key, outputs)} {draft.filtered()} GROUP BY {key}"
    return sql, Rel("", _columns(outputs), one_row=True, ids=frozenset())


def _latest(draft: Draft) -> tuple[str, Rel]:
    """A column of the first row in some order."""
    hand, ids = draft.here.hand, _ids(draft) or []
    shown = draft.here.columns(Kind.DATE, *NUMBERS, Kind.TEXT)
    outputs = {name: hand.pick(shown) for name in hand.pick((("n",), ("n", "value"), ("n", "event_date", "value")))}
    keys = [*hand.some(draft.here.columns(Kind.DATE), 1), *ids]
    order = ", ".join(f"{key.text}{hand.pick((' DESC', '', ' ASC'))}" for key in keys)
    if ids:
        row = f"ROW_NUMBER() OVER (PARTITION BY {draft.first}.patient_id ORDER BY {order})"
        outputs["place"] = Operand(row, Col(Kind.PLACE))
    sql = f"SELECT {_select_list(f'{draft.first}.patient_id', outputs)} {draft.filtered()}"
    return sql, Rel("", _columns(outputs), one_row=not ids, ids=frozenset())


def _grouped(draft: Draft) -> tuple[str, Rel]:
    here = replace(draft.here, grouped=True, exists=None)
    outputs: dict[str, Operand] = {}
    for name in here.hand.some(NAMES, 3) or ["n"]:
        outputs[name] = _value(here)
    having = f" HAVING {condition(replace(here, prefixed=True), 1)}" if here.hand.chance(35) else ""
    key = f"{draft.first}.patient_id"
    sql = f"SELECT {_select_list(key, outputs)} {draft.filtered()} GROUP BY {key}{having}"
    return sql, Rel("", _columns(outputs), one_row=True, ids=frozenset())


def _listed(draft: Draft, known: Known) -> tuple[str, Rel]:
    here, hand = with_exists(draft.here, known, 1), draft.here.hand
    outputs: dict[str, Operand] = {}
    ids = _ids(draft)
    if ids is not None and hand.chance(75):
        outputs.update({f"id_{place}": found for place, found in enumerate(ids)})
    for name in hand.some(NAMES, 3):
        plain = here.column(Kind.DATE, *NUMBERS) if hand.chance(40) else None
        outputs[name] = plain or _value(here)
    if ids is not None and hand.chance(50):
        outputs.update(_numbered(draft, ids, list(outputs.values())))
    columns = {"patient_id": Col(Kind.PATIENT)} | {name: _passed_on(draft, found) for name, found in outputs.items()}
    names = {found.text: name for name, found in outputs.items()}
    selected = ids is not None and all(found.text in names for found in ids)
    own = frozenset(names[found.text] for found in ids or ()) if selected else None
    sql = f"SELECT {_select_list(f'{draft.first}.patient_id', outputs)} {draft.filtered()}"
    one_row = not draft.several
    return sql, Rel("", columns, one_row, frozenset() if one_row else own)


def _passed_on(draft: Draft, found: Operand) -> Col:
    # A row number stays one only while no join repeats its rows.
    repeated = found.alias and set(draft.several) - {found.alias}
    return Col(Kind.INTEGER) if found.col.kind is Kind.PLACE and repeated else _own(found)


def _ids(draft: Draft) -> list[Operand] | None:
    """The columns that tell rows of one patient apart, or None if nothing does."""
    rels = draft.here.relations
    if any(rels[alias].ids is None for alias in draft.several):
        return None
    return [
        Operand(f"{alias}.{name}", rels[alias].columns[name], alias=alias)
        for alias in draft.several
        for name in sorted(rels[alias].ids or ())
    ]


def _numbered(draft: Draft, ids: list[Operand], given: list[Operand]) -> dict[str, Operand]:
    hand = draft.here.hand
    orderable = draft.here.columns(Kind.DATE, *NUMBERS, Kind.ROW, Kind.PLACE)
    # Most often by what is given as well, as the date of the latest entry is.
    shown = {found.text for found in given}
    kept = [found for found in orderable if found.text in shown and found.col.kind is not Kind.ROW]
    before = hand.some(kept if kept and hand.chance(75) else orderable, 2)
    keys = [found for found in before if found.text not in {key.text for key in ids}] + ids
    if not keys:
        return {}
    order = ", ".join(f"{key.text}{hand.pick((' DESC', '', ' ASC'))}" for key in keys)
    partition = f"PARTITION BY {draft.first}.patient_id"
    return {"place": Operand(f"ROW_NUMBER() OVER ({partition} ORDER BY {order})", Col(Kind.PLACE))}


def _value(here: Here) -> Operand:
    """A column of a CTE."""
    maker = here.hand.pick(("day", "day", "number", "number", "text", "plain"))
    if maker == "plain" and not here.grouped:
        return here.column(Kind.DATE, *NUMBERS, Kind.TEXT, Kind.PLACE) or number(here)
    if maker == "plain":
        return aggregate(here, *NUMBERS, Kind.DATE)
    return {"day": day, "number": number, "text": text}[maker](here)


def _columns(outputs: Mapping[str, Operand]) -> dict[str, Col]:
    own = {name: _own(found) for name, found in outputs.items()}
    return {"patient_id": Col(Kind.PATIENT), **own}


def _own(found: Operand) -> Col:
    # A closed domain of numbers, and where a value comes from, only stay with a plain column.
    if found.alias:
        return found.col
    values = found.col.values if found.col.kind is Kind.TEXT else ()
    return Col(found.col.kind, values, None, found.col.fine, found.col.counted)


def _select_list(key: str, outputs: Mapping[str, Operand]) -> str:
    return ", ".join([key, *(f"{found.text} AS {name}" for name, found in outputs.items())])


def _union(known: Known) -> tuple[str, Rel]:
    """The same columns of two or three tables."""
    kinds = known.hand.some((Kind.DATE, Kind.INTEGER, Kind.TEXT, Kind.DECIMAL), 2)
    names = NAMES[: len(kinds)]
    sides, columns = [], []
    for _ in range(known.hand.pick((2, 2, 3))):
        draft = begin(known, known.table())
        narrow(draft, known)
        outputs = {name: _of_kind(draft.here, kind) for name, kind in zip(names, kinds, strict=True)}
        sides.append(f"SELECT {_select_list(f'{draft.first}.patient_id', outputs)} {draft.filtered()}")
        columns.append(_columns(outputs))
    wrapped = known.hand.chance(20)
    sql = " UNION ALL ".join(f"({side})" if wrapped else side for side in sides)
    joined = {name: _both([each[name] for each in columns]) for name in columns[0]}
    return sql, Rel("", joined, one_row=False, ids=None)


def _both(cols: list[Col]) -> Col:
    values = tuple(dict.fromkeys(value for col in cols for value in col.values))
    return Col(cols[0].kind, values if all(col.values for col in cols) else (), None, any(col.fine for col in cols))


def _of_kind(here: Here, kind: Kind) -> Operand:
    if kind is Kind.TEXT:
        return text(here)
    if kind is Kind.DATE:
        return day(here, 0)
    written = "1.5" if kind is Kind.DECIMAL else "1"
    found = here.column(kind)
    if found is not None:
        return found
    return Operand(f"CASE WHEN {condition(here, 0)} THEN {written} END", Col(kind))
