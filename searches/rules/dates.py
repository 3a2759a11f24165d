"""Rules of dates: bound dates, and intervals on them or on a date column."""

from __future__ import annotations

import re

from sqlglot import exp

from searches.canon import BOUND_DATES
from searches.rules.kinds import Kind, ValueType
from searches.rules.names import Here, check_grouped, column_type
from searches.windows import is_bound

_DATE = ValueType(Kind.DATE)
_LONGEST = {"DAY": 73_050, "MONTH": 2_400, "YEAR": 200}  # two hundred years: no window can leave the calendar
_COLUMN_UNITS = ("DAY", "MONTH")
_SHORTER = "write a shorter one, or leave the condition out"
_ONLY_INTERVALS = "write a date column or bound date, then + or - INTERVAL '6' MONTH"


def bound_date_type(node: exp.Placeholder, here: Here) -> ValueType:
    """A bound date is one of those we know; it is noted as read."""
    if node.name not in BOUND_DATES:
        known = ", ".join(f":{name}" for name in BOUND_DATES)
        raise here.refuse(node, f"the date :{node.name} is unknown", f"use one of: {known}")
    here.usage.bound_dates.add(node.name)
    return _DATE


def moved_date_type(node: exp.Add | exp.Sub, here: Here) -> ValueType:
    """Plus and minus are for a date and an INTERVAL only; YEAR only with bound dates."""
    if not isinstance(node.expression, exp.Interval):
        raise here.refuse(node, "arithmetic is refused", _ONLY_INTERVALS)
    base = node.this.unnest()
    if is_bound(base):
        _check_interval(node.expression, tuple(_LONGEST), here)
        found = bound_date_type(base, here) if isinstance(base, exp.Placeholder) else moved_date_type(base, here)
        if _reach(node) > 1:
            raise here.refuse(node.expression, "all intervals of a window together are at most 200 years", _SHORTER)
        return found
    if not isinstance(base, exp.Column) or column_type(base, here).kind is not Kind.DATE:
        raise here.refuse(node, "an INTERVAL needs a date column or a bound date before it", _ONLY_INTERVALS)
    check_grouped(base, here)
    _check_interval(node.expression, _COLUMN_UNITS, here)
    return _DATE


def _reach(node: exp.Expr) -> float:
    """All intervals on a bound date together, as a share of the longest."""
    if not isinstance(node, exp.Add | exp.Sub):
        return 0
    interval = node.expression
    return int(interval.name) / _LONGEST[interval.text("unit").upper()] + _reach(node.this.unnest())


def _check_interval(interval: exp.Interval, units: tuple[str, ...], here: Here) -> None:
    unit = interval.text("unit").upper()
    if unit not in units:
        hint = "use 12 MONTH for a year on a column" if unit == "YEAR" else f"use {', '.join(units)}"
        raise here.refuse(interval, f"INTERVAL unit {unit or 'missing'} is refused here", hint)
    if not isinstance(interval.this, exp.Literal) or not re.fullmatch(r"[0-9]{1,5}", interval.name):
        raise here.refuse(interval, "the length of an INTERVAL is a whole number", "write INTERVAL '6' MONTH")
    if int(interval.name) > _LONGEST[unit]:
        raise here.refuse(interval, f"an INTERVAL is at most {_LONGEST[unit]} {unit}", _SHORTER)
