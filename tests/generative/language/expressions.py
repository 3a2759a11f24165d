"""Strategy of values and conditions: everything the language lets an expression be."""

from __future__ import annotations

from decimal import Decimal

from tests.generative.language import hostile
from tests.generative.language.drawing import NUMBERS, Col, Here, Kind, Operand

BOUND = ("reference_date", "period_start", "season_start")
ORDERS = ("<", "<=", ">", ">=")
EQUALITIES = ("=", "<>", "!=")
TEXTS = ("yes", "no", "YES", "it's", "a\\b", "50%", "_")
_COUNTED = (Kind.DATE, Kind.INTEGER, Kind.DECIMAL, Kind.TEXT, Kind.PATIENT, Kind.ROW)
_NUMBERS = ("58", "1", "2", "0", "57.999", "58.0", "65", "12", "0.001", "140", "007", "9", "1000000000000")
_COUNTS = ("1", "2", "2", "3")
_OTHER_SIDE = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "<>": "<>", "!=": "!="}


# --- values ---


def number(here: Here, depth: int = 1) -> Operand:
    """A number that a column is behind, if there is one in sight."""
    if depth and here.hand.chance(20):
        return _computed_number(here, depth - 1)
    found = _plain(here, *NUMBERS, Kind.PLACE)
    if found is None:
        return _computed_number(here, -1)
    return _coalesced(here, found, "0") if found.col.kind is Kind.PLACE else found


def _computed_number(here: Here, depth: int) -> Operand:
    if depth < 0 or here.hand.chance(50):
        then, otherwise = here.hand.pick(_NUMBERS), here.hand.pick(("NULL", *_NUMBERS))
        kind = Kind.DECIMAL if "." in then + otherwise else Kind.INTEGER
        return Operand(f"CASE WHEN {leaf(here)} THEN {then} ELSE {otherwise} END", Col(kind))
    return _coalesced(here, number(here, 0), here.hand.pick(_NUMBERS))


def _coalesced(here: Here, found: Operand, written: str) -> Operand:
    kind = Kind.DECIMAL if found.col.kind is Kind.DECIMAL or "." in written else Kind.INTEGER
    return Operand(f"COALESCE({found.text}, {written})", Col(kind, fine=found.col.fine))


def bound_date(here: Here) -> Operand:
    """A bound date, with intervals or without."""
    text = f":{here.hand.pick((*BOUND, BOUND[0], BOUND[0]))}"
    moves = here.hand.pick((1, 0, 1, 2))
    for move in range(moves):
        step = interval(here, ("MONTH", "DAY", "MONTH", "YEAR"))
        text = f"({text}) {step}" if move and here.hand.chance(20) else f"{text} {step}"
    return Operand(text, Col(Kind.DATE), written=moves == 0)


def interval(here: Here, units: tuple[str, ...]) -> str:
    """Plus or minus an INTERVAL."""
    unit = here.hand.pick(units)
    amount = here.hand.pick({"DAY": hostile.DAYS, "MONTH": (1, 1, *hostile.MONTHS), "YEAR": (1, 5, 17)}[unit])
    length = f"'{amount}'" if here.hand.chance(80) else str(amount)
    return f"{here.hand.pick('--+')} INTERVAL {length} {unit}"


def day(here: Here, depth: int = 1) -> Operand:
    """A date that a column is behind, if there is one in sight."""
    found = _plain(here, Kind.DATE)
    if found is None:
        return bound_date(here)
    if depth and here.hand.chance(15):
        return _computed_day(here, found)
    if found.alias and here.hand.chance(40):
        return Operand(f"{found.text} {interval(here, ('MONTH', 'MONTH', 'DAY'))}", Col(Kind.DATE))
    return found


def _computed_day(here: Here, found: Operand) -> Operand:
    other = day(here, 0) if here.hand.chance(50) else bound_date(here)
    col = Col(Kind.DATE, fine=found.col.fine or other.col.fine)
    if here.hand.chance(50):
        return Operand(f"COALESCE({found.text}, {other.text})", col)
    return Operand(f"CASE WHEN {leaf(here)} THEN {found.text} ELSE {other.text} END", col)


def text(here: Here) -> Operand:
    """A text of a closed domain: a column, or one that is made here."""
    # The more values a domain has, the more often it is asked about.
    columns = [found for found in here.columns(Kind.TEXT) for _ in range(1 + len(found.col.values) ** 2 // 8)]
    if columns and not here.grouped and here.hand.chance(85):
        found = here.named(here.hand.pick(columns))
        if here.hand.chance(15):
            other = here.hand.pick((*TEXTS, *found.col.values))
            return Operand(f"COALESCE({found.text}, {quoted(other)})", Col(Kind.TEXT, (*found.col.values, other)))
        return found
    values = (here.hand.pick(TEXTS), here.hand.pick(TEXTS))
    branches = f"CASE WHEN {leaf(here)} THEN {quoted(values[0])} ELSE {quoted(values[1])} END"
    return Operand(branches, Col(Kind.TEXT, values))


def quoted(value: str) -> str:
    """A text as it is written."""
    return "'" + value.replace("'", "''") + "'"


def aggregate(here: Here, *kinds: Kind) -> Operand:
    """COUNT, MIN or MAX."""
    inside = here.ungrouped()
    found = inside.column(*{Kind.INTEGER, Kind.DECIMAL, Kind.DATE}.intersection(kinds))
    if found is None or (Kind.INTEGER in kinds and here.hand.chance(40)):
        return Operand(_count(inside), Col(Kind.INTEGER, counted=True))
    argument = _argument(inside, found)
    return Operand(f"{here.hand.pick(('MIN', 'MAX'))}({argument.text})", Col(found.col.kind, fine=found.col.fine))


def _count(inside: Here) -> str:
    day_, any_ = inside.column(Kind.DATE), inside.column(*_COUNTED)
    if day_ is not None and inside.hand.chance(40):
        return f"COUNT(DISTINCT {_argument(inside, day_).text})"
    if any_ is None or inside.hand.chance(50):
        return "COUNT(*)"
    return f"COUNT({_argument(inside, any_).text})"


def _argument(inside: Here, found: Operand) -> Operand:
    """A column, or CASE with that column in a branch."""
    if found.col.kind in {Kind.PATIENT, Kind.ROW} or inside.hand.chance(60):
        return found
    return Operand(f"CASE WHEN {leaf(inside)} THEN {found.text} END", found.col)


def _plain(here: Here, *kinds: Kind) -> Operand | None:
    if not here.grouped:
        return here.column(*kinds)
    if Kind.DATE in kinds and not here.ungrouped().columns(Kind.DATE):
        return None
    return aggregate(here, *kinds)


# --- conditions ---


def condition(here: Here, depth: int = 2) -> str:
    """Any condition."""
    if depth and here.hand.chance(45):
        return _joined(here, depth)
    makers = [_number_compared, _day_compared, _text_compared, _null]
    if not here.grouped:
        makers += [_coded, _coded, _text_compared, _ids_compared, _places_compared]
    if here.exists is not None:
        makers += [here.exists]
    for maker in (here.hand.pick(makers), _null):
        found = maker(here)
        if found:
            return found
    raise LookupError("a SELECT has at least a patient_id to ask about")


def leaf(here: Here) -> str:
    """A condition on one plain column (or aggregate), to stand inside a value."""
    makers = [_number_leaf, _day_leaf] if here.grouped else [_coded, _null, _number_leaf, _day_leaf]
    return here.hand.pick(makers)(here) or _null(here)


def pointed(here: Here) -> str:
    """A comparison of one column in sight, and nothing else."""
    found = here.column(Kind.DATE, *NUMBERS, Kind.TEXT)
    if found is None or here.hand.chance(15):
        return condition(here, 1)
    if found.col.kind is Kind.DATE:
        return _pointed_day(here, found)
    if found.col.kind is Kind.TEXT and found.col.values:
        listed = [quoted(here.hand.pick(found.col.values)) for _ in range(1 + here.hand.upto(3))]
        return f"{found.text} IN ({', '.join(listed)})"
    if found.col.kind is Kind.TEXT:
        return f"{found.text} IS NOT NULL"
    low, high = _written(here, found), _written(here, found)
    if Decimal(low) < Decimal(high) and here.hand.chance(50):
        return f"{found.text} BETWEEN {low} AND {high}"
    return f"{found.text} {here.hand.pick(ORDERS)} {low}"


def _pointed_day(here: Here, found: Operand) -> str:
    others = [
        other for other in here.columns(Kind.DATE) if other.text.rpartition(".")[2] != found.text.rpartition(".")[2]
    ]
    # A month from the end of one: engines differ there, and populations have such days.
    by = interval(here, ("MONTH", "DAY")) if here.hand.chance(50) else f"{here.hand.pick('-+')} INTERVAL '1' MONTH"
    moved = f"{found.text} {by}"
    if others and here.hand.chance(80):
        return f"{moved} {here.hand.pick(ORDERS)} {here.hand.pick(others).text}"
    return f"{here.hand.pick((found.text, moved))} {here.hand.pick(ORDERS)} {bound_date(here).text}"


def _number_leaf(here: Here) -> str:
    found = _plain(here, *NUMBERS)
    return f"{found.text} {here.hand.pick(ORDERS)} {_written(here, found)}" if found is not None else ""


def _day_leaf(here: Here) -> str:
    found = _plain(here, Kind.DATE)
    return f"{found.text} {here.hand.pick(ORDERS)} {bound_date(here).text}" if found is not None else ""


def _joined(here: Here, depth: int) -> str:
    one = condition(here, depth - 1)
    how = here.hand.pick(("AND", "OR", "NOT", "()"))
    if how == "NOT":
        return f"NOT ({one})" if here.hand.chance(70) else f"NOT {_simple(one)}"
    if how == "()":
        return f"({one})"
    other = condition(here, depth - 1)
    if here.hand.chance(60):
        return f"({one}) {how} ({other})"
    return f"{one} {how} {other}"


def _simple(one: str) -> str:
    return one if one.startswith("EXISTS") else f"({one})"


def _number_compared(here: Here) -> str:
    left = number(here)
    if here.hand.chance(15):
        low, high = _written(here, left), _written(here, left)
        if Decimal(low) != Decimal(high):  # equal bounds are a disguised equality, which is refused
            return f"{left.text} {here.hand.pick(('', 'NOT '))}BETWEEN {low} AND {high}"
    if not left.col.fine and here.hand.chance(60 if left.col.values else 15):
        listed = [_written(here, left).lstrip("-") for _ in range(1 + here.hand.upto(3))]
        return f"{left.text} {here.hand.pick(('', 'NOT '))}IN ({', '.join(listed)})"
    right = number(here) if here.hand.chance(30) else Operand(_written(here, left), Col(Kind.INTEGER), written=True)
    fine = left.col.fine or right.col.fine
    return _compared(here, left, here.hand.pick(ORDERS if fine else (*ORDERS, *EQUALITIES)), right)


def _written(here: Here, beside: Operand) -> str:
    if beside.col.values:
        return here.hand.pick(beside.col.values)
    if beside.col.counted and here.hand.chance(90):
        return here.hand.pick(_COUNTS)  # what a COUNT can be, so that one more or less shows
    return f"{'-' if here.hand.chance(10) else ''}{here.hand.pick(_NUMBERS)}"


def _compared(here: Here, left: Operand, sign: str, right: Operand) -> str:
    if here.hand.chance(15):
        return f"{right.text} {_OTHER_SIDE[sign]} {left.text}"
    return f"{left.text} {sign} {right.text}"


def _day_compared(here: Here) -> str:
    left = day(here)
    if " INTERVAL " in left.text and not left.text.startswith(":") and here.hand.chance(60):
        moved = left.text.split()[0].rpartition(".")[2]
        others = [found for found in here.columns(Kind.DATE) if not found.text.endswith(f".{moved}")]
        if others and not here.grouped:
            return _compared(here, left, here.hand.pick(ORDERS), here.hand.pick(others))
    if here.hand.chance(15):
        low, high = bound_date(here), bound_date(here)
        if low.text.split()[0] != high.text.split()[0] and not left.written:  # else the two could be one day
            return f"{left.text} {here.hand.pick(('', 'NOT '))}BETWEEN {low.text} AND {high.text}"
    right = day(here) if here.hand.chance(60) else bound_date(here)
    if left.written and right.written:
        right = Operand(f"{right.text} {interval(here, ('DAY', 'MONTH'))}", Col(Kind.DATE))
    plain = left.alias and right.alias and left.alias != right.alias
    prefixed = "." in left.text and "." in right.text
    equal = here.in_table and plain and prefixed and not (left.col.fine or right.col.fine)
    sign = "=" if equal and here.hand.chance(60) else here.hand.pick(ORDERS)
    return _compared(here, left, sign, right)


def _text_compared(here: Here) -> str:
    found = text(here)
    if here.hand.chance(40):
        listed = [quoted(here.hand.pick(found.col.values)) for _ in range(1 + here.hand.upto(5))]
        return f"{found.text} {here.hand.pick(('', 'NOT '))}IN ({', '.join(listed)})"
    value = Operand(quoted(here.hand.pick(found.col.values)), found.col, written=True)
    return _compared(here, found, here.hand.pick(EQUALITIES), value)


def _null(here: Here) -> str:
    found = aggregate(here, *NUMBERS, Kind.DATE) if here.grouped else here.column(*_COUNTED, Kind.PLACE)
    return f"{found.text} {here.hand.pick(('IS NULL', 'IS NOT NULL'))}" if found is not None else ""


def _coded(here: Here) -> str:
    found = here.column(Kind.CODE)
    if found is None:
        return ""
    codelist = here.hand.pick(sorted(hostile.CODELISTS))
    here.hand.codelists.add(codelist)
    return f"{found.text} {here.hand.pick(('', '', '', 'NOT '))}IN codelist.{codelist}"


def _ids_compared(here: Here) -> str:
    ids = [found for found in here.columns(Kind.ROW) if found.col.origin]
    pairs = [(a, b) for a in ids for b in ids if a.alias < b.alias and a.col.origin == b.col.origin]
    if not pairs:
        return ""
    one, other = here.hand.pick(pairs)
    return f"{one.text} {here.hand.pick(('<>', '=', '!='))} {other.text}"


def _places_compared(here: Here) -> str:
    found = here.column(Kind.PLACE)
    if found is None:
        return ""
    return f"{found.text} {here.hand.pick((*ORDERS, '=', '<>'))} {1 + here.hand.upto(2)}"
