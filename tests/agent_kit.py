"""A hub in one folder for the agent's tests: real keys, signed catalogue and mailbox rules; no network, no Django.

What the hub's own tests cover (its database, its pages) is left out here; what crosses the boundary is all real.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from agent.config import Config, Hub, write_config
from agent.databases.settings import DatabaseSettings
from agent.diary import Diary
from agent.errors import HubRefusedError, NotThereError, TooLargeError
from agent.pull import set_anchor
from agent.state import StateFolder
from agent.transport import Patience
from governance.agreement import Agreement
from governance.agreement_draft import terms_of
from governance.catalogue import (
    AgreementIndex,
    HubIdentity,
    IndexEntry,
    SearchBundle,
    agreement_path,
    index_path,
    read_index,
    role_name,
    role_paths,
    search_path,
    write_bundle,
    write_hub,
    write_index,
)
from governance.clauses import ImpactAssessment, Kind, Purpose, PurposeTag, SearchTerms, View
from governance.keys import SealingKey, SigningKey, VerifyKey, write_key
from governance.log_entry import Kind as EntryKind
from governance.note import Receipt, sign_receipt
from governance.optouts import OptOutPolicy
from governance.review import ReviewOf, Role, StaffMember, sign_review
from governance.sealing import ReceivedResult, open_sealed
from governance.terms import read_agreement, sign_agreement
from governance.wire import PracticeIdentity, file_digest, parse_upload_name, read_acceptance, receipt_name
from hub import errors as hub_errors
from hub.mailbox import Account, Places, PracticeAccount, Rights
from hub.repository import Delegation, OnlineKeys, Repository
from searches.canon import TABLES
from searches.document import content_digest, library_folder, read_folder, read_search
from searches.footprint import footprint
from searches.layouts.layout import IDENTITY_HEADER
from searches.parse import parse
from searches.search import Search
from tests.conformance.already import already_green
from tests.governance_kit import undertakings
from tests.log_kit import Shelf

PRACTICE = "Z90001"
AGREEMENT = "heart-health"
REFERENCE_DATE = date(2026, 3, 31)
NOW = datetime.now(UTC)
CANARY = "CANARY-7f3e"
NO_PATIENCE = Patience(seconds=0)


@dataclass
class AccountMailbox:
    """The agent's view of an account of the hub; `before` may be set to fail at a named act."""

    account: Account
    puts: list[str] = field(default_factory=list)

    def list(self, folder: str) -> tuple[str, ...]:
        with _as_agent_sees():
            return self.account.list(folder)

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        with _as_agent_sees(), self.account.open_read(path) as file:
            data = file.read(limit_bytes + 1)
        if len(data) > limit_bytes:
            raise TooLargeError(f"file {path} is larger than {limit_bytes} bytes")
        return data

    def put(self, path: str, data: bytes) -> None:
        with _as_agent_sees():
            upload = self.account.open_write(path + ".part")
            upload.write(0, data)
            upload.close()
            self.account.rename(path + ".part", path)
        self.puts.append(path)


@contextmanager
def _as_agent_sees() -> Iterator[None]:
    try:
        yield
    except hub_errors.NotThereError as error:
        raise NotThereError(error.message) from error
    except hub_errors.AccessError as error:
        raise HubRefusedError(error.message) from error


class Centre:
    """A hub: its keys, its catalogue, one mailbox for each practice, and what it took in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "metadata").mkdir(parents=True)
        (folder / "targets").mkdir()
        self.root_keys = tuple(SigningKey.generate() for _ in range(3))
        self.targets_keys = tuple(SigningKey.generate() for _ in range(3))
        self.online = OnlineKeys(SigningKey.generate(), SigningKey.generate())
        self.people = {role: SigningKey.generate() for role in Role}
        self.agreement_key, self.receipt_key = SigningKey.generate(), SigningKey.generate()
        self.seal_key = SealingKey.generate()
        self.root = self.repository().create(self.root_keys, self.targets_keys)
        self.active = frozenset[str]()
        self.log = Shelf(self.receipt_key)

    @property
    def prepared(self) -> tuple[SigningKey, SigningKey]:
        """Who drafted and who reviewed every agreement."""
        return self.people[Role.AUTHOR], self.people[Role.GOVERNANCE]

    def repository(self, now: datetime = NOW) -> Repository:
        return Repository(self.folder, self.online, now)

    @property
    def identity(self) -> HubIdentity:
        staff = tuple(
            StaffMember(f"{role}-person", role.title(), frozenset({role}), key.public)
            for role, key in self.people.items()
        )
        return HubIdentity(
            "NORTHSIDE",
            "Northside",
            self.seal_key.public,
            self.receipt_key.public,
            self.agreement_key.public,
            staff,
            (AGREEMENT,),
        )

    def publish(self, agreement: Agreement, folders: tuple[Path, ...], now: datetime = NOW) -> None:
        repository = self.repository(now)
        repository.put_hub_file("hub.json", write_hub(self.identity), self.targets_keys[:2])
        reviewers = (self.people[Role.CLINICAL], self.people[Role.GOVERNANCE])
        delegation = Delegation(
            role_name(agreement.id), role_paths(agreement.id), tuple(key.public for key in reviewers)
        )
        repository.delegate(delegation, self.targets_keys[:2])
        files = self.agreement_files(agreement, folders)
        repository.put_agreement_files(role_name(agreement.id), files, reviewers)
        signed = read_agreement(files[agreement_path(agreement.id)], self.agreement_key.public)
        self.log.enter_agreement(agreement.id, signed.digest)
        for entry in read_index(files[index_path(agreement.id)], agreement.id).entries:
            self.log.enter_search(agreement.id, entry.search_id, entry.digest)

    def agreement_files(self, agreement: Agreement, folders: tuple[Path, ...]) -> dict[str, bytes]:
        bundles = [self.bundle(agreement.id, folder) for folder in folders]
        entries = tuple(
            IndexEntry(one.search_id, one.digest, search_path(agreement.id, one.search_id, one.digest))
            for one in bundles
        )
        return {
            agreement_path(agreement.id): sign_agreement(agreement, self.agreement_key, self.prepared),
            index_path(agreement.id): write_index(AgreementIndex(agreement.id, 1, entries)),
            **{entry.path: write_bundle(bundle) for entry, bundle in zip(entries, bundles, strict=True)},
        }

    def bundle(self, agreement_id: str, folder: Path) -> SearchBundle:
        files = read_folder(folder)
        search = read_search(files)
        about = ReviewOf(agreement_id, search.id, content_digest(files))
        reviews = tuple(sign_review(key, role, f"{role}-person", about) for role, key in self.people.items())
        return SearchBundle(agreement_id, 1, search.id, about.digest, files, reviews)

    def account(self, practice: str = PRACTICE) -> PracticeAccount:
        mailbox = self.folder / "mailboxes" / practice
        for name in ("in", "receipts"):
            (mailbox / name).mkdir(parents=True, exist_ok=True)
        rights = Rights(lambda agreement: agreement == AGREEMENT, lambda agreement: agreement in self.active)
        return PracticeAccount(practice, Places(self.folder, mailbox, self.log), rights, lambda: None)

    def receive(self, key: VerifyKey, practice: str = PRACTICE) -> list[ReceivedResult | object]:
        """Take everything in, once, in order, and write the receipts."""
        taken: list[ReceivedResult | object] = []
        mailbox = self.folder / "mailboxes" / practice
        for path in sorted((mailbox / "in").glob("*.gpfed")):
            name, data = parse_upload_name(path.name), path.read_bytes()
            if name.kind == "acceptance":
                taken.append(read_acceptance(data, key))
                self.active = frozenset({AGREEMENT})
            else:
                taken.append(open_sealed(data, PracticeIdentity(practice, key), self.seal_key))
            self.enter(practice, name.sequence, taken[-1], file_digest(data))
            receipt = Receipt(practice, name.sequence, file_digest(data), NOW.replace(microsecond=0))
            signed = sign_receipt(receipt, "NORTHSIDE", self.receipt_key)
            (mailbox / "receipts" / receipt_name(name.sequence)).write_bytes(signed)
            path.unlink()
        return taken

    def enter(self, practice: str, sequence: int, taken: ReceivedResult | object, file: str) -> None:
        """In the log, what was taken in."""
        is_result = isinstance(taken, ReceivedResult)
        kind = EntryKind.RESULT_RECEIVED if is_result else EntryKind.AGREEMENT_ACCEPTED
        self.log.enter_message(kind, practice, {"agreement": AGREEMENT, "sequence": sequence}, file)


def make_agreement(*search_ids: str, **changes: object) -> Agreement:
    """An agreement over just what these searches of the library read."""
    searches = [read_search(read_folder(library_folder(search_id))) for search_id in search_ids]
    tables: dict[str, set[str]] = {}
    for search in searches:
        for table, columns in footprint(parse(search.sql)).tables.items():
            tables.setdefault(table, set()).update(columns)
    terms: dict[str, object] = {
        "id": AGREEMENT,
        "version": 1,
        "title": "Heart health in Northside",
        "kind": Kind.SHARING,
        "hub": "NORTHSIDE",
        "practices": (PRACTICE, "Z90002"),
        "purposes": (Purpose(PurposeTag.CARE_IMPROVEMENT, "Comparing care between practices to improve it"),),
        "prohibited_uses": ("re_identification", "performance_management"),
        "searches": tuple(_terms(one) for one in searches),
        "tables": {table: tuple(sorted(columns)) for table, columns in sorted(tables.items())},
        "codelists": {name: found.digest for one in searches for name, found in one.codelists.items()},
        "profile": "gp-bench",
        "opt_out_policy": OptOutPolicy.TYPE1_EXCLUDED,
        "view": View.NAMED_BY_CONSENT,
        "start": date(2026, 1, 1),
        "end": NOW.date() + timedelta(days=1000),
        "undertakings": undertakings(
            dpia=ImpactAssessment("DPIA 12", "d" * 64, "A. Guardian", NOW.date() + timedelta(days=400)),
            review=NOW.date() + timedelta(days=400),
            offer_until=NOW.date() + timedelta(days=60),
        ),
    }
    made = Agreement(**(terms | changes))  # type: ignore[arg-type]
    if made.version == 1 or made.undertakings is None:
        return made
    return replace(made, undertakings=replace(made.undertakings, supersedes="e" * 64))


def _terms(one: Search) -> SearchTerms:
    return terms_of(one, most_per_period=31)


def library(*search_ids: str) -> tuple[Path, ...]:
    return tuple(library_folder(search_id) for search_id in search_ids)


def write_extract(folder: Path, *, checked: int = 30, unchecked: int = 20, opted_out: int = 10) -> Path:
    """Women of 70: so many with and without a pulse check, the last so many of those without it opted out."""
    folder.mkdir(parents=True)
    people = [str(number) for number in range(1, checked + unchecked + 1)]
    tables: dict[str, list[dict[str, str]]] = {name: [] for name in TABLES}
    for number in people:
        tables["patient"].append(
            {
                "patient_id": number,
                "age": "70",
                "age_months": "845",
                "age_band": "70-79",
                "sex": "F",
                "imd_quintile": "3",
            }
            | {"registered_on": "2010-01-01"}
        )
    for number in people[:checked]:
        tables["event"].append(
            {"event_id": number, "patient_id": number, "event_date": "2025-06-01", "code": "162999005"}
        )
    for name, rows in tables.items():
        _write(folder / f"{name}.csv", [column.name for column in TABLES[name].columns], rows)
    _write(
        folder / "opt_out.csv", ["patient_id"], [{"patient_id": number} for number in people[len(people) - opted_out :]]
    )
    header = list(IDENTITY_HEADER)
    identities = [
        dict.fromkeys(header, CANARY) | {"patient_id": number, "phone": f"=+44 {CANARY}"} for number in people
    ]
    _write(folder / "identity.csv", header, identities)
    _write(
        folder / "about.csv", ["practice", "reference_date"], [{"practice": PRACTICE, "reference_date": "2026-03-31"}]
    )
    return folder


def _write(path: Path, header: list[str], rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def enrolled(folder: Path, centre: Centre, records: Path | DatabaseSettings, layout: str = "canonical") -> StateFolder:
    """A state folder as enrolment leaves it."""
    state = StateFolder(folder)
    state.make()
    write_key(state.signing_key, SigningKey.generate())
    set_anchor(state.catalogue, centre.root)
    host_key = "SHA256:" + "A" * 43
    write_config(state, Config(PRACTICE, layout, records, 15, 120, Hub("hub.example", 22, host_key)))
    already_green(state, NOW)
    Diary(state.diary, lambda: NOW).append("enrolled", {"practice": PRACTICE})
    return state


def everything_under(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name relative to it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
