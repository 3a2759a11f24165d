"""A hub that may do anything with its log, against five agents: nothing it does goes unnoticed for long.

The hub keeps a log for each agent and may append, fork, edit, leave out, reorder, date back, cut short, or show two
agents the same again. Whenever an agent polls, it runs its own code on what it is shown. Held after every step:

* an agent that sees again what is no longer the continuation of what it has seen keeps evidence, and does not cosign
* two witnesses that meet with their cosigned checkpoints find out if these are not of one log
* nobody is accused who only appended
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from agent.config import Config, Hub
from agent.diary import Diary
from agent.outbox import Outbox
from agent.state import _SCHEMA, StateFolder
from agent.turn import Turn
from agent.witness import LogBrokenError, bear_witness
from governance.errors import GovernanceError, ProofError
from governance.log_evidence import Finding, judge_evidence
from governance.merkle_proof import ConsistencyProof, verify_consistency
from governance.targets import HUB_TARGET, HubIdentity, write_hub
from tests.governance_kit import HUB
from tests.log_kit import AT, CODES, HUB_KEY, KEYS, LOG, Log, Shelf, result_entry

AGENTS = st.sampled_from(CODES)
FRACTIONS = st.floats(0, 1, exclude_max=True)


class Memory:
    """A mailbox that is this shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def list(self, folder: str) -> tuple[str, ...]:
        return ()

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        return self.shelf.read(path)

    def put(self, path: str, data: bytes) -> None:
        self.shelf.take(int(path.rpartition("/")[2]), data)


class MaliciousHub(RuleBasedStateMachine):
    """The hub's acts are rules; so are the agents' polls and meetings."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gpfed-log-"))
        self.now, self.drawn = AT, 0
        self.views = {code: Log() for code in CODES}
        self.seen: dict[str, list[bytes]] = {code: [] for code in CODES}
        self.turns = {code: self._agent(code) for code in CODES}
        identity = HubIdentity("NORTHSIDE", "x", HUB.seal_key, HUB_KEY.public, HUB.agreement_key, HUB.staff, ())
        self.files = {HUB_TARGET: write_hub(identity)}
        self.noticed: set[str] = set()
        self.entry()

    def _agent(self, code: str) -> Turn:
        folder = StateFolder(self.folder / code)
        folder.make()
        connection = sqlite3.connect(":memory:", isolation_level=None)
        connection.executescript(_SCHEMA)
        config = Config(code, "canonical", self.folder, 15, 120, Hub("hub.example", 22, "SHA256:" + "A" * 43))
        diary = Diary(folder.diary, lambda: AT)
        return Turn(folder, config, connection, Outbox(folder, connection), diary, KEYS[code], AT)

    def teardown(self) -> None:
        for turn in self.turns.values():
            turn.connection.close()
        shutil.rmtree(self.folder)

    def entry(self) -> bytes:
        self.drawn += 1
        return result_entry(self.drawn, at=AT + timedelta(minutes=self.drawn))

    # --- what the hub does --------------------------------------------------------------------------------------------

    @rule(count=st.integers(1, 5))
    def append_for_everybody(self, count: int) -> None:
        for entry in [self.entry() for _ in range(count)]:
            for view in self.views.values():
                view.append(entry)

    @rule(code=AGENTS)
    def append_for_one(self, code: str) -> None:
        """Equivocation: from here on this agent is shown another log."""
        self.views[code].append(self.entry())

    @rule(code=AGENTS, where=FRACTIONS)
    def edit(self, code: str, where: float) -> None:
        self._rewrite(code, where, lambda leaves, at: [*leaves[:at], self.entry(), *leaves[at + 1 :]])

    @rule(code=AGENTS, where=FRACTIONS)
    def omit(self, code: str, where: float) -> None:
        self._rewrite(code, where, lambda leaves, at: [*leaves[:at], *leaves[at + 1 :]])

    @rule(code=AGENTS, where=FRACTIONS)
    def put_in_between(self, code: str, where: float) -> None:
        """Back-dating: an entry among those of long ago."""
        self._rewrite(code, where, lambda leaves, at: [*leaves[:at], self.entry(), *leaves[at:]])

    @rule(code=AGENTS, where=FRACTIONS)
    def roll_back(self, code: str, where: float) -> None:
        self._rewrite(code, where, lambda leaves, at: leaves[:at])

    @rule(code=AGENTS, where=FRACTIONS)
    def reorder(self, code: str, where: float) -> None:
        self._rewrite(
            code,
            where,
            lambda leaves, at: [*leaves[:at], *leaves[at + 1 : at + 2], *leaves[at : at + 1], *leaves[at + 2 :]],
        )

    @rule(code=AGENTS, other=AGENTS)
    def show_the_same_again(self, code: str, other: str) -> None:
        self.views[code] = Log(self.views[other].leaves)

    def _rewrite(self, code: str, where: float, change: object) -> None:
        leaves = self.views[code].leaves
        self.views[code] = Log(change(leaves, int(where * len(leaves))))  # type: ignore[operator]

    # --- what the agents do -------------------------------------------------------------------------------------------

    @rule(code=AGENTS)
    def poll(self, code: str) -> None:
        view, seen = self.views[code], self.seen[code]
        shelf = Shelf()
        shelf.log = view
        continues = view.leaves[: len(seen)] == seen
        try:
            bear_witness(self.turns[code], Memory(shelf), self.files)
        except LogBrokenError:
            assert not continues, "an agent accuses a hub that only appended"
            assert not shelf.words, "an agent cosigned what it refused"
            self.noticed.add(code)
        else:
            assert continues, f"{code} did not notice"
            self.seen[code] = list(view.leaves)

    @rule(code=AGENTS, other=AGENTS)
    def meet(self, code: str, other: str) -> None:
        """Two witnesses compare what they have cosigned; the hub may help with any proof it has."""
        first, second = sorted((self.seen[code], self.seen[other]), key=len)
        is_one_log = second[: len(first)] == first
        assert self._can_be_explained(first, second) == is_one_log

    def _can_be_explained(self, first: list[bytes], second: list[bytes]) -> bool:
        old, new = Log(first), Log(second)
        logs = [new, old, *self.views.values()]
        return any(self._leads(log, old, new) for log in logs if log.tree.size >= new.tree.size >= old.tree.size)

    @staticmethod
    def _leads(log: Log, old: Log, new: Log) -> bool:
        proof = log.tree.consistency(old.tree.size, new.tree.size)
        try:
            verify_consistency(old.tree.root(), ConsistencyProof(proof.old, proof.new, proof.hashes), new.tree.root())
        except ProofError:
            return False
        return True

    @invariant()
    def all_that_was_kept_speaks_for_itself(self) -> None:
        for code in self.noticed:
            files = list((self.folder / code / "log").iterdir())
            assert files
            for file in files:
                try:
                    judged = judge_evidence(file.read_bytes())
                except GovernanceError as error:
                    raise AssertionError(f"{file.name} does not hold: {error}") from error
                assert judged.evidence.finding in {Finding.FORK, Finding.ROLLED_BACK, Finding.NOT_CONTINUED}
                assert judged.evidence.log == LOG


TestMaliciousHub = MaliciousHub.TestCase
TestMaliciousHub.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
