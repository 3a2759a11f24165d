"""What of the hub's log concerns this practice, looked for at every poll until it is found; and what may run without.

| looked for | must say | if not found |
|---|---|---|
| each message of ours with a receipt | our number, and a commitment to our bytes | evidence, after eight days |
| each agreement that we accepted | the digest that is published | nothing new of it runs |
| each search published under one | that agreement and the digest that was reviewed | it does not run here |

A search runs here only once its entry and its agreement's were found under a checkpoint that enough witnesses have
cosigned in the last eight days. What was found once stays found: when the witnesses fall silent, new searches wait, and
those that ran before go on. The entries found are kept with their proofs, and no two of them may contradict each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from agent.approval import Due
from agent.decisions import latest_decisions
from agent.diary import utc_text
from agent.errors import AgentError, HubRefusedError, NotThereError
from agent.transport import LOG, Mailbox
from agent.turn import Turn
from agent.witness import HubLog, bear_witness, check_part, findings, keep
from governance.catalogue import HUB_TARGET, agreement_path, index_path, read_agreement_target, read_hub, read_index
from governance.errors import GovernanceError, LogError, NotLoggedError
from governance.log_entry import Kind
from governance.log_evidence import Evidence, Finding
from governance.log_policy import Witnessed, witnessed
from governance.log_proof import PROOF_LIMIT_BYTES, check_shown, read_proof
from governance.wire import AgreementDecision

FRESH = timedelta(days=8)
"""So old at most may the witnesses' words be, and so long may the hub take to enter what it has signed for."""

PATIENCE = timedelta(days=2)
"""So long a result waits for a new search to be found in the log; then it goes without."""

_OF_MESSAGES = frozenset(kind for kind in Kind if kind.startswith("agreement_")) | {Kind.RESULT_RECEIVED}


@dataclass(frozen=True, slots=True)
class Sought:
    """One entry that should be in the log.

    Args:
        path: under which the hub shows it.
        kinds: which it may be of.
        facts: what it must say.
        digest: SHA-256 of our message, to which it must commit; or the empty string.
        receipt: the hub's, for that message.
        received_at: of that receipt (UTC text), or the empty string.
    """

    path: str
    kinds: frozenset[Kind]
    facts: Mapping[str, str | int]
    digest: str = ""
    receipt: bytes = b""
    received_at: str = ""


def see_log(turn: Turn, mailbox: Mailbox, files: Mapping[str, bytes]) -> tuple[Exception, ...]:
    """Be a witness, and look for what concerns this practice; what was wrong, for the turn to tell."""
    try:
        log = bear_witness(turn, mailbox, files)
    except NotLoggedError as error:  # it matters once something new wants to run, and is told then
        turn.diary.append_changed("not_logged", {"entry": "", "reason": error.message})
        return ()
    except (GovernanceError, AgentError) as error:
        return (error,)
    problems = []
    for sought in _sought(turn, files):
        try:
            _look(turn, mailbox, log, sought)
        except NotLoggedError as error:
            turn.diary.append_changed("not_logged", {"entry": sought.path, "reason": error.message})
        except (GovernanceError, AgentError) as error:
            problems.append(error)
    return tuple(problems)


def in_the_log(turn: Turn, one: Due) -> Due | None:
    """A result with the searches that may run as far as the log goes; None while it waits for the log."""
    missing = {search.id for search in one.permitted if not _is_found(turn, one, search.digest)}
    if not missing:
        return one
    found = tuple(search for search in one.permitted if search.id not in missing)
    since = _missing_since(turn, one)
    if findings(turn.connection) or (since is not None and turn.now - since >= PATIENCE):
        return replace(one, permitted=found, refused=one.refused + len(missing))
    return None


def _is_found(turn: Turn, one: Due, digest: str) -> bool:
    agreement = one.active.agreement.id
    paths = (_search_path(agreement, digest), _agreement_path(agreement, one.active.digest))
    return all(_is_known(turn, path) for path in paths)


def _missing_since(turn: Turn, one: Due) -> datetime | None:
    prefix = f"%/{one.active.agreement.id}/%"
    row = turn.connection.execute("SELECT min(since) FROM log_missing WHERE path LIKE ?", (prefix,)).fetchone()
    return datetime.fromisoformat(row[0]) if row[0] else None


def _sought(turn: Turn, files: Mapping[str, bytes]) -> Iterator[Sought]:
    """Everything that was not found yet."""
    for message in turn.outbox.in_state("receipted", "recorded"):
        path = f"{LOG}/proof/message/{message.digest}"
        if not _is_known(turn, path):
            facts: dict[str, str | int] = {"sequence": message.sequence, "agreement": message.agreement}
            receipt = turn.outbox.receipt(message)
            yield Sought(path, _OF_MESSAGES, facts, message.digest, receipt, message.received_at)
    for kept in latest_decisions(turn.connection):
        if kept.decision is AgreementDecision.ACCEPT:
            wanted = _of_agreement(kept.agreement_id, files)
            yield from (sought for sought in wanted if not _is_known(turn, sought.path))


def _of_agreement(agreement: str, files: Mapping[str, bytes]) -> Iterator[Sought]:
    """The agreement as it is published, which may be narrower than what was signed here, and its searches."""
    if (digest := _published_digest(agreement, files)) is None:
        return
    said: dict[str, str | int] = {"agreement": agreement, "digest": digest}
    yield Sought(_agreement_path(agreement, digest), frozenset({Kind.AGREEMENT_PROPOSED}), said)
    index = files.get(index_path(agreement))
    for entry in read_index(index, agreement).entries if index is not None else ():
        said = {"agreement": agreement, "digest": entry.digest, "search": entry.search_id}
        yield Sought(_search_path(agreement, entry.digest), frozenset({Kind.SEARCH_PUBLISHED}), said)


def _published_digest(agreement: str, files: Mapping[str, bytes]) -> str | None:
    data = files.get(agreement_path(agreement))
    if data is None:
        return None
    try:
        return read_agreement_target(data, agreement, read_hub(files[HUB_TARGET])).digest
    except GovernanceError:  # refused with its reason where the catalogue is read
        return None


def _look(turn: Turn, mailbox: Mailbox, log: HubLog, sought: Sought) -> None:
    try:
        data = mailbox.fetch(sought.path, PROOF_LIMIT_BYTES)
    except (NotThereError, HubRefusedError) as error:
        _note_missing(turn, log, sought)
        raise NotLoggedError("the hub shows no entry of it", "it may come with the next checkpoint") from error
    shown = read_proof(data)
    try:
        counted = witnessed(shown.note, log.policy, log.key)
        if not sought.digest:
            _check_fresh(counted, turn.now)
    except NotLoggedError:
        _note_missing(turn, log, sought)
        raise
    check_shown(shown, counted.signed)
    check_part(turn, mailbox, log, counted.signed)
    _check_says(turn, log, sought, data)
    _check_order(turn, log, data)
    turn.connection.execute(
        "INSERT OR REPLACE INTO log_entry VALUES (?, ?, ?, ?)", (sought.path, shown.index, data, utc_text(turn.now))
    )
    turn.connection.execute("DELETE FROM log_missing WHERE path = ?", (sought.path,))


def _check_fresh(counted: Witnessed, now: datetime) -> None:
    if counted.at is not None and now - counted.at > FRESH:
        raise NotLoggedError(
            f"the last words of enough witnesses are of {counted.at:%Y-%m-%d}, more than {FRESH.days} days ago",
            "new searches wait until more practices have polled; those that ran before go on",
        )


def _check_says(turn: Turn, log: HubLog, sought: Sought, data: bytes) -> None:
    shown = read_proof(data)
    entry = shown.entry
    says = entry.kind in sought.kinds and all(entry.facts.get(name) == value for name, value in sought.facts.items())
    if sought.digest:
        is_ours = entry.practice == turn.config.practice and entry.facts.get("sequence") == sought.facts["sequence"]
        if not (is_ours and shown.opens("file", sought.digest)):
            raise keep(turn, _evidence(turn, log, Finding.FALSE_ENTRY, proofs=(data,), receipt=sought.receipt))
    if not says:
        raise LogError(f"entry {shown.index} of the log is not what {sought.path} should show")


def _check_order(turn: Turn, log: HubLog, data: bytes) -> None:
    """No two entries that were found may have one number, or times against their order."""
    shown = read_proof(data)
    rows = turn.connection.execute(
        "SELECT proof FROM (SELECT proof FROM log_entry WHERE number <= ?1 ORDER BY number DESC LIMIT 2)"
        " UNION ALL SELECT proof FROM (SELECT proof FROM log_entry WHERE number > ?1 ORDER BY number LIMIT 1)",
        (shown.index,),
    )
    for (proof,) in rows.fetchall():
        other = read_proof(bytes(proof))
        if other.index == shown.index and other.leaf != shown.leaf:
            raise keep(turn, _evidence(turn, log, Finding.EDITED, proofs=(bytes(proof), data)))
        first, second = sorted((other, shown), key=lambda one: one.index)
        if first.index < second.index and first.entry.at > second.entry.at:
            proofs = (bytes(proof), data) if first is other else (data, bytes(proof))
            raise keep(turn, _evidence(turn, log, Finding.BACK_DATED, proofs=proofs))


def _note_missing(turn: Turn, log: HubLog, sought: Sought) -> None:
    turn.connection.execute("INSERT OR IGNORE INTO log_missing VALUES (?, ?)", (sought.path, utc_text(turn.now)))
    if sought.received_at and turn.now - datetime.fromisoformat(sought.received_at) > FRESH:
        notes = (log.seen.note,)
        raise keep(turn, _evidence(turn, log, Finding.OMITTED, receipt=sought.receipt, notes=notes))


def _evidence(turn: Turn, log: HubLog, finding: Finding, **parts: object) -> Evidence:
    return replace(Evidence(finding, log.key, turn.config.practice, turn.now), **parts)  # type: ignore[arg-type]


def _is_known(turn: Turn, path: str) -> bool:
    return turn.connection.execute("SELECT 1 FROM log_entry WHERE path = ?", (path,)).fetchone() is not None


def _agreement_path(agreement: str, digest: str) -> str:
    return f"{LOG}/proof/agreement/{agreement}/{digest}"


def _search_path(agreement: str, digest: str) -> str:
    return f"{LOG}/proof/search/{agreement}/{digest}"
