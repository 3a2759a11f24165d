"""The spark: a strip small enough for a table's row, with no words in it; the row says them."""

from __future__ import annotations

from dataclasses import dataclass

from hub.charts.svg import GRID, INK, OWN, PEER, SOFT_INK, Frame, element, line, picture

WIDTH, HEIGHT, MARGIN = 180, 28, 7
MIDDLE = HEIGHT / 2


@dataclass(frozen=True, slots=True)
class Spark:
    """What a spark shows, from 0 to 100 percent.

    Args:
        name: unique on the page.
        own: in percent, or None.
        target: in percent, or None.
    """

    name: str
    title: str
    description: str
    own: float | None
    peers: tuple[int, ...]
    target: float | None


def draw(spark: Spark) -> str:
    """The line from 0 to 100, peers as faint dots, the target as a stroke, one's own figure as a diamond."""
    parts = [line(MARGIN, MIDDLE, WIDTH - MARGIN, MIDDLE, stroke=GRID, stroke_width=2)]
    parts += [line(_x(end), MIDDLE - 5, _x(end), MIDDLE + 5, stroke=SOFT_INK, stroke_width=1) for end in (0, 100)]
    parts += [
        element("circle", cx=_x(peer), cy=MIDDLE, r=4, fill=PEER, fill_opacity=0.55) for peer in sorted(spark.peers)
    ]
    if spark.target is not None:
        place = _x(spark.target)
        parts.append(line(place, 3, place, HEIGHT - 3, stroke=INK, stroke_width=2, stroke_dasharray="4 3"))
    if spark.own is not None:
        place = _x(spark.own)
        path = f"M{place - 7:.1f} {MIDDLE} l7 -7 l7 7 l-7 7 Z"
        parts.append(element("path", d=path, fill=OWN, stroke="#ffffff", stroke_width=1.5))
    return picture(Frame(spark.name, WIDTH, HEIGHT, "gpf-spark"), spark.title, spark.description, "".join(parts))


def _x(percent: float) -> float:
    return MARGIN + percent / 100 * (WIDTH - 2 * MARGIN)
