"""SVG elements as text, escaped; presentation attributes only, because the page's policy refuses `style=`."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

FONT = "Arial, Helvetica, sans-serif"
INK = "#212b32"
SOFT_INK = "#4c6272"  # 6.3:1 on white
GRID = "#d8dde0"
OWN = "#005eb8"  # 6.5:1 on white
PEER = "#768692"  # 3.75:1 on white: enough for a mark, not for text


@dataclass(frozen=True, slots=True)
class Label:
    """A piece of text in a picture.

    Args:
        anchor: start, middle or end.
        size: in user units, which are pixels at the printed width.
    """

    x: float
    y: float
    text: str
    anchor: str = "start"
    size: int = 14
    fill: str = INK
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture's place on the page.

    Args:
        name: unique on the page; letters, digits and hyphens.
        css: class names, by which the style sheet chooses between the wide and the narrow drawing.
    """

    name: str
    width: float
    height: float
    css: str


def element(name: str, *children: str, **attributes: str | float) -> str:
    """One element around children that are escaped already.

    `stroke_width=2` writes `stroke-width="2"`; numbers have at most two decimals, values are escaped.
    """
    if "style" in attributes:
        raise ValueError("style attributes are refused by the page's policy: use presentation attributes")
    written = "".join(f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"' for key, value in attributes.items())
    return f"<{name}{written}>{''.join(children)}</{name}>" if children else f"<{name}{written}/>"


def text(label: Label) -> str:
    """A label, drawn twice: a white halo first, so that it can be read over a line.

    Not `paint-order`, which some renderers leave out, and then the halo covers the letters.
    """
    attributes: dict[str, str | float] = {
        "x": label.x,
        "y": label.y,
        "font_family": FONT,
        "font_size": label.size,
        "text_anchor": label.anchor,
    }
    if label.bold:
        attributes["font_weight"] = "bold"
    words = escape(label.text)
    halo: dict[str, str | float] = {
        "fill": "#ffffff",
        "stroke": "#ffffff",
        "stroke_width": 4,
        "stroke_linejoin": "round",
    }
    return element("text", words, **attributes, **halo) + element("text", words, **attributes, fill=label.fill)


def line(x1: float, y1: float, x2: float, y2: float, **attributes: str | float) -> str:
    """A straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **attributes)


def picture(frame: Frame, title: str, description: str, body: str) -> str:
    """A whole picture that a screen reader announces as one image with a title and a description."""
    return element(
        "svg",
        element("title", escape(title), id=f"{frame.name}-title"),
        element("desc", escape(description), id=f"{frame.name}-desc"),
        body,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {frame.width:g} {frame.height:g}",
        role="img",
        aria_labelledby=f"{frame.name}-title {frame.name}-desc",
        focusable="false",
        class_=frame.css,
    )


def _value(value: str | float) -> str:
    if isinstance(value, str):
        return escape(value, quote=True)
    return f"{value:.2f}".rstrip("0").rstrip(".")
