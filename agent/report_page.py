"""An exact report as a page: one HTML file without scripts and without anything loaded from elsewhere.

One line for each count. On a narrow screen every line becomes a small list with its headings beside the figures; the
roles that CSS would take away from a table are written out, so that it is read aloud as one there too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from html import escape
from typing import Any

from agent.report_lines import COUNTS, OUTCOMES, Group, Line, empty_words, groups_of, never_given, summary


def page(document: Mapping[str, Any]) -> str:
    """The page of a report's document."""
    groups = groups_of(document)
    day = date.fromisoformat(document["reference_date"])
    counts = [count for count in COUNTS if count in document["cells"][0]["met"]]
    return _PAGE.format(
        title=escape(f"{document['title']}: {document['practice']}, {day.day} {day:%B %Y}"),
        notice=escape(document["notice"]),
        why=escape(document["why_it_matters"]),
        released=escape(_released(document)),
        summary=escape(" ".join([summary(groups), *_never(document)])),
        unit="appointments" if document["unit"] == "appointment" else "people",
        style=_STYLE,
        head="".join(f'<th scope="col" role="columnheader">{escape(name)}</th>' for name in _head(counts)),
        body="\n".join(_group(group, counts) for group in groups if not group.is_empty),
        nobody=escape(empty_words(groups)),
    )


def _released(document: Mapping[str, Any]) -> str:
    released = document["released"]
    if released is None:
        return "Nothing of this report has been released."
    under = f" under the agreement {document['agreement']}" if document["agreement"] else ""
    return f"What others see goes out{under}, protected by the profile {released['profile']}."


def _never(document: Mapping[str, Any]) -> Iterator[str]:
    for outcome in never_given(document):
        yield f"This search never says “{OUTCOMES[outcome]}”."


def _head(counts: list[str]) -> list[str]:
    return ["group", "outcome", *(COUNTS[count] for count in counts), "others see", "why"]


def _group(group: Group, counts: list[str]) -> str:
    rows = [_row(line, counts) for line in group.lines]
    head = f'<th scope="rowgroup" role="rowheader" rowspan="{len(rows)}">{escape(group.name)}</th>'
    body = "\n".join(f'<tr role="row">{head if number == 0 else ""}{row}</tr>' for number, row in enumerate(rows))
    return f'<tbody role="rowgroup">\n{body}\n</tbody>'


def _row(line: Line, counts: list[str]) -> str:
    figures = "".join(_cell(COUNTS[count], "number", line.figure(count)) for count in counts)
    seen = _cell("others see", f"seen {line.kind}", line.others_see or "nothing")
    outcome = f'<th scope="row" role="rowheader">{line.name}</th>'
    return f"{outcome}{figures}{seen}{_cell('why', 'why', line.why)}"


def _cell(label: str, kind: str, text: str) -> str:
    return f'<td role="cell" class="{kind.strip()}" data-label="{escape(label)}">{escape(text)}</td>'


_STYLE = (
    "body{font:1rem/1.5 Arial,sans-serif;margin:0;color:#212b32;background:#fff}"
    "main{max-width:72rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}"
    ".notice{border-left:6px solid #d5281b;background:#fdf1f0;padding:.5rem 1rem;margin:0 0 1rem;font-weight:bold}"
    ".summary{font-size:1.15rem}"
    ".figures:focus{outline:3px solid #ffeb3b;box-shadow:0 0 0 6px #212b32}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;padding:.5rem 0;color:#4c6272}"
    "th,td{padding:.4rem .6rem;text-align:left;vertical-align:top;font-weight:normal}"
    "thead th{border-bottom:2px solid #212b32;font-weight:bold}tbody{border-bottom:1px solid #768692}"
    "th[scope=rowgroup]{font-weight:bold}td.number,td.seen{text-align:right;white-space:nowrap}"
    "thead th:nth-child(n+3):not(:last-child){text-align:right}"
    "td.seen{font-weight:bold}td.band{font-style:italic}"
    "td.withheld,td.not_run,td.failed{background:#e8edee;font-weight:normal}"
    "td.not_run{border-left:4px dotted #4c6272}td.failed{border-left:4px solid #d5281b}td.why{color:#425563}"
    "@media(max-width:48rem){thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "table,caption,tbody,tr,th,td{display:block;text-align:left}tbody{padding:.5rem 0}"
    "tr{padding:.25rem 0 .75rem}th[scope=rowgroup]{font-size:1.15rem;padding:.4rem 0}"
    "th[scope=row]{font-weight:bold;padding:.2rem 0}"
    "td,td.number,td.seen{padding:.1rem .5rem;text-align:left;white-space:normal}"
    "td::before{content:attr(data-label)': ';display:inline-block;min-width:9rem;color:#4c6272;"
    "font:1rem Arial,sans-serif}"
    "td.why::before{display:block}}"
    "@media print{main{padding:0}.notice{background:none}}"
)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p class="notice">{notice}</p>
<p class="summary">{summary}</p>
<p>{released}</p>
<p>{why}</p>
<div class="figures" role="region" aria-labelledby="what" tabindex="0">
<table role="table">
<caption id="what">Numbers of {unit}. “Others see” is all that leaves the practice.</caption>
<thead role="rowgroup">
<tr role="row">{head}</tr>
</thead>
{body}
</table>
</div>
<p>{nobody}</p>
</main>
</body>
</html>
"""
