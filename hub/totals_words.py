"""Totals over practices in words, as JSON and as rows of a file: the same for pages, terminal and files."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hub.totals import Coverage, Range, Total, Totals

OUTCOMES = {"met": "Met", "not_met": "Not met", "excepted": "Left out (excepted)"}
NOT_SHOWN = "not shown: too few practices have released a number"
NOBODY_COUNTED = "no practice has counted this yet"
FILE_HEADER = (
    "outcome",
    "state",
    "least",
    "most",
    "counted_least",
    "counted_most",
    "practices_agreed",
    "practices_counted",
    "as_numbers",
    "as_bands",
    "withheld",
    "not_run",
    "failed",
    "not_yet_received",
)
_COVERED = {
    "numbers": "as numbers",
    "bands": "as bands",
    "withheld": "withheld",
    "not_run": "not run",
    "failed": "failed",
    "awaited": "not yet received",
}


def state_of(total: Total | None) -> str:
    """Which kind of statement a total is: `value`, `range`, `at_least`, `none_counted` or `not_shown`."""
    if total is None:
        return "not_shown"
    if not total.coverage.counted:
        return "none_counted"
    if total.everywhere.high is None:
        return "at_least"
    return "range" if total.everywhere.value is None else "value"


def total_words(total: Total | None) -> str:
    """`4,812`; `4,812 to 4,889`; `at least 4,812 (4,812 to 4,889 at the 33 practices that counted)`."""
    if total is None:
        return NOT_SHOWN
    if not total.coverage.counted:
        return NOBODY_COUNTED
    words = range_words(total.everywhere)
    if total.everywhere == total.counted:
        return words
    practices = "the one practice" if total.coverage.counted == 1 else f"the {total.coverage.counted} practices"
    return f"{words} ({range_words(total.counted)} at {practices} that counted)"


def range_words(one: Range) -> str:
    """`412`; `412 to 420`; `at least 412`."""
    if one.high is None:
        return f"at least {one.low:,}"
    return f"{one.low:,}" if one.value is not None else f"{one.low:,} to {one.high:,}"


def coverage_words(coverage: Coverage) -> str:
    """`21 of 35 practices as numbers; 11 as bands; 1 withheld; 2 not run`."""
    practices = "practice" if coverage.agreed == 1 else "practices"
    rest = [f"{number} {words}" for name, words in _COVERED.items() if (number := getattr(coverage, name))]
    first = f"{coverage.numbers} of {coverage.agreed} {practices} as numbers"
    return "; ".join([first, *(rest[1:] if coverage.numbers else rest)])


def completeness_words(coverage: Coverage) -> str:
    """Case ascertainment, as audits say, as far as the hub knows it: of practices, not of patients."""
    share = Decimal(100 * coverage.counted) / coverage.agreed if coverage.agreed else Decimal(0)
    return f"{coverage.counted} of {coverage.agreed} practices that signed have counted ({share:.0f}%)"


def share_words(percentage: tuple[Decimal, Decimal] | None) -> str:
    """`61.2%`; `60.1% to 62.4%`; `not known`."""
    if percentage is None:
        return "not known"
    low, high = percentage
    return f"{low}%" if low == high else f"{low}% to {high}%"


def totals_rows(totals: Totals) -> list[tuple[str, str, str]]:
    """For a table: the outcome, its total, its coverage."""
    return [
        (OUTCOMES[name], total_words(total), coverage_words(total.coverage) if total is not None else "")
        for name, total in _named(totals).items()
    ]


def lines_of(search_id: str, totals: Totals) -> list[str]:
    """For the terminal: the search with its coverage, then each outcome."""
    of_whom = f"  ({coverage_words(totals.met.coverage)})" if totals.met is not None else ""
    lines = [f"{what.lower():<22}{words}" for what, words, _ in totals_rows(totals)]
    return [
        f"{search_id}{of_whom}",
        *(f"  {line}" for line in (*lines, f"{'met of both':<22}{share_words(totals.percentage)}")),
    ]


def file_rows(totals: Totals) -> list[tuple[str, ...]]:
    """For a file: one row for each outcome; what is not known is empty, and never 0."""
    return [(name, *_file_cells(total)) for name, total in _named(totals).items()]


def to_json(totals: Totals) -> dict[str, object]:
    """For programs."""
    share = totals.percentage
    return {
        **{name: _json(total) for name, total in _named(totals).items()},
        "percentage": {"least": str(share[0]), "most": str(share[1])} if share is not None else None,
    }


def _named(totals: Totals) -> Mapping[str, Total | None]:
    return dict(zip(OUTCOMES, totals.by_outcome, strict=True))


def _json(total: Total | None) -> dict[str, object]:
    state = state_of(total)
    if total is None:
        return {"state": state}
    said: dict[str, object] = {"state": state}
    if total.coverage.counted:
        said |= {"least": total.everywhere.low, "most": total.everywhere.high}
        said["counted"] = {"least": total.counted.low, "most": total.counted.high}
    return said | {"practices": {"agreed": total.coverage.agreed, **_coverage(total.coverage)}}


def _file_cells(total: Total | None) -> tuple[str, ...]:
    state = state_of(total)
    if total is None:
        return (state, *[""] * (len(FILE_HEADER) - 2))
    ends: tuple[int | None, ...] = (None,) * 4
    if total.coverage.counted:
        ends = (total.everywhere.low, total.everywhere.high, total.counted.low, total.counted.high)
    coverage = total.coverage
    numbers = (coverage.agreed, coverage.counted, *_coverage(coverage).values())
    return (state, *("" if end is None else str(end) for end in ends), *map(str, numbers))


def _coverage(coverage: Coverage) -> dict[str, int]:
    return {name: getattr(coverage, name) for name in _COVERED}
