"""The agreement of a demonstration: the library's searches, and no table, column or code list beyond what they read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta

from governance.agreement import Agreement, Kind, SearchTerms, View
from governance.optouts import OptOutPolicy
from hub.demo.plan import AGREEMENT_ID, REFERENCE_DATE, PlannedPractice
from searches.footprint import footprint
from searches.parse import parse
from searches.search import Search


def agreement(hub: str, practices: Sequence[PlannedPractice], searches: Sequence[Search], today: date) -> Agreement:
    """An agreement that runs from before the reference date until a year from now."""
    tables: dict[str, set[str]] = defaultdict(set)
    codelists: set[str] = set()
    for search in searches:
        read = footprint(parse(search.sql))
        codelists |= read.codelists
        for table, columns in read.tables.items():
            tables[table] |= columns
    return Agreement(
        id=AGREEMENT_ID,
        version=1,
        title="Sharing to improve (demonstration)",
        kind=Kind.SHARING,
        hub=hub,
        practices=tuple(practice.code for practice in practices),
        purposes=("Comparing care between practices, so that they can learn from each other",),
        prohibited_uses=("Performance management", "Payment", "Insurance", "Marketing", "Re-identification"),
        legal_basis=("Invented people: a real agreement states its basis here",),
        searches=tuple(
            SearchTerms(search.id, tuple(dimension.name for dimension in search.dimensions), search.schedule)
            for search in searches
        ),
        tables={table: tuple(sorted(columns)) for table, columns in sorted(tables.items())},
        codelists=tuple(sorted(codelists)),
        profile="gp-bench",
        opt_out_policy=OptOutPolicy.TYPE1_EXCLUDED,
        view=View.NAMED_BY_CONSENT,
        start=min(REFERENCE_DATE, today) - timedelta(days=365),
        end=max(REFERENCE_DATE, today) + timedelta(days=365),
    )
