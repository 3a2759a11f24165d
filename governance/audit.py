"""`gpfed-audit`: what a practice's agent has recorded, checked offline by somebody who trusts neither side.

The folder holds, all as bytes that the agent wrote or received:

    diary.jsonl                  the chain of what was decided and sent
    outbox/<name>.gpfed          every message, as it was sent
    receipts/<sequence>.receipt  what the hub signed
    catalogue/hub.json           the hub's code and receipt key (or --hub-key and --hub-code)

and, where there is one, `log/` with what the agent has seen of the hub's log and any evidence against it. A file
instead of a folder is a bundle or evidence that speaks for itself (`governance.audit_file`).

`broken` is what cannot be if everything was written as it must be; `missing` is what is not there yet, or not any more.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from governance.audit_file import FileFindings, verify_file
from governance.diary_chain import Chain, Entry, verify_lines
from governance.errors import GovernanceError, SealBrokenError
from governance.keys import VerifyKey
from governance.note import NOTE_LIMIT_BYTES, read_receipt
from governance.sealing import read_header
from governance.targets import read_hub
from governance.wire import (
    FIRST,
    RECEIPT_NAME,
    RESULT_LIMIT_BYTES,
    TARGET_LIMIT_BYTES,
    FileKind,
    UploadName,
    file_digest,
)

OK, BROKEN, USAGE, MISSING = 0, 1, 2, 3
DIARY_LIMIT_BYTES = 1024 * 1024 * 1024
_EPILOG = """example:
  gpfed-audit verify C:/ProgramData/gpfed
  gpfed-audit verify ./state --hub-code NORTHSIDE --hub-key hub-receipt.pub --json
  gpfed-audit verify march.bundle --policy log-policy.txt

exit codes:
    0  everything is there and holds
    1  something is broken
    2  wrong arguments
    3  something is missing
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What the verification found.

    Args:
        entries: how many diary entries hold together.
        head: digest of the last, to compare with a copy kept elsewhere.
        messages: how many were spooled.
        receipts: how many of them have a good receipt.
        broken: what cannot be, each a sentence.
        missing: what is not there, each a sentence.
    """

    entries: int
    head: str
    messages: int
    receipts: int
    broken: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0, 1 or 3."""
        if self.broken:
            return BROKEN
        return MISSING if self.missing else OK


@dataclass(frozen=True, slots=True)
class HubKey:
    """Who must have signed the receipts."""

    code: str
    key: VerifyKey


@dataclass(frozen=True, slots=True)
class _Finding:
    broken: bool
    sentence: str


def verify_folder(folder: Path, hub: HubKey | None) -> Findings:
    """Check an agent's folder.

    Args:
        folder: of the agent's state, or a copy of it.
        hub: who must have signed the receipts; None: as `catalogue/hub.json` says.
    """
    try:
        chain = verify_lines(_read(folder / "diary.jsonl", DIARY_LIMIT_BYTES))
    except FileNotFoundError:
        return Findings(0, FIRST, 0, 0, (), ("diary: there is none",))
    except GovernanceError as error:
        return Findings(0, FIRST, 0, 0, (error.message,), ())
    spooled = [entry for entry in chain.entries if entry.event == "spooled"]
    hub = hub or _hub_of(folder / "catalogue" / "hub.json")
    faults = [
        [*_message_faults(folder, spooled, place), *_receipt_faults(folder, chain, spooled[place], hub)]
        for place in range(len(spooled))
    ]
    findings = [
        *_tail_faults(chain),
        *(one for found in faults for one in found),
        *_other_faults(folder, len(spooled)),
        *_evidence(folder / "log"),
    ]
    if hub is None:
        findings.append(_Finding(broken=False, sentence="hub: its receipt key is not known, no receipt was checked"))
    return Findings(
        len(chain.entries),
        chain.head,
        len(spooled),
        sum(1 for found in faults if not found) if hub else 0,
        tuple(one.sentence for one in findings if one.broken),
        tuple(one.sentence for one in findings if not one.broken),
    )


def _tail_faults(chain: Chain) -> Iterator[_Finding]:
    if chain.torn:
        yield _Finding(broken=False, sentence=f"diary: {len(chain.torn)} bytes of an unfinished last line (a crash)")


def _message_faults(folder: Path, spooled: Sequence[Entry], place: int) -> Iterator[_Finding]:
    """The message has the next number, its file is the one recorded, and it names the file before it."""
    facts = spooled[place].facts
    number, digest, kind = facts.get("sequence"), str(facts.get("digest")), str(facts.get("kind"))
    if number != place + 1 or kind not in tuple(FileKind):
        yield _Finding(broken=True, sentence=f"message {place + 1}: the diary records another in its place")
        return
    name = str(UploadName(place + 1, FileKind(kind), digest[:16]))
    try:
        data = _read(folder / "outbox" / name, RESULT_LIMIT_BYTES)
    except FileNotFoundError:
        yield _Finding(broken=False, sentence=f"message {number}: its file is not in the outbox")
        return
    if file_digest(data) != digest:
        yield _Finding(broken=True, sentence=f"message {number}: its file is not the one recorded")
        return
    before = str(spooled[place - 1].facts.get("digest")) if place else FIRST
    if kind == FileKind.RESULT and _previous(data) != before:
        yield _Finding(broken=True, sentence=f"message {number}: it names another message before it")


def _previous(result: bytes) -> str:
    try:
        return read_header(result).previous
    except SealBrokenError:
        return "no sealed result"


def _receipt_faults(folder: Path, chain: Chain, entry: Entry, hub: HubKey | None) -> Iterator[_Finding]:
    """The hub has signed that it received exactly this message."""
    number = entry.facts.get("sequence")
    if not isinstance(number, int):
        return
    try:
        data = _read(folder / "receipts" / f"{number:08d}.receipt", NOTE_LIMIT_BYTES)
    except FileNotFoundError:
        yield _Finding(broken=False, sentence=f"message {number}: there is no receipt")
        return
    if hub is None:
        return
    try:
        receipt = read_receipt(data, hub.code, hub.key)
    except GovernanceError as error:
        yield _Finding(broken=True, sentence=f"message {number}: receipt: {error.message}")
        return
    if (receipt.sequence, receipt.digest) != (number, entry.facts.get("digest")):
        yield _Finding(broken=True, sentence=f"message {number}: receipt is for another message")
    if receipt.practice not in _practices(chain):
        yield _Finding(broken=True, sentence=f"message {number}: receipt is for practice {receipt.practice}")


def _practices(chain: Chain) -> frozenset[str]:
    return frozenset(str(entry.facts.get("practice")) for entry in chain.entries if entry.event == "enrolled")


def _other_faults(folder: Path, messages: int) -> Iterator[_Finding]:
    """A receipt for a message that the diary does not know: the diary was cut at its end."""
    receipts = folder / "receipts"
    for path in sorted(receipts.iterdir()) if receipts.is_dir() else ():
        match = RECEIPT_NAME.fullmatch(path.name)
        if match and int(match["sequence"]) > messages:
            sentence = f"message {int(match['sequence'])}: there is a receipt, but the diary ends before it"
            yield _Finding(broken=True, sentence=sentence)


def _evidence(folder: Path) -> Iterator[_Finding]:
    """What the agent has found against the hub's log."""
    for path in sorted(folder.glob("*.evidence")):
        try:
            yield _Finding(broken=True, sentence=f"log: {path.name}: {verify_file(path, None).shows}")
        except GovernanceError as error:
            yield _Finding(broken=True, sentence=f"log: {path.name}: {error.message}")


def _hub_of(path: Path) -> HubKey | None:
    try:
        hub = read_hub(_read(path, TARGET_LIMIT_BYTES))
    except (FileNotFoundError, GovernanceError):
        return None
    return HubKey(hub.code, hub.receipt_key)


def _read(path: Path, limit_bytes: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit_bytes + 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gpfed-audit",
        description="Check offline what a practice's agent has recorded and sent.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    verify = commands.add_parser(
        "verify",
        help="check an agent's folder (diary, messages, receipts), a bundle of the hub's log, or evidence against it",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verify.add_argument("path", type=Path, metavar="PATH", help="an agent's state folder or a copy of it, or one file")
    verify.add_argument("--policy", type=Path, metavar="FILE", help="for a file: the log policy whose keys you trust")
    verify.add_argument(
        "--hub-key", metavar="KEY", help="the hub's receipt key (gpfed-sign-1 ...), or a file that holds it"
    )
    verify.add_argument("--hub-code", metavar="CODE", help="the code under which the hub signs")
    verify.add_argument("--json", action="store_true", help="write the findings as JSON")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if bool(options.hub_key) != bool(options.hub_code):
        parser.error("--hub-key and --hub-code belong together")
    if not options.path.exists():
        parser.error(f"no file or folder at {options.path}")
    try:
        findings = _found(options)
    except (GovernanceError, OSError) as error:
        print(f"gpfed-audit: {error}", file=sys.stderr)
        return BROKEN
    if options.json:
        print(json.dumps({**asdict(findings), "exit_code": findings.exit_code}, indent=2))
    else:
        print(_in_words(findings), end="")
    return findings.exit_code


def _found(options: argparse.Namespace) -> Findings | FileFindings:
    if options.path.is_file():
        return verify_file(options.path, options.policy)
    hub = _hub_given(options.hub_key, options.hub_code) if options.hub_key else None
    return verify_folder(options.path, hub)


def _hub_given(key: str, code: str) -> HubKey:
    text = key if key.startswith("gpfed-sign-1 ") else Path(key).read_text(encoding="ascii").strip()
    return HubKey(code, VerifyKey.parse(text))


def _in_words(findings: Findings | FileFindings) -> str:
    lines = [
        *_first_lines(findings),
        *(f"BROKEN     {sentence}" for sentence in findings.broken),
        *(f"missing    {sentence}" for sentence in findings.missing),
        *(("everything recorded is there and holds",) if findings.exit_code == OK else ()),
    ]
    return "\n".join(lines) + "\n"


def _first_lines(findings: Findings | FileFindings) -> tuple[str, ...]:
    if isinstance(findings, FileFindings):
        return (*(f"entry      {line}" for line in findings.entries), f"{findings.kind:<10} {findings.shows}")
    return (
        f"diary      {findings.entries} entries, head {findings.head[:16]}",
        f"messages   {findings.messages}, of which {findings.receipts} are whole with a receipt of the hub",
    )


if __name__ == "__main__":  # pragma: no cover - the same command, as a module
    sys.exit(main())
