"""The hub's people who sign searches, and the file that tells practices who they are.

`hub.json` is signed by two of the three targets keys: nobody becomes a reviewer by the word of the hub's server alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from django.db import transaction

from governance.catalogue import HUB_TARGET, HubIdentity, write_hub
from governance.keys import SigningKey, VerifyKey, read_signing_key, write_key
from governance.review import Role, StaffMember
from hub import models
from hub.centre import Centre, read_targets_keys
from hub.errors import PublicationError
from hub.events import record
from hub.witnesses import publish_policy


def hub_identity(centre: Centre) -> HubIdentity:
    """Who the hub is, as practices are told."""
    return HubIdentity(
        centre.config.code,
        centre.config.name,
        centre.keys.seal.public,
        centre.keys.receipt.public,
        centre.keys.agreement.public,
        staff(),
        tuple(
            models.Agreement.objects.filter(superseded_at=None)
            .order_by("agreement_id")
            .values_list("agreement_id", flat=True)
        ),
    )


def staff() -> tuple[StaffMember, ...]:
    """Everybody who may sign searches, by id."""
    return tuple(
        StaffMember(row.person, row.name, frozenset(Role(role) for role in row.roles), VerifyKey.parse(row.key))
        for row in models.StaffMember.objects.order_by("person")
    )


def add_staff(centre: Centre, member: StaffMember, targets_keys: Sequence[SigningKey]) -> None:
    """Add a person to the directory and publish it.

    Raises:
        PublicationError: the person or the key is there already, or too few targets keys signed.
    """
    known = models.StaffMember.objects
    if known.filter(person=member.person).exists() or known.filter(key=member.key.text).exists():
        raise PublicationError(f"{member.person} or this key is in the staff directory")
    with transaction.atomic():
        models.StaffMember.objects.create(
            person=member.person,
            name=member.name,
            roles=sorted(role.value for role in member.roles),
            key=member.key.text,
            added_at=centre.now(),
        )
        record(centre, "staff_added", person=member.person, key=member.key.key_id)
        publish_identity(centre, targets_keys)


def publish_identity(centre: Centre, targets_keys: Sequence[SigningKey]) -> None:
    """Write `hub.json` anew, and which practices are the witnesses of the log."""
    centre.repository().put_hub_file(HUB_TARGET, write_hub(hub_identity(centre)), targets_keys)
    publish_policy(centre, targets_keys)


def new_key(
    centre: Centre, member_id: tuple[str, str], roles: frozenset[Role], place: tuple[Path, Path]
) -> StaffMember:
    """Make a person's key file and add the person to the directory.

    Args:
        centre: the hub.
        member_id: the person's id and name.
        roles: in which the person may sign.
        place: the key file to write, and the folder of the targets keys.
    """
    file, offline = place
    targets_keys = read_targets_keys(offline)
    key = SigningKey.generate()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key(file, key)
    member = StaffMember(*member_id, roles, key.public)
    add_staff(centre, member, targets_keys)
    return member


def signer(path: Path, role: Role) -> tuple[StaffMember, SigningKey]:
    """Whose key file this is, and the key.

    Raises:
        KeyFileError: it is not an owner-only key file.
        PublicationError: the key is nobody's in the directory, or its owner may not act in that role.
    """
    member, key = known_signer(path)
    if role not in member.roles:
        raise PublicationError(f"{member.person} may not sign as {role}")
    return member, key


def known_signer(path: Path) -> tuple[StaffMember, SigningKey]:
    """Whose key file this is, whatever the role, and the key.

    Raises:
        KeyFileError: it is not an owner-only key file.
        PublicationError: the key is nobody's in the directory.
    """
    key = read_signing_key(path)
    member = next((member for member in staff() if member.key == key.public), None)
    if member is None:
        raise PublicationError(
            f"key {key.public.key_id} is nobody's in the staff directory", "add it with gpfed-hub key new"
        )
    return member, key
