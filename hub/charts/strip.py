"""The strip: every practice's percentage as one dot on a line, one's own above it with its interval.

Dots of the same place are stacked, so that none hides another. A practice without a percentage has no place on the
line: it stands below it in a lane of its own, as an open mark beside the words that say why. The line shows at
least forty points of percentage and is cut at tens, so that a small difference does not look like a large one. Means
stand on a line of their own unit, with a scale that follows from the declared range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil, floor

from hub.charts.svg import GRID, INK, OWN, PEER, SOFT_INK, Frame, Label, element, line, picture, text

SHORTEST_AXIS = 4  # tens, or steps of another scale


@dataclass(frozen=True, slots=True)
class Scale:
    """What a line is marked in.

    Args:
        low: the least that a mark can be.
        high: the most.
        step: between two lines of the grid.
        unit: written after every number.
        what: a mark is of, in a few words.
    """

    low: float = 0
    high: float = 100
    step: float = 10
    unit: str = "%"
    what: str = "a percentage"


PERCENT = Scale()


@dataclass(frozen=True, slots=True)
class OwnMark:
    """One's own figure, in percent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Strip:
    """What a strip shows.

    Args:
        name: unique on the page.
        own: None if one has no percentage.
        own_without: the words of the lane in which one stands without a percentage, or empty.
        peers: whole percentages.
        median: of the peers, or None.
        target: in percent, or None.
        without: how many practices have no percentage, by the words that say why.
        scale: of means, in place of percent.
    """

    name: str
    title: str
    description: str
    own: OwnMark | None
    own_without: str
    peers: tuple[float, ...]
    median: float | None
    target: float | None
    without: Mapping[str, int]
    scale: Scale = PERCENT


@dataclass(frozen=True, slots=True)
class Format:
    """A size to draw for: the wide page, or a phone."""

    css: str
    width: int
    radius: float
    text_size: int
    tick_step: int


WIDE = Format("gpf-chart gpf-chart--wide", 900, 7, 16, 1)
NARROW = Format("gpf-chart gpf-chart--narrow", 360, 5.5, 14, 2)
MARGIN = 20
OWN_LANE = 74  # from the top of the picture to the own mark's middle
OWN_LABEL = 46


@dataclass(frozen=True, slots=True)
class Axis:
    """Percent, or another unit, to user units."""

    low: float
    high: float
    width: int
    scale: Scale = PERCENT

    def x(self, percent: float) -> float:
        """Where a percentage stands; never outside the line."""
        share = (min(max(percent, self.low), self.high) - self.low) / (self.high - self.low)
        return MARGIN + share * (self.width - 2 * MARGIN)


def draw(strip: Strip) -> str:
    """The strip twice, for a wide page and for a phone; the style sheet shows one of them."""
    return _draw(strip, WIDE) + _draw(strip, NARROW)


def _draw(strip: Strip, form: Format) -> str:
    axis = axis_for(strip, form.width)
    stacks = _stacks(strip.peers, axis, form.radius)
    line_y = 110 + max((len(stack) for stack in stacks.values()), default=1) * form.radius * 2 + 6
    lanes, height = _lanes(strip, form, line_y + 78)
    body = "".join(
        (
            _grid(axis, form, line_y),
            _target(strip, axis, form, line_y),
            _dots(stacks, form, line_y),
            _median(strip, axis, form, line_y),
            _own(strip, axis, form),
            lanes,
        )
    )
    variant = "wide" if form is WIDE else "narrow"
    return picture(Frame(f"{strip.name}-{variant}", form.width, height, form.css), strip.title, strip.description, body)


def axis_for(strip: Strip, width: int) -> Axis:
    """The shortest line in whole tens that holds every mark and at least forty points."""
    marks = [*map(float, strip.peers), *(mark for mark in (strip.median, strip.target) if mark is not None)]
    if strip.own:
        marks += [strip.own.low, strip.own.high]
    scale = strip.scale
    if not marks:
        return Axis(scale.low, scale.high, width, scale)
    least, most, step, room = scale.low, scale.high, scale.step, scale.step / 5
    low = max(least, least + floor((min(marks) - room - least) / step) * step)
    high = min(most, least + ceil((max(marks) + room - least) / step) * step)
    while high - low < SHORTEST_AXIS * step and (low > least or high < most):
        low, high = max(least, low - step), min(most, high + step)
    return Axis(low, high, width, scale)


def _stacks(peers: tuple[float, ...], axis: Axis, radius: float) -> dict[float, list[float]]:
    # Dots closer than their own width share a stack, at the place of its first dot: the place is off by less than a
    # dot.
    stacks: dict[float, list[float]] = {}
    for percent in sorted(peers):
        place = axis.x(percent)
        last = max(stacks, default=None)
        if last is not None and place - last < radius * 2:
            stacks[last].append(percent)
        else:
            stacks[place] = [percent]
    return stacks


def _grid(axis: Axis, form: Format, line_y: float) -> str:
    parts, small = [], replace(form, text_size=form.text_size - 2)
    for number in range(int((axis.high - axis.low) / axis.scale.step + 0.001) + 1):
        value = axis.low + number * axis.scale.step
        place = axis.x(value)
        parts.append(line(place, 58, place, line_y, stroke=GRID, stroke_width=1))
        if number % form.tick_step == 0:
            parts.append(line(place, line_y, place, line_y + 5, stroke=SOFT_INK, stroke_width=1))
            parts.append(text(_beside((place, line_y + 21), _marked(value, axis, number), small, SOFT_INK)))
    ends = axis.x(axis.low), axis.x(axis.high)
    parts.append(line(ends[0], line_y, ends[1], line_y, stroke=SOFT_INK, stroke_width=1.5))
    return "".join(parts)


def _marked(value: float, axis: Axis, number: int) -> str:
    """A number under the line; a unit that is a word stands with the first alone, so that the others keep apart."""
    return _written(value, axis.scale) if axis.scale.unit == "%" or number == 0 else f"{value:g}"


def _target(strip: Strip, axis: Axis, form: Format, line_y: float) -> str:
    if strip.target is None:
        return ""
    place = axis.x(strip.target)
    words = text(_beside((place, 20), f"Target {_written(strip.target, strip.scale)}", form, INK))
    return line(place, 26, place, line_y, stroke=INK, stroke_width=2, stroke_dasharray="6 4") + words


def _dots(stacks: Mapping[float, list[float]], form: Format, line_y: float) -> str:
    return "".join(
        element(
            "circle",
            cx=place,
            cy=line_y - form.radius - 3 - level * form.radius * 2,
            r=form.radius - 1,
            fill=PEER,
            stroke="#ffffff",
            stroke_width=1,
        )
        for place, stack in stacks.items()
        for level in range(len(stack))
    )


def _median(strip: Strip, axis: Axis, form: Format, line_y: float) -> str:
    if strip.median is None:
        return ""
    place, top = axis.x(strip.median), line_y + 28
    mark = element("path", d=f"M{place:.1f} {top:.1f} l-6 10 h12 z", fill=SOFT_INK)
    return mark + text(
        _beside((place, line_y + 54), f"Middle of peers {_written(strip.median, strip.scale)}", form, SOFT_INK)
    )


def _own(strip: Strip, axis: Axis, form: Format) -> str:
    if strip.own is None:
        return ""
    own, place = strip.own, axis.x(strip.own.value)
    low, high = axis.x(own.low), axis.x(own.high)
    whisker: dict[str, str | float] = {"stroke": OWN, "stroke_width": 2.5}
    return "".join(
        (
            line(low, OWN_LANE, high, OWN_LANE, **whisker),
            line(low, OWN_LANE - 6, low, OWN_LANE + 6, **whisker),
            line(high, OWN_LANE - 6, high, OWN_LANE + 6, **whisker),
            _diamond(place, OWN_LANE, 9),
            text(
                _beside(
                    (place, OWN_LABEL + 10), f"Your practice {_written(own.value, strip.scale)}", form, OWN, bold=True
                )
            ),
        )
    )


def _written(value: float, scale: Scale) -> str:
    return f"{value:g}{scale.unit if scale.unit == '%' else ' ' + scale.unit}"


def _diamond(x: float, y: float, size: float, *, filled: bool = True) -> str:
    path = f"M{x - size:.1f} {y:.1f} L{x:.1f} {y - size:.1f} L{x + size:.1f} {y:.1f} L{x:.1f} {y + size:.1f} Z"
    fill, stroke = (OWN, "#ffffff") if filled else ("#ffffff", OWN)
    return element("path", d=path, fill=fill, stroke=stroke, stroke_width=2)


def _beside(place: tuple[float, float], words: str, form: Format, fill: str, *, bold: bool = False) -> Label:
    """A label under or over a mark, kept inside the picture."""
    middle, y = place
    half = len(words) * form.text_size * 0.28  # Arial's letters are about 0.56 em wide
    anchor, x = "middle", middle
    if middle - half < 2:
        anchor, x = "start", 2.0
    elif middle + half > form.width - 2:
        anchor, x = "end", form.width - 2.0
    return Label(x, y, words, anchor, form.text_size, fill, bold=bold)


def _lanes(strip: Strip, form: Format, top: float) -> tuple[str, float]:
    """The practices without a percentage, one lane for each reason; and the height of the whole picture."""
    if not strip.without:
        return "", top
    row = form.text_size + 12
    parts = [text(Label(2, top + 14, f"Without {strip.scale.what}", size=form.text_size, bold=True))]
    for number, (words, count) in enumerate(strip.without.items(), start=1):
        own = words == strip.own_without
        parts.append(_lane(words, count, form, top + 14 + number * row, own=own))
    return "".join(parts), top + 14 + len(strip.without) * row + 12


def _lane(words: str, count: int, form: Format, y: float, *, own: bool) -> str:
    drawn = min(count, 8)  # more marks would say no more than the number does
    size = form.radius
    parts = []
    for place in range(drawn):
        x = 2 + size + place * size * 2.5
        if own and place == 0:
            parts.append(_diamond(x, y - 5, size + 1, filled=False))
        else:
            parts.append(element("circle", cx=x, cy=y - 5, r=size - 1, fill="#ffffff", stroke=SOFT_INK, stroke_width=2))
    label = f"{count} {words}" + (", yours among them" if own and count > 1 else ", yours" if own else "")
    parts.append(text(Label(2 + drawn * size * 2.5 + 8, y, label, size=form.text_size)))
    return "".join(parts)
