"""The path of the answers: agree, enrol, sign, publish, run, receive; each practice an agent of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from governance.review import Role
from hub.agreements import Signers, propose
from hub.centre import Centre, open_centre, read_targets_keys
from hub.config import HubConfig
from hub.demo.plan import AGREEMENT_ID, REFERENCE_DATE, PlannedPractice
from hub.demo.steps import Steps, program, two_at_a_time, wait_for
from hub.demo.synthesise import extract_folder
from hub.demo.terms import agreement
from hub.enrolment import add_practice, invite
from hub.initialise import initialise, offline_folder
from hub.models import Membership, Result
from hub.publish import Reviewers, publish, read_folders
from hub.staff import new_key, signer
from hub.witnesses import publish_policy
from searches.document import library, library_folder, load_search

WITNESSES = 3  # that look at the log before anybody runs what was published
STAFF = (
    (Role.AUTHOR, "a-author", "Asha Author"),
    (Role.CLINICAL, "c-clinical", "Callum Clinical"),
    (Role.GOVERNANCE, "g-governance", "Grace Governance"),
)


@dataclass(frozen=True, slots=True)
class Federation:
    """A hub and its practices, all under one folder."""

    folder: Path
    config: HubConfig
    practices: Sequence[PlannedPractice]

    @property
    def centre(self) -> Centre:
        """The hub at work."""
        return open_centre(self.config)

    def begin(self) -> None:
        """A catalogue, three people with keys, and an agreement over the library's searches that the hub has signed."""
        centre = self.centre
        offline = offline_folder(centre)
        initialise(centre, offline)
        for role, person, name in STAFF:
            new_key(centre, (person, name), frozenset({role}), (self._key(role), offline))
        searches = [load_search(library_folder(search)) for search in library()]
        terms = agreement(self.config.code, self.practices, searches, centre.today())
        people = self._reviewers()
        reviewers = [people.clinical[1], people.governance[1]]
        propose(centre, terms, Signers(read_targets_keys(offline), reviewers, people.author[1]))

    def run(self, mailbox: tuple[str, int], steps: Steps) -> None:
        """From enrolment to the last receipt."""
        count = len(self.practices)
        with steps.step("enrol", f"3/7 enrolling {count} agents with one-time codes"):
            two_at_a_time(lambda practice: self._enrol(practice, mailbox), self.practices)
        with steps.step("accept", f"4/7 signing the agreement at {count} practices"):
            two_at_a_time(self._accept, self.practices)
            wait_for("acceptance of every practice", lambda: Membership.objects.count() == count)
        with steps.step("publish", f"5/7 publishing {len(library())} searches, signed by three people"):
            publish_policy(self.centre, read_targets_keys(offline_folder(self.centre)))
            publish(self.centre, AGREEMENT_ID, read_folders([library_folder(s) for s in library()]), self._reviewers())
            for _ in ("the checkpoint of before it", "the one that holds it"):
                two_at_a_time(self._look, self.practices[:WITNESSES])
        with steps.step("run", f"6/7 running them at {count} practices and sending sealed counts"):
            two_at_a_time(self._run, sorted(self.practices, key=lambda practice: -practice.patients))
            wait_for("result of every practice", lambda: Result.objects.count() == count)

    def _enrol(self, practice: PlannedPractice, mailbox: tuple[str, int]) -> None:
        centre = self.centre
        code = invite(centre, add_practice(centre, practice.code, practice.name), mailbox)
        extract = str(extract_folder(self.folder, practice))
        self._agent(practice, "enrol", code.text, "--layout", practice.layout, "--extract", extract)

    def _accept(self, practice: PlannedPractice) -> None:
        named = "--named" if practice.named else "--unnamed"
        self._agent(practice, "agreements", "accept", AGREEMENT_ID, named, "--yes")

    def _look(self, practice: PlannedPractice) -> None:
        """A poll between two runs: as a witness, the agent sees the log and cosigns it."""
        self._agent(practice, "agreements", "show", AGREEMENT_ID)

    def _run(self, practice: PlannedPractice) -> None:
        self._agent(practice, "run", "--once", "--now", "--reference-date", REFERENCE_DATE.isoformat())

    def _agent(self, practice: PlannedPractice, *arguments: str) -> None:
        program("agent", "--state", str(self.folder / "agents" / practice.code), *arguments)

    def _key(self, role: Role) -> Path:
        return self.folder / "staff" / f"{role.value}.key"

    def _reviewers(self) -> Reviewers:
        author, clinical, governance = (signer(self._key(role), role) for role, _, _ in STAFF)
        return Reviewers(author, clinical, governance)
