"""A draft of each kind of agreement, as YAML for people to complete: what the searches need, and the narrow choices.

A draft is complete except for what only people know, which is marked `CHANGE`; it cannot be proposed before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor
from typing import Final

from governance.clauses import Kind, Measure, SearchTerms
from searches.footprint import footprint
from searches.parse import parse
from searches.search import Search

YEARS: Final = timedelta(days=2 * 365)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft begins with: its kind, id, the hub's code, the practices, the searches, the first day."""

    kind: Kind
    id: str
    hub: str
    practices: Sequence[str]
    searches: Sequence[Search]
    start: date


def draft(begun: Draft) -> str:
    """The draft, as YAML."""
    return "\n".join((*_head(begun), *_legal(begun), *_scope(begun.searches), *_rest(begun))) + "\n"


def scope_of(searches: Sequence[Search]) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, str]]:
    """What searches read and no more: tables with their columns, and code lists with the SHA-256 of their codes."""
    tables: dict[str, set[str]] = defaultdict(set)
    codelists: dict[str, str] = {}
    for search in searches:
        codelists |= {name: one.digest for name, one in search.codelists.items()}
        for table, columns in footprint(parse(search.sql)).tables.items():
            tables[table] |= columns
    return {table: tuple(sorted(columns)) for table, columns in sorted(tables.items())}, dict(sorted(codelists.items()))


def terms_of(search: Search, most_per_period: int = 1) -> SearchTerms:
    """What a search needs of an agreement and no more; a measure's range in whole units."""
    asked = search.measure
    measures = (Measure(asked.name, floor(asked.low), ceil(asked.high), asked.unit),) if asked is not None else ()
    dimensions = tuple(dimension.name for dimension in search.dimensions)
    return SearchTerms(search.id, dimensions, search.schedule, measures=measures, most_per_period=most_per_period)


def _head(begun: Draft) -> list[str]:
    joint = begun.kind is Kind.JOINT_CONTROLLERS
    internal = [f"controllers: {{{', '.join(f'{code}: CHANGE' for code in begun.practices)}}}   # all the same one"]
    arrangement = ["joint:  # UK GDPR Article 26", *(f"  {name}: CHANGE" for name in _JOINT)]
    processor = ["parties:", f"  - {{code: {begun.hub}, name: CHANGE, role: hub_operator}}", _PROCESSOR]
    return [
        "schema: 2",
        f"id: {begun.id}",
        "version: 1",
        "title: CHANGE",
        f"kind: {begun.kind}",
        f"hub: {begun.hub}",
        f"practices: [{', '.join(begun.practices)}]",
        *(internal if begun.kind is Kind.INTERNAL else ()),
        *(arrangement if joint else ()),
        *(processor if begun.kind is Kind.PROCESSOR else ()),
    ]


_JOINT: Final = ("contact", "rights", "breaches", "published_at")
_PROCESSOR: Final = "  - {code: P0001, name: CHANGE, role: processor}"


def _legal(begun: Draft) -> list[str]:
    notice = begun.kind is Kind.PROVISION_NOTICE
    article_6 = "6(1)(c)" if notice else "6(1)(e)"
    duty = "statute, reference: CHANGE" if notice else "anonymous"
    return [
        "purposes:  # care_improvement, direct_care, clinical_audit, service_planning, public_health or research",
        "  - tag: care_improvement",
        "    text: Comparing care between practices, so that they can learn from each other",
        "    benefits: [CHANGE]",
        "prohibited_uses: [re_identification, performance_management, insurance, marketing]",
        f"legal: {{article_6: {article_6}, article_9: 9(2)(h), schedule_1: paragraph 2, confidentiality: {duty}}}",
        "opt_outs:  # Type 1 is always left out; of the national one say {national: exclude}, or why it does not apply",
        "  national: not_applicable",
        "  reason: what leaves is anonymous",
    ]


def _scope(searches: Sequence[Search]) -> list[str]:
    tables, codelists = scope_of(searches)
    lines = ["searches:"]
    for search in searches:
        terms = terms_of(search)
        split = ", ".join(terms.dimensions)
        lines.append(f"  - {{id: {search.id}, dimensions: [{split}], schedule: {search.schedule}{_means(terms)}}}")
    lines += ["tables:", *(f"  {table}: [{', '.join(columns)}]" for table, columns in tables.items())]
    lines += [
        "codelists:  # each with the SHA-256 of its codes",
        *(f"  {name}: {one}" for name, one in codelists.items()),
    ]
    return [*lines[:-1], f"{lines[-1]} {{}}"] if not codelists else lines


def _means(terms: SearchTerms) -> str:
    said = [f"{{name: {one.name}, low: {one.low}, high: {one.high}, unit: {one.unit}}}" for one in terms.measures]
    return f", measures: [{', '.join(said)}]" if said else ""


def _rest(begun: Draft) -> list[str]:
    notice = begun.kind is Kind.PROVISION_NOTICE
    allowed = "false" if notice else "true"
    review = begun.start + timedelta(days=365)
    return [
        "profile: nhs-round5  # or gp-bench, among the named recipients alone; or strict10",
        "view: unnamed  # or named_by_consent",
        "recipients:",
        "  - {organisation: The practices of this agreement, group: all staff, view: practice_level}",
        "onward: []",
        "retention: {results_days: 1095, derived_days: 1095, audit_years: 8}",
        "security: {toolkit_met: true, country: United Kingdom, processors: []}",
        "dpia:",
        "  reference: CHANGE",
        "  sha256: CHANGE  # of the assessment's file: sha256sum FILE",
        "  approved_by: CHANGE",
        f"  review: {review}",
        f"review: {review}",
        f"withdrawal: {{allowed: {allowed}, notice_days: 30, received: keep}}",
        f"start: {begun.start}",
        f"end: {begun.start + YEARS}",
    ]
