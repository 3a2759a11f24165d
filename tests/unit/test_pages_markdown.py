"""Markdown as authors of searches write it: what their notes hold is shown as what it is."""

from __future__ import annotations

import re

import pytest

from hub.pages.markdown import render, without_title
from searches.document import library, library_folder

NOTES = {name: without_title((library_folder(name) / "README.md").read_text(encoding="utf-8")) for name in library()}


def test_numbered_items_keep_their_numbers() -> None:
    shown = render("1. **First**\n   goes on\n2. Second. 3. Third\n4. Fourth")
    assert shown == (
        '<ol><li value="1"><strong>First</strong> goes on</li><li value="2">Second. 3. Third</li>'
        '<li value="4">Fourth</li></ol>'
    )


def test_a_sentence_that_begins_with_a_number_is_no_list() -> None:
    assert render("140. That is the target,\nor less.") == "<p>140. That is the target, or less.</p>"


def test_a_table_is_a_table_and_its_cells_are_escaped() -> None:
    shown = render("| age | *target* |\n|---|---|\n| under 80 | <b>140/90</b> |")
    assert shown == (
        '<table class="nhsuk-table"><thead><tr><th scope="col">age</th><th scope="col"><em>target</em></th></tr>'
        "</thead><tbody><tr><td>under 80</td><td>&lt;b&gt;140/90&lt;/b&gt;</td></tr></tbody></table>"
    )


@pytest.mark.parametrize("name", NOTES)
def test_no_note_of_the_library_shows_marks_of_markdown(name: str) -> None:
    paragraphs = re.findall(r"<p>(.*?)</p>", render(NOTES[name]))
    assert [text for text in paragraphs if re.match(r"\d+\. |\||[-*] ", text)] == []
