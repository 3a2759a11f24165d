"""What each command about the log does: fsck, audit bundle, log witnesses."""

from __future__ import annotations

from argparse import Namespace
from datetime import date

from governance.errors import FormatError
from governance.log_entry import Kind
from governance.wire import iso_date
from hub.audit import Question, bundle
from hub.centre import Centre, read_targets_keys
from hub.files import write_whole
from hub.fsck import fsck
from hub.saying import note, offline, say
from hub.witnesses import publish_policy

FAILED = 1


def fsck_hub(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub fsck`."""
    checked = fsck(centre)
    told = {
        "entries": checked.entries,
        "checkpoints": checked.checkpoints,
        "events": checked.events,
        "faults": list(checked.faults),
    }
    counts = f"{checked.entries} entries, {checked.checkpoints} checkpoints, {checked.events} events"
    end = [f"BROKEN  {fault}" for fault in checked.faults] or ["rows, events and the log agree"]
    say(arguments, told, "\n".join([counts, *end]))
    return FAILED if checked.faults else 0


def audit_bundle(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub audit bundle`."""
    begin, end = _day(arguments.begin), _day(arguments.end)
    unknown = sorted({*arguments.kind} - {*Kind})
    if unknown:
        raise FormatError(f"the log has no entries of kind {unknown[0]}", f"give one of {', '.join(Kind)}")
    title = f"{', '.join(arguments.kind) or 'everything'}; {arguments.practice or 'all practices'}"
    if begin or end:
        title += f"; {begin or 'the beginning'} to {end or 'now'}"
    data = bundle(centre, Question(title, arguments.practice, frozenset(map(Kind, arguments.kind)), begin, end))
    write_whole(arguments.out, data, mode=0o600)
    say(arguments, {"file": str(arguments.out), "bytes": len(data), "title": title}, str(arguments.out))
    note(f"check it anywhere: gpfed-audit verify {arguments.out} --policy log-policy.txt")
    return 0


def log_witnesses(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub log witnesses`."""
    policy = publish_policy(centre, read_targets_keys(offline(centre, arguments)))
    group = policy.groups.get("practices")
    needed = group.needed if group else 0
    told = {"witnesses": list(policy.witnesses), "needed": needed}
    say(arguments, told, f"{len(policy.witnesses)} practices are witnesses; {needed} of them make a checkpoint count")
    return 0


def _day(text: str | None) -> date | None:
    return None if text is None else iso_date(text, "the command line")
