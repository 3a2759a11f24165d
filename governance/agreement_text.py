"""The agreement as people read it: one set of sections, as plain text in a terminal and as a page to print and sign.

Everything is made from the terms and from nothing else, so that the page says what machines enforce. Its digest is part
of what is signed (`governance.agreement_form`); whoever reads an agreement makes the page anew and compares. For that,
a page once signed must always come out the same: wording and markup are held by `FORM`, and a change of either is
a new form beside the old one, never an edit.

The page has one main heading, headings in order, tables with captions and header cells, no script, no picture and
nothing fetched: it reads aloud, prints in black and white, and is the same file in ten years.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Final, TypeAlias

from governance.agreement import REVIEW_GRACE, Agreement
from governance.clauses import KIND_WORDS, ProhibitedUse, Purpose, Received, SearchTerms, Undertakings, View
from governance.optouts import OptOutPolicy
from governance.profiles import Relaxation

FORM: Final = 1
"""The wording and markup of new pages."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: what it shows, the names of its columns, its rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block: TypeAlias = "str | tuple[str, ...] | Grid"
"""A paragraph, a list, or a table."""


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


def in_words(agreement: Agreement) -> str:
    """The agreement as a signatory reads it in a terminal."""
    lines = [_title(agreement), ""]
    for section in sections(agreement):
        lines += [section.heading, *(line for block in section.blocks for line in _block_lines(block)), ""]
    return "\n".join(lines)


def page_of(agreement: Agreement) -> str:
    """The agreement as a page of HTML."""
    body = [f"<h1>{html.escape(_title(agreement))}</h1>"]
    for section in sections(agreement):
        body += [f"<h2>{html.escape(section.heading)}</h2>", *(_block_html(block) for block in section.blocks)]
    title = html.escape(_title(agreement))
    return _PAGE.format(title=title, style=_STYLE, body="\n".join(body))


def sections(agreement: Agreement) -> tuple[Section, ...]:
    """Everything that the terms say, in the order in which a signatory needs it."""
    return (
        _parties(agreement),
        Section("What leaves, and what never does", (_leaves(agreement), _never(agreement))),
        Section("What the counts may be used for", tuple(_purpose(one) for one in agreement.purposes)),
        Section(
            "What they may not be used for", (tuple(_use_words(use) for use in agreement.prohibited_uses) or _NOTHING,)
        ),
        Section("Legal basis", _legal(agreement)),
        Section("Whose records are counted", (_opt_out_words(agreement), *_excluded(agreement))),
        Section("What may be counted", (_searches(agreement), _tables(agreement), _codelists(agreement))),
        Section("Who sees it", _seen_by(agreement)),
        *(_undertaken(agreement.undertakings) if agreement.undertakings is not None else ()),
    )


def terms_words(terms: SearchTerms) -> str:
    """What is agreed of one search, in one line."""
    split = f", by {' and '.join(terms.dimensions)}" if terms.dimensions else ""
    means = f", mean of {', '.join(one.name for one in terms.measures)}" if terms.measures else ""
    relaxed = "; the other side of a few people is shown" if Relaxation.ONE_SIDED in terms.relaxed else ""
    return f"{terms.search_id}, {terms.schedule}{split}{means}{relaxed}"


_NOTHING = "Not stated."


def _title(agreement: Agreement) -> str:
    return f"{agreement.title} ({agreement.id}, version {agreement.version})"


def _parties(agreement: Agreement) -> Section:
    count = len(agreement.practices)
    practices = f"{count} practice{'s' if count != 1 else ''}"
    blocks: list[Block] = [
        f"This is a {KIND_WORDS[agreement.kind]}.",
        f"Between the hub {agreement.hub} and {practices}: {', '.join(agreement.practices)}.",
        f"In force from {agreement.start} to {agreement.end}, for a practice once it has signed.",
    ]
    rest = agreement.undertakings
    if rest is not None:
        if rest.supersedes:
            blocks.append(f"It takes the place of the version before it, whose document is {rest.supersedes}.")
        if rest.controllers:
            rows = tuple(sorted(rest.controllers.items()))
            blocks.append(Grid("Controllers that practices belong to", ("practice", "controller"), rows))
        rows3 = tuple((one.code, one.name, _word(one.role), _word(one.office)) for one in rest.parties)
        blocks.append(Grid("Other parties", ("code", "name", "role", "signs as"), rows3))
        until = f" It can be accepted until {rest.offer_until}." if rest.offer_until is not None else ""
        blocks.append(f"For each practice its {_word(rest.practice_office)} signs.{until}")
    return Section("Between whom", tuple(blocks))


def _leaves(agreement: Agreement) -> str:
    return f"What leaves: counts, never rows, protected by the disclosure profile {agreement.profile}."


def _never(agreement: Agreement) -> str:
    means = "; of a value only its mean, clipped" if any(one.measures for one in agreement.searches) else ""
    return f"No name, number, date of birth, address or free text can be asked for{means}."


def _purpose(purpose: Purpose) -> Block:
    tag = f"{_word(purpose.tag).capitalize()}: " if purpose.tag else ""
    benefits = f" Benefits: {'; '.join(purpose.benefits)}." if purpose.benefits else ""
    return (f"{tag}{purpose.text}{benefits}",)


def _use_words(use: str) -> str:
    return _word(use).capitalize() if use in tuple(ProhibitedUse) else use


def _legal(agreement: Agreement) -> tuple[Block, ...]:
    rest = agreement.undertakings
    if rest is None:
        return (agreement.legal_basis or (_NOTHING,),)
    legal = rest.legal
    reference = f", reference {legal.reference}" if legal.reference else ""
    lines: list[str] = [
        f"UK GDPR Article {legal.article_6} and Article {legal.article_9}.",
        f"Data Protection Act 2018, schedule 1, {legal.schedule_1}.",
        f"Common-law duty of confidentiality: {_word(legal.confidentiality)}{reference}.",
        f"What has left is {_word(legal.on_leaving)}: the disclosure profile is why it counts as anonymous.",
        *agreement.legal_basis,
    ]
    if rest.joint is not None:
        joint = rest.joint
        lines += [
            f"People ask: {joint.contact}. Their rights are answered by: {joint.rights}.",
            f"A breach is led by: {joint.breaches}. The essence of it all is published at: {joint.published_at}.",
        ]
    return (tuple(lines),)


def _opt_out_words(agreement: Agreement) -> str:
    first = "People registered now and alive. People who opted out (Type 1) are not counted."
    if agreement.opt_out_policy is OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED:
        return f"{first} Nor are people with a National Data Opt-Out."
    if agreement.undertakings is None:
        return first
    return f"{first} The National Data Opt-Out does not apply: {agreement.undertakings.national_reason}."


def _excluded(agreement: Agreement) -> tuple[Block, ...]:
    rest = agreement.undertakings
    return (f"Also left out: {'; '.join(rest.excluded)}.",) if rest is not None and rest.excluded else ()


def _searches(agreement: Agreement) -> Block:
    if agreement.undertakings is None:
        return tuple(terms_words(terms) for terms in agreement.searches)
    rows = tuple(_search_row(terms) for terms in agreement.searches)
    return Grid("Searches, and how often", ("search", "how often", "split by", "means of", "beyond the profile"), rows)


def _search_row(terms: SearchTerms) -> tuple[str, ...]:
    gap = f", {terms.gap_days} days apart or more" if terms.gap_days else ""
    means = ", ".join(f"{one.name} from {one.low} to {one.high} {one.unit}" for one in terms.measures)
    relaxed = "the other side of a few people is shown" if Relaxation.ONE_SIDED in terms.relaxed else "nothing"
    return (
        terms.search_id,
        f"{terms.schedule}, for {terms.most_per_period} date{'s' if terms.most_per_period != 1 else ''} each{gap}",
        " and ".join(terms.dimensions) or "nothing",
        means or "none",
        relaxed,
    )


def _tables(agreement: Agreement) -> Block:
    rows = tuple((table, ", ".join(columns)) for table, columns in sorted(agreement.tables.items()))
    return Grid("Records that searches may read", ("table", "columns"), rows)


def _codelists(agreement: Agreement) -> Block:
    if not agreement.codelists:
        return "Found by the code lists: none."
    if not any(agreement.codelists.values()):
        return f"Found by the code lists: {', '.join(agreement.codelists)}."
    rows = tuple((name, digest or "not pinned") for name, digest in sorted(agreement.codelists.items()))
    return Grid("Code lists, each with the digest of its codes", ("code list", "SHA-256 of its codes"), rows)


def _seen_by(agreement: Agreement) -> tuple[Block, ...]:
    peers = f"Peers: {_VIEW_WORDS[agreement.view]}"
    rest = agreement.undertakings
    if rest is None:
        return (peers,)
    rows = tuple((one.organisation, one.group, _word(one.view)) for one in rest.recipients)
    onward = (
        f"to {'; '.join(rest.onward)}, under the profile nhs-round5 or a narrower one" if rest.onward else "to nobody"
    )
    return (
        peers,
        Grid("Recipients", ("organisation", "group", "sees"), rows),
        f"Passed on {onward}. Published: {rest.publication or 'nothing'}.",
    )


def _undertaken(rest: Undertakings) -> tuple[Section, ...]:
    security, kept = rest.security, rest.retention
    toolkit = "The hub meets" if security.toolkit_met else "The hub does not meet"
    processors = "; ".join(security.processors) or "none"
    return (
        Section(
            "How long it is kept, and how safely",
            (
                f"Results for {kept.results_days} days, what is made of them for {kept.derived_days} days.",
                f"The record of what happened: for {kept.audit_years} years.",
                f"{toolkit} the standards of the Data Security and Protection Toolkit.",
                f"Country: {security.country}. Processors: {processors}.",
            ),
        ),
        Section("Impact assessment and review", _reviews(rest)),
        Section("Stopping and leaving", _leaving(rest)),
    )


def _reviews(rest: Undertakings) -> tuple[Block, ...]:
    dpia = rest.dpia
    assessed = (
        f"Impact assessment: {dpia.reference}, approved by {dpia.approved_by}, SHA-256 {dpia.sha256}, looked at again "
        f"by {dpia.review}."
        if dpia is not None
        else "Impact assessment: none yet; without one this cannot be proposed."
    )
    grace = (
        f"{REVIEW_GRACE.days} days after either date passes without a new version, everything under it is suspended."
    )
    return (assessed, f"The parties look at this agreement again by {rest.review}. {grace}")


def _leaving(rest: Undertakings) -> tuple[Block, ...]:
    stop = "Any party may suspend it alone and at once; a practice can do so at its own agent while the hub is down."
    leaving = rest.withdrawal
    if not leaving.allowed:
        return (stop, "The law requires it: nobody can withdraw from it.")
    received = (
        "the counts already received are kept for as long as is agreed above"
        if leaving.received is Received.KEEP
        else f"the counts already received are deleted within {leaving.delete_days} days, with a certificate"
    )
    return (
        stop,
        "A practice may withdraw. From that moment nothing more runs or leaves.",
        f"Its other obligations end after {leaving.notice_days} days, and {received}.",
    )


_VIEW_WORDS = {
    View.UNNAMED: "they see your percentages, never your name or counts.",
    View.NAMED_BY_CONSENT: "they see your name and counts only if you agree to be named; otherwise percentages alone.",
}


def _word(tag: str) -> str:
    return str(tag).replace("_", " ")


def _block_lines(block: Block) -> list[str]:
    match block:
        case str():
            return [f"  {block}"]
        case Grid(caption, header, rows):
            lines = ["    * " + "; ".join(map(": ".join, zip(header, row, strict=True))) for row in rows]
            return [f"  {caption}:", *(lines or ["    * none"])]
        case _:
            return [f"  * {line}" for line in block]


def _block_html(block: Block) -> str:
    match block:
        case str():
            return f"<p>{html.escape(block)}</p>"
        case Grid(caption, header, rows):
            heads = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in header)
            body = "\n".join(f"<tr>{_cells(row)}</tr>" for row in rows)
            return (
                f"<table>\n<caption>{html.escape(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
                f"<tbody>\n{body}\n</tbody>\n</table>"
            )
        case _:
            items = "\n".join(f"<li>{html.escape(line)}</li>" for line in block)
            return f"<ul>\n{items}\n</ul>"


def _cells(row: tuple[str, ...]) -> str:
    first, *others = (html.escape(cell) for cell in row)
    return f'<th scope="row">{first}</th>' + "".join(f"<td>{cell}</td>" for cell in others)


_STYLE = """body{font:1rem/1.5 Arial,sans-serif;color:#212b32;background:#fff}
body{max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2}h2{font-size:1.2rem;margin:1.6rem 0 .4rem}p,ul{margin:.4rem 0}
table{border-collapse:collapse;width:100%;margin:.8rem 0}caption{text-align:left;font-weight:bold;padding:.3rem 0}
th,td{border-bottom:1px solid #768692;text-align:left;vertical-align:top}
th,td{padding:.3rem .5rem .3rem 0;overflow-wrap:anywhere}
@media print{body{max-width:none;margin:0;font-size:10pt}h2{break-after:avoid}tr{break-inside:avoid}}
@page{size:A4;margin:18mm}"""

_PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""
