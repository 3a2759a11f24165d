from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from hub.charts import spark, strip, svg

SVG = "{http://www.w3.org/2000/svg}"
SHOWN = strip.Strip(
    name="strip",
    title="Pulse & rhythm",
    description="Nine <peers>",
    own=strip.OwnMark(73.2, 69.4, 76.7),
    own_without="",
    peers=(71, 71, 72, 75, 80, 83, 65, 66, 90),
    median=72.0,
    target=90.0,
    without={"too few to show": 2, "not run": 1},
)


def drawings(shown: strip.Strip) -> list[ET.Element]:
    return list(ET.fromstring(f"<div>{strip.draw(shown)}</div>"))


def words(drawing: ET.Element) -> list[str]:
    return [text.text or "" for text in drawing.iter(f"{SVG}text")]


def test_every_peer_is_one_dot_and_none_is_dropped() -> None:
    for drawing in drawings(SHOWN):
        filled = [mark for mark in drawing.iter(f"{SVG}circle") if mark.get("fill") == svg.PEER]
        assert len(filled) == len(SHOWN.peers)


def test_dots_of_the_same_place_are_stacked_and_hide_no_other() -> None:
    for drawing in drawings(replace(SHOWN, peers=(50,) * 40)):
        places = [
            (mark.get("cx"), mark.get("cy")) for mark in drawing.iter(f"{SVG}circle") if mark.get("fill") == svg.PEER
        ]
        assert len(set(places)) == 40
        assert min(float(y or 0) for _, y in places) > 0


def test_a_practice_without_a_percentage_stands_in_its_own_lane_and_not_at_zero() -> None:
    for drawing in drawings(SHOWN):
        line_y = max(float(mark.get("cy", 0)) for mark in drawing.iter(f"{SVG}circle") if mark.get("fill") == svg.PEER)
        hollow = [mark for mark in drawing.iter(f"{SVG}circle") if mark.get("fill") == "#ffffff"]
        assert len(hollow) == 3
        assert all(float(mark.get("cy", 0)) > line_y for mark in hollow)
        assert {"2 too few to show", "1 not run"} <= set(words(drawing))


def test_one_s_own_missing_figure_is_marked_in_its_lane() -> None:
    shown = replace(SHOWN, own=None, own_without="too few to show")
    for drawing in drawings(shown):
        assert "2 too few to show, yours among them" in words(drawing)
        assert not [word for word in words(drawing) if word.startswith("Your practice")]


def test_a_picture_is_one_image_with_a_title_and_a_description() -> None:
    for drawing in drawings(SHOWN):
        title, description = drawing.find(f"{SVG}title"), drawing.find(f"{SVG}desc")
        assert title is not None
        assert description is not None
        assert drawing.get("role") == "img"
        assert drawing.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
        assert (title.text, description.text) == ("Pulse & rhythm", "Nine <peers>")


def test_ids_are_unique_over_both_drawings() -> None:
    ids = re.findall(r' id="([^"]+)"', strip.draw(SHOWN))
    assert len(set(ids)) == len(ids) == 4


def test_no_attribute_needs_a_style_policy() -> None:
    assert " style=" not in strip.draw(SHOWN)
    with pytest.raises(ValueError, match="style attributes are refused"):
        svg.element("rect", style="fill:red")


def test_a_label_is_drawn_twice_for_its_halo() -> None:
    assert words(drawings(SHOWN)[0]).count("Target 90%") == 2


def test_values_are_escaped() -> None:
    assert svg.element("g", id='"><script>') == '<g id="&quot;&gt;&lt;script&gt;"/>'


@pytest.mark.parametrize(
    ("peers", "own", "target", "ends"),
    [
        ((71, 80), None, None, (50, 100)),
        ((3, 5), None, None, (0, 40)),
        ((2, 97), None, None, (0, 100)),
        ((95, 99), None, 90.0, (60, 100)),
        ((), strip.OwnMark(40.0, 21.0, 62.0), None, (10, 70)),
        ((), None, None, (0, 100)),
    ],
)
def test_the_line_holds_every_mark_and_at_least_forty_points(
    peers: tuple[int, ...], own: strip.OwnMark | None, target: float | None, ends: tuple[int, int]
) -> None:
    axis = strip.axis_for(replace(SHOWN, peers=peers, own=own, target=target, median=None), 900)
    assert (axis.low, axis.high) == ends


def test_a_mark_outside_the_line_would_stand_at_its_end_and_not_beyond() -> None:
    axis = strip.Axis(50, 100, 900)
    assert (axis.x(0), axis.x(100)) == (strip.MARGIN, 900 - strip.MARGIN)


def test_labels_stay_inside_the_picture() -> None:
    for target in (0.0, 100.0):
        for drawing in drawings(replace(SHOWN, target=target, peers=(1, 99))):
            anchors = {
                text.get("text-anchor") for text in drawing.iter(f"{SVG}text") if (text.text or "").startswith("Target")
            }
            assert anchors == {"start" if target == 0 else "end"}


def test_a_spark_has_one_faint_dot_for_each_peer_and_one_s_own_diamond() -> None:
    shown = spark.Spark("spark-1", "Title", "Words", 73.2, (71, 80, 80), 90.0)
    drawing = ET.fromstring(spark.draw(shown))
    assert len(list(drawing.iter(f"{SVG}circle"))) == 3
    assert len(list(drawing.iter(f"{SVG}path"))) == 1
    without = ET.fromstring(spark.draw(replace(shown, own=None)))
    assert list(without.iter(f"{SVG}path")) == []
