"""A whole federation in one process and without sockets: one hub's folder, and agents with real state folders.

Everything is the product's own code except the wire: an agent's mailbox is the hub's own `Account` of that practice,
with its real rights, so that what the SFTP server would refuse is refused here too. The clock is the test's.

It can cheat where an attacker could: sign anything with the hub's valid keys (`publish_anyway`), put any file into a
mailbox (`drop`), alter what lies there, hold the hub's clock back (`at`).

    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    federation.propose()
    elm.say("heart-health")
    federation.receive()
    federation.publish("pulse-rhythm-65")
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import connections

from agent.cycle import Outcome, Wish, bring_catalogue, deliver_waiting, take_turn
from agent.databases.settings import DatabaseSettings
from agent.decisions import Answer, find_agreement, say
from agent.diary import Diary
from agent.enrol import Door, Place, enrol
from agent.errors import HubRefusedError, NotThereError, TooLargeError
from agent.outbox import Outgoing
from agent.restate import Again
from agent.state import StateFolder
from agent.transport import Patience
from agent.turn import Turn, open_turn
from governance.agreement import Agreement as Terms
from governance.catalogue import SearchBundle, role_name, write_bundle
from governance.clauses import ImpactAssessment, Kind, Purpose, PurposeTag, SearchTerms, View
from governance.keys import SigningKey, read_signing_key
from governance.optouts import OptOutPolicy, take_off
from governance.profiles import profile, size_band
from governance.restatement import RestatementReason
from governance.review import ReviewOf, Role, sign_review
from governance.sealing import ResultMessage, SealedResult, Translations, seal
from governance.suppress import SafeTable
from governance.wire import AgreementDecision, FileKind, upload_name
from hub.accounts import enrol_account, practice_account
from hub.agreements import Signers, in_force, propose, put_files
from hub.centre import Centre, open_centre, read_targets_keys
from hub.config import HubConfig, config_text, read_config
from hub.enrolment import add_practice, find_invitation, invite
from hub.errors import AccessError
from hub.errors import NotThereError as HubNotThereError
from hub.founding import create_files
from hub.initialise import initialise, offline_folder
from hub.mailbox import Account
from hub.models import Agreement as AgreementRow
from hub.models import Practice, PublishedSearch, Quarantined, Receipt, Result
from hub.publish import Publication, Reviewers, publish
from hub.receive import Turn as HubTurn
from hub.receive import receive_waiting
from hub.repository import AGREEMENT_LIFETIME
from hub.settings import database_settings, migrate
from hub.staff import new_key, publish_identity, signer
from searches.document import SearchFiles, content_digest, library_folder, read_folder, read_search
from searches.people import AnswerRow, Roster, gather
from searches.search import Outcome as SearchOutcome
from searches.search import Schedule, Search
from tests.conformance.already import already_green
from tests.governance_kit import first_release, undertakings

HUB = "NORTHSIDE"
AGREEMENT = "heart-health"
SEARCH = "pulse-rhythm-65"
REFERENCE_DATE = date(2026, 3, 31)
STAFF = {Role.AUTHOR: "a.author", Role.CLINICAL: "c.clinical", Role.GOVERNANCE: "g.governance"}
LIST_SIZE = 5000

T = TypeVar("T")
_template: list[Path] = []


def use_hub(folder: Path) -> HubConfig:
    """Point this process's Django at another hub's folder; the product never does that: one process serves one hub."""
    config = read_config(folder)
    connections.close_all()
    settings.GPFED_HUB = config
    settings.SECRET_KEY = config.secret
    connections.databases["default"]["NAME"] = database_settings(config)["NAME"]
    return config


class MemoryMailbox:
    """The agent's `Mailbox` over a hub's `Account`, with no wire between."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def list(self, folder: str) -> tuple[str, ...]:
        return _as_agent(lambda: self._account.list(folder))

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        def read() -> bytes:
            with self._account.open_read(path) as file:
                return file.read(limit_bytes + 1)

        data = _as_agent(read)
        if len(data) > limit_bytes:
            raise TooLargeError(f"{path} is longer than {limit_bytes} bytes")
        return data

    def put(self, path: str, data: bytes) -> None:
        def write() -> None:
            upload = self._account.open_write(f"{path}.part")
            upload.write(0, data)
            upload.close()
            self._account.rename(f"{path}.part", path)

        _as_agent(write)


@dataclass
class Agent:
    """One enrolled practice: its real state folder, and what it can do."""

    federation: Federation
    code: str
    folder: StateFolder

    @property
    def key(self) -> SigningKey:
        return read_signing_key(self.folder.signing_key)

    @property
    def account(self) -> Account:
        practice = Practice.objects.get(code=self.code)
        return practice_account(self.federation.centre, practice, lambda: None)

    @property
    def mailbox(self) -> MemoryMailbox:
        return MemoryMailbox(self.account)

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        with open_turn(self.folder, self.federation.clock) as turn:
            yield turn

    def say(
        self,
        agreement_id: str = AGREEMENT,
        decision: AgreementDecision = AgreementDecision.ACCEPT,
        *,
        named: bool = False,
    ) -> None:
        """Pull, sign the word on an agreement, and upload it."""
        with self.turn() as turn:
            catalogue = bring_catalogue(turn, self.open).catalogue
            say(turn, find_agreement(catalogue, agreement_id), Answer(decision, named))
            deliver_waiting(turn, self.open, catalogue.hub, _NO_WAIT)

    def pull(self) -> tuple[str, ...]:
        """Pull the catalogue; the messages of what was wrong with it."""
        with self.turn() as turn:
            return tuple(problem.message for problem in bring_catalogue(turn, self.open).problems)

    def deliver(self) -> None:
        """Upload what waits and collect receipts."""
        with self.turn() as turn:
            catalogue = bring_catalogue(turn, self.open).catalogue
            deliver_waiting(turn, self.open, catalogue.hub, _NO_WAIT)

    def run(self, reference_date: date = REFERENCE_DATE) -> Outcome:
        """A whole turn, over the agent's extract."""
        with self.turn() as turn:
            return take_turn(turn, self.open, Wish(reference_date, _NO_WAIT.patience, at_once=True))

    def restate(
        self,
        reference_date: date = REFERENCE_DATE,
        reason: RestatementReason = RestatementReason.RECORDS_CORRECTED,
    ) -> Outcome:
        """A whole turn that releases a period again."""
        with self.turn() as turn:
            return take_turn(
                turn, self.open, Wish(None, _NO_WAIT.patience, Again(reference_date, reason), at_once=True)
            )

    def open(self) -> AbstractContextManager[MemoryMailbox]:
        return nullcontext(self.mailbox)

    def diary(self) -> str:
        return self.folder.diary.read_text(encoding="utf-8")

    def spool(self, sealed: SealedResult, reference_date: date = REFERENCE_DATE, agreement: str = AGREEMENT) -> str:
        """Put a result into the agent's own outbox, as a turn does; its name in the mailbox."""
        with self.turn() as turn:
            outgoing = Outgoing(FileKind.RESULT, agreement, reference_date.isoformat(), sealed.data)
            return turn.outbox.spool(turn.outbox.next_place(), outgoing, turn.now).remote_path

    def seal(self, tables: Sequence[SafeTable], **changes: object) -> SealedResult:
        """A true result of this practice, at the next place of its chain, with any field changed."""
        return seal(self.message(tables, **changes), self.key, self.federation.centre.keys.seal.public)

    def message(self, tables: Sequence[SafeTable], **changes: object) -> ResultMessage:
        agreement = in_force(AGREEMENT)
        with self.turn() as turn:
            place = turn.outbox.next_place()
        message = ResultMessage(
            practice=self.code,
            agreement_id=agreement.agreement_id,
            agreement_version=agreement.version,
            agreement_digest=agreement.digest,
            reference_date=REFERENCE_DATE,
            sequence=place.sequence,
            previous=place.previous_digest,
            tables=tuple(tables),
            translations=Translations(
                "canonical", "1", "duckdb", "1", {table.search_id: "ab" * 32 for table in tables}
            ),
            opt_out_policy=OptOutPolicy.TYPE1_EXCLUDED,
            optouts_as_of=REFERENCE_DATE,
            delivered_on=REFERENCE_DATE,
            agent_version="0.1.0",
            list_size_band=size_band(LIST_SIZE),
        )
        return dataclasses.replace(message, **changes)  # type: ignore[arg-type]

    def drop(self, data: bytes, sequence: int, kind: FileKind = FileKind.RESULT, name: str = "") -> Path:
        """Place a file in this practice's mailbox behind the account's back, well named unless a name is given."""
        path = self.in_folder / (name or upload_name(sequence, kind, data))
        path.write_bytes(data)
        return path

    @property
    def in_folder(self) -> Path:
        return self.federation.config.mailbox(self.code) / "in"

    @property
    def receipts(self) -> tuple[str, ...]:
        return self.mailbox.list("/receipts")

    def quarantined(self) -> tuple[str, ...]:
        """The reasons for which files of this practice were set aside, in order."""
        return tuple(Quarantined.objects.filter(practice__code=self.code).values_list("reason", flat=True))

    def results(self) -> list[Result]:
        return list(Result.objects.filter(practice__code=self.code).order_by("sequence"))


@dataclass
class Federation:
    """One hub, its people and its practices; made in an empty folder.

    All have the keys of the first one that a process made (a copy of its folder is quickly there), unless `fresh`.
    """

    folder: Path
    now: datetime = field(default_factory=lambda: datetime.now(tz=UTC))
    agents: dict[str, Agent] = field(default_factory=dict)
    fresh: bool = False

    def __post_init__(self) -> None:
        self.hub_folder = self.folder / "hub"
        if self.fresh or not _template:
            self._make_hub()
        else:
            shutil.copytree(_template[0], self.hub_folder)
            self._open_hub()

    def _make_hub(self) -> None:
        create_files(self.hub_folder, config_text(HUB, "Northside hub", {"sftp_port": 0, "web_port": 0}))
        self._open_hub()
        migrate()
        initialise(self.centre)
        for role, person in STAFF.items():
            self.add_staff(person, role)
        if not _template:
            connections.close_all()
            copy = Path(tempfile.mkdtemp(prefix="gpfed-template-")) / "hub"
            _template.append(Path(shutil.copytree(self.hub_folder, copy)))

    def _open_hub(self) -> None:
        self.config = use_hub(self.hub_folder)
        self.centre: Centre = open_centre(self.config, self.clock)

    def clock(self) -> datetime:
        return self.now

    @contextmanager
    def at(self, now: datetime) -> Iterator[None]:
        """Do something at another time, for example in the past."""
        before, self.now = self.now, now
        try:
            yield
        finally:
            self.now = before

    def later(self, **by: float) -> None:
        """Let time go by."""
        self.now += timedelta(**by)

    def add_staff(self, person: str, *roles: Role) -> Path:
        file = self.config.keys / "staff" / f"{person}.key"
        new_key(self.centre, (person, person), frozenset(roles), (file, offline_folder(self.centre)))
        return file

    def staff_key(self, role: Role) -> SigningKey:
        return read_signing_key(self.config.keys / "staff" / f"{STAFF[role]}.key")

    @property
    def reviewers(self) -> Reviewers:
        files = {role: self.config.keys / "staff" / f"{person}.key" for role, person in STAFF.items()}
        return Reviewers(*(signer(files[role], role) for role in Role))

    def enrol(self, code: str, layout: str = "canonical", records: Path | DatabaseSettings | None = None) -> Agent:
        """Add a practice and enrol its agent, through the real code."""
        practice = add_practice(self.centre, code, f"Practice {code}")
        text = invite(self.centre, practice, ("127.0.0.1", 2222)).text
        folder = StateFolder(self.folder / "agents" / code)
        place = Place(layout, records or self.folder / "extracts" / code)
        enrol(folder, text, place, Door(self._enrol_door, _NO_WAIT.patience), Diary(folder.diary, self.clock))
        already_green(folder, self.now)
        agent = self.agents[code] = Agent(self, code, folder)
        return agent

    def terms(self, **changes: object) -> Terms:
        """An agreement with every enrolled practice about one search, with any field changed."""
        today = self.now.date()
        terms = Terms(
            id=AGREEMENT,
            version=1,
            title="Heart health in Northside",
            kind=Kind.SHARING,
            hub=HUB,
            practices=tuple(sorted(self.agents)),
            purposes=(Purpose(PurposeTag.CARE_IMPROVEMENT, "Comparing care between practices to improve it"),),
            prohibited_uses=("re_identification", "performance_management"),
            searches=(SearchTerms(SEARCH, ("age_band", "sex"), Schedule.MONTHLY, most_per_period=31),),
            tables={"patient": ("patient_id", "age", "age_band", "sex"), "event": ("patient_id", "event_date", "code")},
            codelists={name: one.digest for name, one in read_search(search_files()).codelists.items()},
            profile="gp-bench",
            opt_out_policy=OptOutPolicy.TYPE1_EXCLUDED,
            view=View.NAMED_BY_CONSENT,
            start=today - timedelta(days=400),
            end=today + timedelta(days=400),
            undertakings=undertakings(
                dpia=ImpactAssessment("DPIA 12", "d" * 64, "A. Guardian", today + timedelta(days=400)),
                review=today + timedelta(days=400),
                offer_until=None,
            ),
        )
        return dataclasses.replace(terms, **changes)  # type: ignore[arg-type]

    def propose(self, terms: Terms | None = None) -> AgreementRow:
        reviewers = [self.staff_key(Role.CLINICAL), self.staff_key(Role.GOVERNANCE)]
        targets = read_targets_keys(offline_folder(self.centre))
        signers = Signers(targets, reviewers, self.staff_key(Role.AUTHOR))
        return propose(self.centre, terms or self.terms(), signers)

    def publish(self, *search_ids: str, agreement: str = AGREEMENT) -> Publication:
        files = [read_folder(library_folder(search_id)) for search_id in search_ids or (SEARCH,)]
        return publish(self.centre, agreement, files, self.reviewers)

    def publish_changed(self, search_id: str = SEARCH) -> Publication:
        """Publish a search with a word more in its note."""
        files = read_folder(library_folder(search_id))
        changed = {**files.files, "README.md": files.files.get("README.md", "") + "\nReviewed again.\n"}
        return publish(self.centre, AGREEMENT, [dataclasses.replace(files, files=changed)], self.reviewers)

    def publish_anyway(self, files: SearchFiles, agreement: str = AGREEMENT) -> None:
        """Sign and publish a search with every key in order and no check: what a dishonest hub can do."""
        row = in_force(agreement)
        search, digest = read_search(files), content_digest(files)
        about = ReviewOf(agreement, search.id, digest)
        reviews = tuple(sign_review(self.staff_key(role), role, STAFF[role], about) for role in Role)
        PublishedSearch.objects.create(
            agreement=row,
            search_id=search.id,
            version=1,
            digest=digest,
            title=search.title,
            files=dict(files.files),
            codelists=dict(files.codelists),
            bundle=write_bundle(SearchBundle(agreement, 1, search.id, digest, files, reviews)),
            published_at=self.now,
        )
        self.renew_agreement_files(agreement)

    def renew_agreement_files(self, agreement: str = AGREEMENT) -> None:
        """Publish an agreement's files from the database as it is now."""
        put_files(self.centre, in_force(agreement), [self.staff_key(Role.CLINICAL), self.staff_key(Role.GOVERNANCE)])

    def renew_timestamps(self) -> None:
        """What a hub's service and its people do while time goes by: sign the catalogue anew, unchanged."""
        self.renew_agreement_files()
        publish_identity(self.centre, read_targets_keys(offline_folder(self.centre)))

    def publish_half_signed(self, agreement: str, *roles: Role) -> None:
        """Publish an agreement's role again, signed by these only, past the check that the hub makes."""
        repository, role = self.centre.repository(), role_name(agreement)
        metadata = repository._role(role)
        metadata.signed.version += 1
        repository._sign(metadata, [self.staff_key(one) for one in roles], AGREEMENT_LIFETIME)
        path = self.config.repository / "metadata" / f"{metadata.signed.version}.{role}.json"
        path.write_bytes(metadata.to_bytes())
        repository._point_at({**repository._versions(), f"{role}.json": metadata.signed.version})

    def use(self) -> None:
        """Make this the hub that the process works with, after another federation was made."""
        use_hub(self.hub_folder)

    def receive(self) -> HubTurn:
        """One turn of the hub's receiver."""
        return receive_waiting(self.centre)

    def ready(self, *codes: str) -> list[Agent]:
        """Practices that enrolled and signed, and a published search: where most stories begin."""
        agents = [self.enrol(code) for code in codes or ("Z90001",)]
        self.propose()
        for agent in agents:
            agent.say()
        self.receive()
        self.publish()
        for agent in agents:
            agent.deliver()
        return agents

    def receipts(self) -> list[Receipt]:
        return list(Receipt.objects.order_by("practice__code", "sequence"))

    def _enrol_door(self, _address: object, secret: object) -> AbstractContextManager[MemoryMailbox]:
        invitation = find_invitation(str(getattr(secret, "secret", secret)), self.now)
        if invitation is None:
            raise HubRefusedError("the hub does not know this secret")
        return nullcontext(MemoryMailbox(enrol_account(self.centre, invitation.pk)))


def search_files(search_id: str = SEARCH) -> SearchFiles:
    """The files of a search of the starter library."""
    return read_folder(library_folder(search_id))


def table_of(search: Search, met: int, not_met: int, profile_id: str = "gp-bench") -> SafeTable:
    """A table that the suppressor made, of made-up people: so many met, so many not, all in one cell."""
    roster = Roster(tuple(str(number) for number in range(1, met + not_met + 1)))
    values = tuple(dimension.values[-1] for dimension in search.dimensions)
    rows = [
        AnswerRow(patient_id, SearchOutcome.MET if number < met else SearchOutcome.NOT_MET, values)
        for number, patient_id in enumerate(roster.patient_ids)
    ]
    people = gather(search, REFERENCE_DATE, roster, rows)
    counted = take_off(people, 0, REFERENCE_DATE, OptOutPolicy.TYPE1_EXCLUDED)
    others = len(search.cells()) - 2  # nobody is registered there, as everyone knows
    lists = (0,) * others + (met + not_met,) if search.dimensions else None
    return first_release(counted, profile(profile_id), LIST_SIZE, lists)


def pulse_table(met: int = 300, not_met: int = 200) -> SafeTable:
    """A table of the one search that federations publish."""
    return table_of(read_search(search_files()), met, not_met)


_NO_WAIT = Wish(None, Patience(0), at_once=True)


def _as_agent(act: Callable[[], T]) -> T:
    try:
        return act()
    except HubNotThereError as error:
        raise NotThereError(error.message) from error
    except AccessError as error:
        raise HubRefusedError(error.message) from error
