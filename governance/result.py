"""A result before it is sealed and after it was opened: two types, because only the first was made of safe tables.

A `ResultMessage` takes nothing but `SafeTable`s. A `ReceivedResult` is known to be the practice's, and nothing more:
whether its agreement, its searches and its cells are allowed is still to be enforced.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Protocol

from governance.canonical import to_canonical
from governance.cells import ReceivedTable
from governance.errors import FormatError, TrustError
from governance.optouts import OptOutPolicy
from governance.profiles import SIZE_BANDS
from governance.restatement import Restatement
from governance.suppress import SafeTable

MOST_SEARCHES: Final = 2000


class Receipt(Protocol):
    """What is needed of a translation receipt."""

    @property
    def statement_digest(self) -> str:
        """SHA-256 (hex) of the statement that ran."""


@dataclass(frozen=True, slots=True)
class Translations:
    """By what the searches were turned into statements.

    Args:
        layout: of the practice's record system.
        layout_version: of the layout.
        engine: SQL engine.
        engine_version: of the engine.
        statements: SHA-256 (hex) of the statement that ran, by search id; none for a search that did not run.
    """

    layout: str
    layout_version: str
    engine: str
    engine_version: str
    statements: Mapping[str, str]

    @classmethod
    def of(
        cls, receipts: Mapping[str, Receipt], layout: str, layout_version: str, engine: str, engine_version: str
    ) -> Translations:
        """From the receipts of the searches that ran."""
        statements = {search_id: receipt.statement_digest for search_id, receipt in receipts.items()}
        return cls(layout, layout_version, engine, engine_version, statements)

    @property
    def digest(self) -> str:
        """Over all of it (SHA-256, hex)."""
        parts = {
            "layout": self.layout,
            "layout_version": self.layout_version,
            "engine": self.engine,
            "engine_version": self.engine_version,
            "statements": dict(self.statements),
        }
        return hashlib.sha256(b"gpfed receipts v1\n" + to_canonical(parts)).hexdigest()


@dataclass(frozen=True, slots=True)
class ResultMessage:
    """What one practice sends for one agreement and reference date.

    Args:
        practice: its code.
        agreement_id: under which agreement.
        agreement_version: which version of it.
        agreement_digest: SHA-256 (hex) of its document.
        reference_date: of the answers.
        sequence: its place in the practice's chain, from 1.
        previous: SHA-256 (hex) of the file before it, or `wire.FIRST`.
        tables: one for each search, all under one profile; kept in order of their ids.
        translations: by what they were turned into statements.
        opt_out_policy: by which people were taken off.
        optouts_as_of: the day of the opt-out list.
        delivered_on: the day of the newest delivery of the extract.
        agent_version: of the agent.
        list_size_band: one of `profiles.SIZE_BANDS`.
        restates: of a restatement, what it restates and why; None for what is released first.
    """

    practice: str
    agreement_id: str
    agreement_version: int
    agreement_digest: str
    reference_date: date
    sequence: int
    previous: str
    tables: tuple[SafeTable, ...]
    translations: Translations
    opt_out_policy: OptOutPolicy
    optouts_as_of: date
    delivered_on: date
    agent_version: str
    list_size_band: str
    restates: Restatement | None = None

    def __post_init__(self) -> None:
        if any(type(table) is not SafeTable for table in self.tables):
            raise TypeError("a result takes nothing but SafeTables")
        object.__setattr__(self, "tables", tuple(sorted(self.tables, key=lambda table: table.search_id)))
        ids = [table.search_id for table in self.tables]
        if not 1 <= len(ids) <= MOST_SEARCHES or len(set(ids)) != len(ids):
            raise FormatError(f"result has {len(ids)} tables, expected 1 to {MOST_SEARCHES}, each search once")
        if len({table.profile for table in self.tables}) != 1:
            raise FormatError("result has tables of several profiles, expected one")
        if self.list_size_band not in SIZE_BANDS:
            raise FormatError("result's list size is not one of the four bands")

    @property
    def profile(self) -> str:
        """Of every table."""
        return self.tables[0].profile

    @property
    def searches_digest(self) -> str:
        """Over the ids and digests of the searches answered."""
        return searches_digest((table.search_id, table.search_digest) for table in self.tables)

    @property
    def shape(self) -> tuple[tuple[str, int], ...]:
        """For each search its id and how many cells its table has."""
        return tuple((table.search_id, len(table.rows)) for table in self.tables)

    @property
    def measured(self) -> tuple[str, ...]:
        """The ids of the distributions among the searches."""
        return tuple(table.search_id for table in self.tables if table.rows[0].statistics is not None)

    def to_json(self) -> dict[str, object]:
        """Everything that leaves, spelled out for people."""
        return {
            "practice": self.practice,
            "agreement": self.agreement_id,
            "agreement_version": self.agreement_version,
            "agreement_digest": self.agreement_digest,
            "reference_date": self.reference_date.isoformat(),
            "sequence": self.sequence,
            "previous": self.previous,
            "opt_outs": str(self.opt_out_policy),
            "optouts_as_of": self.optouts_as_of.isoformat(),
            "delivered_on": self.delivered_on.isoformat(),
            "agent_version": self.agent_version,
            "list_size_band": self.list_size_band,
            "layout": self.translations.layout,
            "layout_version": self.translations.layout_version,
            "engine": self.translations.engine,
            "engine_version": self.translations.engine_version,
            "statements": dict(self.translations.statements),
            **({"restates": self.restates.to_json()} if self.restates is not None else {}),
            "tables": [table.to_json() for table in self.tables],
        }


@dataclass(frozen=True, slots=True)
class ReceivedResult:
    """A result as it came out of its seal: it is the practice's, but nothing in it has been enforced.

    Args:
        tables: to be rechecked.
        statements: first 16 hex digits of the digest of each statement that ran, by search id.
        receipts_digest: over the whole of the practice's translation receipts.
        payload: the exact bytes that the practice signed.
        restates: of a restatement, what it says to restate and why.
    """

    practice: str
    agreement_id: str
    agreement_version: int
    agreement_digest: str
    reference_date: date
    sequence: int
    previous: str
    searches_digest: str
    hub_key: str
    profile: str
    tables: tuple[ReceivedTable, ...]
    opt_out_policy: str
    optouts_as_of: date
    delivered_on: date
    agent_version: str
    list_size_band: str
    layout: str
    layout_version: str
    engine: str
    engine_version: str
    statements: Mapping[str, str]
    receipts_digest: str
    payload: bytes = field(repr=False)
    restates: Restatement | None = None

    @property
    def shape(self) -> tuple[tuple[str, int], ...]:
        """For each search its id and how many cells its table has."""
        return tuple((table.search_id, len(table.rows)) for table in self.tables)

    @property
    def measured(self) -> tuple[str, ...]:
        """The ids of the distributions among the searches."""
        return tuple(table.search_id for table in self.tables if table.statistics is not None)


def searches_digest(searches: Iterable[tuple[str, str]]) -> str:
    """Over ids and content digests, in order of the ids (SHA-256, hex)."""
    listed = [[search_id, digest] for search_id, digest in sorted(searches)]
    return hashlib.sha256(b"gpfed searches v1\n" + to_canonical(listed)).hexdigest()


def check_searches(received: ReceivedResult, digests: Mapping[str, str]) -> None:
    """Return if a result answers exactly these searches with exactly this content.

    Args:
        received: opened.
        digests: SHA-256 (hex) of the content of each search that was published, by id.

    Raises:
        TrustError: it answers another search, or another content.
    """
    ids = [table.search_id for table in received.tables]
    unknown = [search_id for search_id in ids if search_id not in digests]
    if unknown:
        raise TrustError(f"result answers searches that were not published: {', '.join(unknown[:5])}")
    if searches_digest((search_id, digests[search_id]) for search_id in ids) != received.searches_digest:
        raise TrustError("result answers other searches than those published")
