"""A small world for tests of the boundary: one hub, three reviewers, one practice, one search; keys never change."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from governance.agreement import ActiveAgreement, Agreement
from governance.catalogue import (
    HUB_TARGET,
    AgreementIndex,
    HubIdentity,
    IndexEntry,
    SearchBundle,
    agreement_path,
    check_bundle,
    index_path,
    search_path,
    write_bundle,
    write_hub,
    write_index,
)
from governance.clauses import Undertakings
from governance.keys import SealingKey, SigningKey
from governance.optouts import CountedPeople, take_off
from governance.profiles import GP_BENCH, Profile
from governance.release_history import ReleaseHistory
from governance.review import Review, ReviewedSearch, ReviewOf, Role, StaffMember, sign_review
from governance.sealing import ResultMessage, Translations
from governance.standing import Places
from governance.suppress import Practice, SafeTable, Terms, suppress
from governance.terms import activate, read_agreement, read_terms, sign_agreement
from governance.wire import FIRST, Acceptance, AgreementDecision, PracticeIdentity, sign_acceptance
from searches.codelist import parse_codelist
from searches.document import SearchFiles, content_digest
from searches.people import PeopleSet, PeopleSets, Roster
from searches.search import TOTALS, Dimension, Good, Outcome, Schedule, Search, Unit

REFERENCE_DATE = date(2026, 3, 31)
TODAY = date(2026, 4, 2)
PRACTICE = "Z90001"

CODELIST = "system,code,label,category\nsnomed,162999005,pulse regular on examination,\n"
PINNED = parse_codelist("pulse_rhythm", CODELIST).digest

TERMS = """
schema: 2
id: heart-health
version: 1
title: Heart health in Northside
kind: sharing
hub: NORTHSIDE
practices: [Z90001, Z90002]
purposes:
  - {tag: care_improvement, text: Comparing care between practices to improve it, benefits: [Care gets better]}
prohibited_uses: [re_identification, performance_management, Ranking of practices]
legal: {article_6: 6(1)(e), article_9: 9(2)(h), schedule_1: paragraph 2, confidentiality: anonymous}
searches:
  - {id: tiny-search, dimensions: [sex], schedule: monthly}
tables:
  patient: [patient_id, age, sex]
  event: [patient_id, event_date, code]
codelists: {pulse_rhythm: "PINNED"}
profile: gp-bench
opt_outs: {national: not_applicable, reason: what leaves is anonymous}
view: named_by_consent
dpia: {reference: DPIA 12, sha256: "DIGEST", approved_by: A. Guardian, review: 2027-01-31}
review: 2027-03-31
offer_until: 2026-06-01
start: 2026-01-01
end: 2027-12-31
""".replace("PINNED", PINNED).replace("DIGEST", "d" * 64)

SEARCH_YAML = """
schema: 1
id: tiny-search
title: Pulse checked
why_it_matters: An irregular pulse is a sign that can be treated.
unit: person
kind: proportion
dimensions: [sex]
codelists: [pulse_rhythm]
good: higher
schedule: monthly
owner: Northside
authored_by: A. Author
next_review: 2027-11-01
"""

SEARCH_SQL = """SELECT p.patient_id, p.sex,
       CASE WHEN EXISTS (SELECT 1 FROM event AS e
                         WHERE e.patient_id = p.patient_id
                           AND e.code IN codelist.pulse_rhythm
                           AND e.event_date >= :reference_date - INTERVAL '5' YEAR)
            THEN 'met' ELSE 'not met' END AS outcome
FROM patient AS p
WHERE p.age >= 65
"""


def signing_key(name: str) -> SigningKey:
    """The signing key of somebody: from the name, so that vectors never change."""
    return SigningKey(hashlib.sha256(f"sign {name}".encode()).digest())


def sealing_key(name: str) -> SealingKey:
    """The sealing key of somebody."""
    return SealingKey(hashlib.sha256(f"seal {name}".encode()).digest())


HUB_SEAL = sealing_key("hub")
HUB_AGREEMENTS = signing_key("hub agreements")
HUB_RECEIPTS = signing_key("hub receipts")
PRACTICE_KEY = signing_key(PRACTICE)
IDENTITY = PracticeIdentity(PRACTICE, PRACTICE_KEY.public)
PEOPLE = {Role.AUTHOR: "a.author", Role.CLINICAL: "c.clinician", Role.GOVERNANCE: "g.governor"}
STAFF = tuple(
    StaffMember(person, person.title(), frozenset({role}), signing_key(person).public)
    for role, person in PEOPLE.items()
)
HUB = HubIdentity(
    "NORTHSIDE",
    "Northside hub",
    HUB_SEAL.public,
    HUB_RECEIPTS.public,
    HUB_AGREEMENTS.public,
    STAFF,
    ("heart-health",),
)


def agreement(**changes: object) -> Agreement:
    """The agreement, with changes."""
    return replace(read_terms(TERMS), **changes)  # type: ignore[arg-type]


def undertakings(**changes: object) -> Undertakings:
    """What the agreement states beyond what searches may ask, with changes."""
    rest = read_terms(TERMS).undertakings
    assert rest is not None
    return replace(rest, **changes)  # type: ignore[arg-type]


def acceptance(of: Agreement | None = None, **changes: object) -> Acceptance:
    """The practice's acceptance of an agreement."""
    signed = read_agreement(sign_agreement(of or agreement(), HUB_AGREEMENTS), HUB_AGREEMENTS.public)
    word = Acceptance(
        PRACTICE,
        signed.agreement.id,
        signed.agreement.version,
        signed.digest,
        AgreementDecision.ACCEPT,
        named=True,
        sequence=1,
        previous=FIRST,
        on=TODAY,
    )
    return replace(word, **changes)  # type: ignore[arg-type]


def active(of: Agreement | None = None) -> ActiveAgreement:
    """An agreement signed by both sides."""
    terms = of or agreement()
    signed = read_agreement(sign_agreement(terms, HUB_AGREEMENTS), HUB_AGREEMENTS.public)
    word = sign_acceptance(acceptance(terms), PRACTICE_KEY)
    return activate(signed, HUB_AGREEMENTS.public, word, IDENTITY, TODAY)


def files(sql: str = SEARCH_SQL, yaml: str = SEARCH_YAML) -> SearchFiles:
    """The files of a search."""
    return SearchFiles(files={"search.yaml": yaml.lstrip(), "search.sql": sql}, codelists={"pulse_rhythm": CODELIST})


def review(role: Role, about: ReviewOf, person: str = "") -> Review:
    """Somebody's signature over a search."""
    name = person or PEOPLE[role]
    return sign_review(signing_key(name), role, name, about)


def bundle(texts: SearchFiles | None = None, search_id: str = "tiny-search") -> SearchBundle:
    """A published search."""
    texts = texts or files()
    about = ReviewOf("heart-health", search_id, content_digest(texts))
    reviews = tuple(review(role, about) for role in Role)
    return SearchBundle("heart-health", 1, search_id, about.digest, texts, reviews)


def reviewed() -> ReviewedSearch:
    """A search that three people signed."""
    return check_bundle(bundle(), HUB)


def targets(**changes: bytes) -> dict[str, bytes]:
    """Everything that the hub publishes."""
    one = bundle()
    path = search_path("heart-health", one.search_id, one.digest)
    index = AgreementIndex("heart-health", 1, (IndexEntry(one.search_id, one.digest, path),))
    return {
        HUB_TARGET: write_hub(HUB),
        agreement_path("heart-health"): sign_agreement(agreement(), HUB_AGREEMENTS),
        index_path("heart-health"): write_index(index),
        path: write_bundle(one),
        **changes,
    }


def search(
    search_id: str = "tiny-search", values: tuple[str, ...] = (), unit: Unit = Unit.PERSON, good: Good = Good.HIGHER
) -> Search:
    """A search that needs no SQL."""
    return Search(
        id=search_id,
        title="Tiny",
        why_it_matters="It does",
        unit=unit,
        kind="proportion",
        dimensions=(Dimension("group", values),) if values else (),
        codelists={},
        good=good,
        target=None,
        schedule=Schedule.MONTHLY,
        owner="us",
        authored_by="us",
        next_review=date(2027, 1, 1),
        sql="",
        digest=hashlib.sha256(search_id.encode()).hexdigest(),
    )


Counts = dict[int, int]


def people(one: Search, cells: list[tuple[list[int], list[int], list[int]]]) -> PeopleSets:
    """An answer from how many rows each person has (1 to 3), by cell and outcome; nobody is in two cells.

    Args:
        one: the search; without dimensions it has one cell, the totals.
        cells: for each cell without the totals row: rows of each person who met, did not, was excepted.
    """
    position = 0
    sets: dict[tuple[tuple[str, str], ...], dict[Outcome, dict[int, int]]] = {}
    names = [cell for cell in one.cells() if cell != TOTALS] or [TOTALS]
    totals: dict[Outcome, dict[int, int]] = {outcome: {} for outcome in Outcome}
    for cell, by_outcome in zip(names, cells, strict=True):
        sets[cell] = {}
        for outcome, rows in zip(Outcome, by_outcome, strict=True):
            counts = dict(enumerate(rows, start=position))
            position += len(rows)
            sets[cell][outcome] = counts
            totals[outcome] |= counts
    sets[TOTALS] = totals
    counted = {
        cell: {outcome: PeopleSet.of_counts(counts) for outcome, counts in by.items()} for cell, by in sets.items()
    }
    roster = Roster(tuple(str(number) for number in range(position)))
    return PeopleSets(one, REFERENCE_DATE, roster, counted, counted)


def counted(one: Search, cells: list[tuple[list[int], list[int], list[int]]]) -> CountedPeople:
    """The same with nobody opted out."""
    return take_off(people(one, cells), 0, REFERENCE_DATE, "type1_excluded")


def table(
    met: int, not_met: int, excepted: int = 0, search_id: str = "tiny-search", profile: Profile = GP_BENCH
) -> SafeTable:
    """A table of one row."""
    return first_release(counted(search(search_id), [([1] * met, [1] * not_met, [1] * excepted)]), profile, 6000)


def first_release(
    one: CountedPeople, profile: Profile, list_size: int, lists: tuple[int, ...] | None = None
) -> SafeTable:
    """The table of a search that is released for the first time, before any other, at a practice of this size.

    Args:
        lists: how many are registered in each cell, which everyone knows; None: nobody knows.
    """
    largest = max(
        (people.members.bit_length() for by_outcome in one.counted.values() for people in by_outcome.values()),
        default=0,
    )
    roster = Roster(tuple(str(number) for number in range(largest)))
    practice = PracticeOfSize(roster, 0, bytes(32), list_size, lists)
    return suppress([one], Terms("heart-health", profile), practice, ReleaseHistory()).tables[0]


@dataclass(frozen=True)
class PracticeOfSize(Practice):
    """A practice whose list sizes are as told, whoever is on its roster."""

    told: int = 0
    known: tuple[int, ...] | None = None

    @property
    def list_size(self) -> int:
        return self.told

    def lists(self, places: Places) -> tuple[int, ...] | None:
        return self.known


def message(*tables: SafeTable, **changes: object) -> ResultMessage:
    """What a practice sends."""
    tables = tables or (table(80, 20),)
    sent = ResultMessage(
        practice=PRACTICE,
        agreement_id="heart-health",
        agreement_version=1,
        agreement_digest="a" * 64,
        reference_date=REFERENCE_DATE,
        sequence=2,
        previous="b" * 64,
        tables=tables,
        translations=Translations("emis_im1", "1", "duckdb", "1.2.0", {one.search_id: "c" * 64 for one in tables}),
        opt_out_policy="type1_excluded",  # type: ignore[arg-type]
        optouts_as_of=REFERENCE_DATE,
        delivered_on=REFERENCE_DATE,
        agent_version="0.1.0",
        list_size_band="4,000 to 7,999",
    )
    return replace(sent, **changes)  # type: ignore[arg-type]
