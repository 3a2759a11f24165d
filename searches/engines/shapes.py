"""Which texts are a date or a number, as regular expressions that PostgreSQL, MariaDB and MySQL read alike, and casts.

A date is a day of the calendar, years 1 to 9999, as ISO writes it, and maybe a time after it. A number is a sign,
digits and one point, and maybe an exponent of two digits. Whoever casts without asking first gets an error from one
engine and a zero from another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from searches.engines.writing import fill, refused

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26]|0[48])00)"
_TIME = "([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"

DAY = (
    f"^(({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8])))|{_LEAP}-02-29){_TIME}$"
)
NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"

_FITS = {
    exp.DType.BIGINT: "ABS(ROUND(_1)) <= 9223372036854775807",
    exp.DType.INT: "ABS(ROUND(_1)) <= 2147483647",
    exp.DType.DECIMAL: "ABS(_1) < 9999999999999999.9995",
}
EXACT_DECIMAL = f"CASE WHEN {_FITS[exp.DType.DECIMAL]} THEN CAST(_1 AS DECIMAL(19, 3)) END"
"""A decimal of three places made of an exact number; NULL if it has too many digits."""


@dataclass(frozen=True, slots=True)
class PatternCasts:
    """Casts of text in an engine that has regular expressions: each text is first asked whether it is such a value.

    Args:
        title: as people call the engine.
        dialect: of its words.
        matches: whether a text has the shape `{shape}`.
        day: a date made of a text that is one.
        exact: a number of any size made of a text that is one.
        made: the number of each type made of an exact one that fits.
        ends: what ends the run, of a text that is no value of each type.
    """

    title: str
    dialect: str
    matches: str
    day: str
    exact: str
    made: Mapping[exp.DType, str]
    ends: Mapping[exp.DType, str]

    def cast(self, node: exp.Expr, *, strict: bool) -> exp.Expr:
        """The cast of a text; what is no such value ends the run, or is NULL if that is not asked.

        Raises:
            LayoutError: it is a cast to another type.
        """
        kind = node.args["to"].this
        text = fill("TRIM(_1)", self.dialect, node.this)
        if kind is exp.DType.DATE:
            shape, made = DAY, fill(self.day, self.dialect, text)
        elif kind in self.made:
            exact = fill(self.exact, self.dialect, text)
            shape, made = NUMBER, fill(f"CASE WHEN {_FITS[kind]} THEN {self.made[kind]} END", self.dialect, exact)
        else:
            raise refused(f"a cast to {kind.value}", self.title)
        # What is no date or number at all ends the run, where the layout does not expect it.
        otherwise = f"WHEN _1 IS NOT NULL THEN {self.ends[kind]}" if strict else ""
        asked = self.matches.format(shape=shape)
        return fill(f"CASE WHEN {asked} THEN _2 {otherwise} END", self.dialect, text, made)
