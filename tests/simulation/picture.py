"""A small bar chart as SVG: presentation attributes only, no style, script or font from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

_WIDTH, _HEIGHT = 720, 300
_LEFT, _TOP, _BOTTOM = 48, 56, 44
_FILLS: Final = ("#005eb8", "#aeb7bd")  # far apart for every kind of colour sight, and in print
_INK, _FAINT = "#212b32", "#d8dde0"


@dataclass(frozen=True, slots=True)
class Group:
    """Bars that stand together.

    Args:
        name: below them.
        values: one for each series; None: there is no bar.
        floor: a line that the first bar has to reach, or None.
    """

    name: str
    values: tuple[float | None, ...]
    floor: float | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """One panel of bars."""

    title: str
    series: tuple[str, ...]
    groups: Sequence[Group]
    top: float
    unit: str


def svg(charts: Sequence[Chart]) -> str:
    """The charts below each other."""
    height = _HEIGHT * len(charts)
    body = "".join(
        f'<g transform="translate(0 {number * _HEIGHT})">{"".join(_panel(chart))}</g>\n'
        for number, chart in enumerate(charts)
    )
    label = escape("; ".join(chart.title for chart in charts), quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">\n'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>\n{body}</svg>\n'
    )


def _panel(chart: Chart) -> Iterator[str]:
    yield f'<text x="{_LEFT}" y="20" font-size="14" font-weight="bold">{escape(chart.title)}</text>\n'
    for number, name in enumerate(chart.series):
        x = _LEFT + 250 * number
        yield f'<rect x="{x}" y="30" width="12" height="12" fill="{_FILLS[number]}"/>'
        yield f'<text x="{x + 18}" y="40">{escape(name)}</text>\n'
    for step in range(5):
        value = chart.top * step / 4
        y = _y(chart, value)
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - 10}" y1="{y}" y2="{y}" stroke="{_FAINT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}{chart.unit}</text>\n'
    width = (_WIDTH - _LEFT - 10) / len(chart.groups)
    for number, group in enumerate(chart.groups):
        yield from _group(chart, group, _LEFT + width * number, width)


def _group(chart: Chart, group: Group, left: float, width: float) -> Iterator[str]:
    bar = min(48.0, width / (len(chart.series) + 1))
    start = left + (width - bar * len(chart.series)) / 2
    for number, value in enumerate(group.values):
        if value is None:
            continue
        x, y = round(start + bar * number, 1), _y(chart, value)
        yield f'<rect x="{x}" y="{y}" width="{bar - 4:.1f}" height="{_y(chart, 0) - y:.1f}" fill="{_FILLS[number]}"/>'
        yield f'<text x="{x + bar / 2 - 2:.1f}" y="{y - 4:.1f}" text-anchor="middle">{value:.3g}</text>\n'
    if group.floor is not None:
        y = _y(chart, group.floor)
        yield f'<line x1="{start - 8:.1f}" x2="{start + bar + 4:.1f}" y1="{y}" y2="{y}" stroke="{_INK}" '
        yield 'stroke-width="2" stroke-dasharray="5 3"/>'
    middle = left + width / 2
    yield f'<text x="{middle:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{escape(group.name)}</text>\n'


def _y(chart: Chart, value: float) -> float:
    room = _HEIGHT - _TOP - _BOTTOM
    return round(_TOP + room * (1 - min(value / chart.top, 1)), 1)
