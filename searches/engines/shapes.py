"""Which texts are a date or a number, as regular expressions that PostgreSQL, MariaDB and MySQL read alike.

A date is a day of the calendar, years 1 to 9999, as ISO writes it, and maybe a time after it. A number is a sign,
digits and one point, and maybe an exponent of two digits. Whoever casts without asking first gets an error from one
engine and a zero from another.
"""

from __future__ import annotations

_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26]|0[48])00)"
_TIME = "([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"

DAY = (
    f"^(({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8])))|{_LEAP}-02-29){_TIME}$"
)
NUMBER = "^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
