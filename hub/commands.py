"""What each command of `gpfed-hub` does. Imported once Django is configured; parsing stands in `hub.__main__`."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from governance.errors import FormatError
from governance.review import Role, StaffMember
from hub.agreement_commands import (
    agreement_draft,
    agreement_list,
    agreement_propose,
    agreement_renew,
    agreement_resume,
    agreement_show,
    agreement_suspend,
)
from hub.agreements import in_force
from hub.centre import Centre, open_centre
from hub.config import HubConfig
from hub.enrolment import add_practice, invite
from hub.errors import HubError, NotThereError
from hub.initialise import initialise
from hub.log_commands import audit_bundle, fsck_hub, log_witnesses
from hub.models import Practice
from hub.pages.load import reference_dates, release, totals_of_release
from hub.publish import Publication, Reviewers, publish, read_folders
from hub.saying import note, offline, say, standing_lines
from hub.serve import Addresses, addresses_of, serve
from hub.staff import new_key, signer, staff
from hub.totals_words import lines_of, to_json
from hub.viewer import Viewer, make_link


def run(config: HubConfig, arguments: Namespace) -> int:
    """Carry out a parsed command; the exit code."""
    return COMMANDS[arguments.command](open_centre(config), arguments)


def init(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub init`."""
    keys = offline(centre, arguments)
    initialise(centre, keys)
    told = {"hub": centre.config.code, "folder": str(centre.config.folder), "offline_keys": str(keys)}
    say(arguments, told, f"hub {centre.config.code} is in {centre.config.folder}")
    note(f"move the six keys in {keys} to where this machine cannot reach them")
    return 0


def key_new(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub key new`."""
    person = arguments.person
    file = arguments.out or centre.config.keys / "staff" / f"{person}.key"
    roles = frozenset(Role(role) for role in arguments.role)
    member = new_key(centre, (person, arguments.name or person), roles, (file, offline(centre, arguments)))
    told = {**_member(member), "file": str(file)}
    say(arguments, told, f"{file}\n{person} signs as {', '.join(sorted(roles))}; fingerprint {member.key.fingerprint}")
    return 0


def key_list(centre: Centre, arguments: Namespace) -> int:  # noqa: ARG001 - every command has the same form
    """`gpfed-hub key list`."""
    members = [_member(member) for member in staff()]
    lines = [f"{one['person']:<20} {', '.join(one['roles']):<30} {one['fingerprint']}" for one in members]
    say(arguments, {"staff": members}, "\n".join(lines))
    return 0


def practice_add(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub practice add`."""
    practice = add_practice(centre, arguments.code, arguments.name)
    code = invite(centre, practice, _address(centre, arguments))
    told = {"practice": practice.code, "code": code.text, "address": f"{code.host}:{code.port}"}
    say(arguments, told, code.text)
    note(f"for {practice.code} only, once, within the hour: gpfed-agent enrol CODE")
    return 0


def practice_list(centre: Centre, arguments: Namespace) -> int:  # noqa: ARG001
    """`gpfed-hub practice list`."""
    rows = [
        {
            "code": practice.code,
            "name": practice.name,
            "enrolled_at": practice.enrolled_at.isoformat() if practice.enrolled_at else None,
            "results": practice.results.count(),
            "quarantined": practice.quarantined.count(),
        }
        for practice in Practice.objects.all()
    ]
    lines = [f"{row['code']:<10} {row['enrolled_at'] or 'not enrolled':<34} {row['name']}" for row in rows]
    say(arguments, {"practices": rows}, "\n".join(lines))
    return 0


def practice_link(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub practice link`."""
    if arguments.code and not Practice.objects.filter(code=arguments.code).exists():
        raise NotThereError(f"no practice {arguments.code}", "add it with gpfed-hub practice add")
    viewer = Viewer.practice(arguments.code) if arguments.code else Viewer.staff()
    link = make_link(centre.config, viewer, addresses_of(centre.config).web)
    say(arguments, {"link": link}, link)
    return 0


def publish_searches(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub publish`."""
    reviewers = Reviewers(
        signer(arguments.author_key, Role.AUTHOR),
        signer(arguments.clinical_key, Role.CLINICAL),
        signer(arguments.governance_key, Role.GOVERNANCE),
    )
    published = publish(centre, arguments.agreement, read_folders(arguments.folder, arguments.codelists), reviewers)
    lines = [f"published {search} version {version}" for search, version in published.searches]
    say(arguments, _publication(published), "\n".join([*lines, *standing_lines(published.practices)]))
    return 0


def totals(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub totals`."""
    agreement = in_force(arguments.id)
    dates = reference_dates(agreement)
    on = arguments.on or (dates[0] if dates else None)
    if on is None or on not in dates:
        raise NotThereError(f"nothing was received under {agreement} for {on or 'any date'}", "gpfed-hub practice list")
    found = {one.search.id: made for one, made in totals_of_release(release(agreement, on, centre.today()))}
    told = {
        "agreement": agreement.agreement_id,
        "reference_date": on.isoformat(),
        "searches": {search_id: to_json(made) for search_id, made in found.items()},
    }
    say(arguments, told, "\n".join(line for search_id, made in found.items() for line in lines_of(search_id, made)))
    return 0


def serve_hub(centre: Centre, arguments: Namespace) -> int:
    """`gpfed-hub serve`."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())

    def announce(addresses: Addresses) -> None:
        told = {
            "sftp": {"host": addresses.host, "port": addresses.sftp_port},
            "web": {"url": addresses.web},
            "pid": os.getpid(),
        }
        words = f"mailbox {addresses.host}:{addresses.sftp_port}\npages   {addresses.web}"
        sys.stdout.write((json.dumps(told) if arguments.json else words) + "\n")
        sys.stdout.flush()

    ports = {name: getattr(arguments, name) for name in ("sftp_port", "web_port")}
    config = replace(centre.config, **{name: port for name, port in ports.items() if port is not None})
    serve(replace(centre, config=config), stop, announce)
    return 0


COMMANDS: Mapping[str, Callable[[Centre, Namespace], int]] = {
    "init": init,
    "key new": key_new,
    "key list": key_list,
    "practice add": practice_add,
    "practice list": practice_list,
    "practice link": practice_link,
    "agreement draft": agreement_draft,
    "agreement propose": agreement_propose,
    "agreement renew": agreement_renew,
    "agreement suspend": agreement_suspend,
    "agreement resume": agreement_resume,
    "agreement show": agreement_show,
    "agreement list": agreement_list,
    "publish": publish_searches,
    "totals": totals,
    "serve": serve_hub,
    "fsck": fsck_hub,
    "audit bundle": audit_bundle,
    "log witnesses": log_witnesses,
}


def _address(centre: Centre, arguments: Namespace) -> tuple[str, int]:
    if arguments.address:
        host, _, port = arguments.address.rpartition(":")
        if not host or not port.isdigit():
            raise FormatError("the address is not HOST:PORT")
        return host, int(port)
    addresses = addresses_of(centre.config)
    if addresses.sftp_port == 0:
        raise HubError("the mailbox's port is not known", "start gpfed-hub serve, or give --address HOST:PORT")
    return addresses.host, addresses.sftp_port


def _member(member: StaffMember) -> dict[str, Any]:
    return {
        "person": member.person,
        "name": member.name,
        "roles": sorted(member.roles),
        "key": member.key.text,
        "fingerprint": member.key.fingerprint,
    }


def _publication(published: Publication) -> dict[str, object]:
    return {
        "searches": [{"search": search, "version": version} for search, version in published.searches],
        "practices": dict(published.practices),
        "goes_to": list(published.goes_to),
    }
