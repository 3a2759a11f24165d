"""An explanation as a table for a terminal, as JSON, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
import textwrap
from collections.abc import Sequence
from datetime import date

from agent.action_list import cell_text
from agent.explain import Explained
from agent.outbox import Message
from agent.report_lines import COUNTS, OUTCOMES, Group, Line, empty_words

_GAP = "  "
_LEAST_WHY = 32  # characters: narrower, a sentence is hard to read
_NO_FIGURE = "–"
_LIKEWISE = "Likewise."
_MESSAGE_WORDS = {
    "spooled": "sealed, and waits for the release hour or for the hub",
    "uploaded": "sent; the hub has not yet signed for it",
}


def to_json(explained: Explained) -> dict[str, object]:
    """For programs; `docs/how-to/explain-a-figure.md` says what each name is."""
    message = explained.message
    return {
        "practice": explained.practice,
        "search": explained.search_id,
        "title": explained.title,
        "unit": explained.unit,
        "reference_date": explained.reference_date,
        "agreement": explained.agreement,
        "profile": explained.profile,
        "message": {
            "sequence": message.sequence,
            "state": message.state,
            "received_at": message.received_at,
            "restates": message.restates,
        }
        if message is not None
        else None,
        "not_released": explained.not_released,
        "summary": explained.summary,
        "never": list(explained.never),
        "counts": [_count(group, line) for group in explained.groups for line in group.lines],
    }


def to_csv(explained: Explained) -> bytes:
    """One line for each count; opens in a spreadsheet, and nothing in it is taken for a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    names = list(explained.groups[-1].dimensions)
    counts = _counts(explained)
    writer.writerow([*names, "outcome", *counts, "others_see", "why"])
    for group in explained.groups:
        for line in group.lines:
            seen = line.others_see.replace(",", "")
            figures = ["" if line.exact.get(count) is None else str(line.exact[count]) for count in counts]
            row = [*(group.dimensions.get(name, "") for name in names), line.outcome, *figures, seen, line.why]
            writer.writerow([cell_text(value) for value in row])
    return text.getvalue().encode("utf-8-sig")


def to_text(explained: Explained, columns: int) -> str:
    """A table of at most so many columns of characters, with what it is about above it."""
    day = date.fromisoformat(explained.reference_date)
    under = f", agreement {explained.agreement}" if explained.agreement else ""
    by = f", profile {explained.profile}" if explained.profile else ""
    title = f"{explained.title} ({explained.search_id})" if explained.title else explained.search_id
    lines = [title, f"{explained.practice}, {day.day} {day:%B %Y}{under}{by}"]
    lines.append(_leaving(explained))
    lines += ["", explained.summary]
    lines += [f'This search never says "{OUTCOMES[outcome]}".' for outcome in explained.never]
    nobody = textwrap.wrap(empty_words(explained.groups), columns)
    return "\n".join([*lines, "", *_table(explained, columns), *([""] if nobody else []), *nobody])


def _leaving(explained: Explained) -> str:
    message = explained.message
    if message is None:
        return f"Not released: {explained.not_released}."
    return f"Message {message.sequence}: {_how_far(message)}."


def _how_far(message: Message) -> str:
    restates = f", restating message {message.restates}" if message.restates is not None else ""
    return _MESSAGE_WORDS.get(message.state, f"received by the hub at {message.received_at}") + restates


def _count(group: Group, line: Line) -> dict[str, object]:
    return {
        "group": dict(group.dimensions),
        "outcome": line.outcome,
        "exact": dict(line.exact) or None,
        "others_see": dict(line.state) if line.state is not None else None,
        "words": line.others_see,
        "rules": list(line.rules),
        "why": line.why,
    }


def _counts(explained: Explained) -> list[str]:
    """The names of the exact counts: of people two, of appointments four; of a search that did not run none."""
    lines = explained.groups[0].lines
    return [count for count in COUNTS if lines and count in lines[0].exact]


def _table(explained: Explained, columns: int) -> list[str]:
    counts = _counts(explained)[:2]  # of appointments, as others count them: the file and JSON have all of them too
    head = ["group", "outcome", *(COUNTS[count] for count in counts), "others see"]
    rows = [
        ([group.name if number == 0 else "", line.name, *_figures(line, counts)], line.why)
        for group in explained.groups
        if not group.is_empty
        for number, line in enumerate(group.lines)
    ]
    widths = [max(len(row[place]) for row in (head, *(row for row, _ in rows))) for place in range(len(head))]
    used = sum(widths) + len(_GAP) * len(widths)
    why = max(_LEAST_WHY, columns - used)
    table = [f"{_spread(head, widths)}{_GAP}why"]
    before = ""
    for row, words in rows:
        first, *rest = textwrap.wrap(_LIKEWISE if words == before and not row[0] else words, why) or [""]
        before = words
        table.append(f"{_spread(row, widths)}{_GAP}{first}".rstrip())
        table += [f"{'':{used}}{more}" for more in rest]
    return table


def _figures(line: Line, counts: Sequence[str]) -> list[str]:
    return [*(line.figure(count) for count in counts), line.others_see or _NO_FIGURE]


def _spread(row: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    words = [
        f"{text:{width}}" if place < 2 else f"{text:>{width}}"
        for place, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return _GAP.join(words)
