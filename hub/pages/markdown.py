"""The little of markdown that authors use: paragraphs, lists, tables, headings, **strong**, *emphasis* and `code`.

Everything is escaped first, so that nothing an author wrote can become an element or a link.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<!\*)\*([^*\s][^*]*)\*(?!\*)"), r"<em>\1</em>"),
)


def render(text: str) -> Markup:
    """Markdown as HTML, one block per blank line."""
    blocks = [block.strip("\n") for block in re.split(r"\n\s*\n", text.strip()) if block.strip()]
    return Markup("\n").join(_block(block) for block in blocks)


def without_title(text: str) -> str:
    """The text without the heading it begins with: the page has one."""
    first, _, rest = text.lstrip().partition("\n")
    return rest if first.startswith("# ") else text


def _block(block: str) -> Markup:
    lines = block.splitlines()
    if lines[0].startswith("#"):
        heading = Markup('<h3 class="nhsuk-heading-s">{}</h3>').format(_inline(lines[0].lstrip("# ")))
        return heading + _block("\n".join(lines[1:])) if lines[1:] else heading
    if all(re.match(r"\s*[-*] |\s{2,}", line) for line in lines) and lines[0].lstrip()[:2] in ("- ", "* "):
        items = re.split(r"\n?^\s*[-*] ", block, flags=re.MULTILINE)[1:]
        return Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(_inline(i)) for i in items))
    if all(re.match(r"\d+\. |\s{2,}", line) for line in lines) and lines[0][0].isdigit():
        return _numbered(block)
    if len(lines) > 1 and all(line.startswith("|") for line in lines) and re.fullmatch(r"[|:\- ]+", lines[1]):
        return _table(lines)
    return Markup("<p>{}</p>").format(_inline(block))


def _numbered(block: str) -> Markup:
    # Each item keeps the number it was given: authors may put two short ones on a line.
    parts = re.split(r"^(\d+)\. ", block, flags=re.MULTILINE)[1:]
    items = zip(parts[::2], parts[1::2], strict=True)
    return Markup("<ol>{}</ol>").format(
        Markup().join(Markup('<li value="{}">{}</li>').format(number, _inline(text)) for number, text in items)
    )


def _table(lines: list[str]) -> Markup:
    head, *rows = ([cell.strip() for cell in line.strip().strip("|").split("|")] for line in (lines[0], *lines[2:]))
    row = Markup("<tr>{}</tr>")
    return Markup('<table class="nhsuk-table"><thead>{}</thead><tbody>{}</tbody></table>').format(
        row.format(Markup().join(Markup('<th scope="col">{}</th>').format(_inline(cell)) for cell in head)),
        Markup().join(
            row.format(Markup().join(Markup("<td>{}</td>").format(_inline(cell)) for cell in cells)) for cells in rows
        ),
    )


def _inline(text: str) -> Markup:
    html = str(escape(" ".join(text.split())))
    for pattern, replacement in _INLINE:
        html = pattern.sub(replacement, html)
    return Markup(html)  # noqa: S704 - escaped above; only the three patterns add elements
