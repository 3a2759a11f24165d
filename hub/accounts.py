"""Who may log in to the mailbox, from the hub's database."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable
from functools import partial

from django.db import connections

from hub.centre import Centre
from hub.enforce import is_active
from hub.enrolment import enrol, find_invitation
from hub.errors import AccessError, EnrolmentError
from hub.log_shelf import PracticeShelf
from hub.mailbox import Account, EnrolAccount, Places, PracticeAccount, Rights
from hub.models import Agreement, Invitation, Practice


class HubDirectory:
    """The accounts of one hub.

    Args:
        centre: the hub.
        arrived: called when an upload is complete.
    """

    def __init__(self, centre: Centre, arrived: Callable[[], None]) -> None:
        self._centre = centre
        self._arrived = arrived

    def by_key(self, name: str, key: bytes) -> Account | None:
        """The account of an enrolled practice, if this is its SSH key."""
        practice = Practice.objects.filter(code=name, enrolled_at__isnull=False).first()
        if practice is None or not hmac.compare_digest(base64.b64decode(practice.ssh_key.split()[1]), key):
            return None
        return practice_account(self._centre, practice, self._arrived)

    def by_secret(self, secret: str) -> Account | None:
        """The enrolment account of a one-time secret."""
        invitation = find_invitation(secret, self._centre.now())
        return None if invitation is None else enrol_account(self._centre, invitation.pk)

    def release(self) -> None:
        """Close the calling thread's database connection."""
        connections.close_all()


def practice_account(centre: Centre, practice: Practice, arrived: Callable[[], None]) -> PracticeAccount:
    """The account of an enrolled practice."""
    rights = Rights(named_in=partial(_named_in, practice.code), active_in=partial(_active_in, centre, practice.code))
    shelf = PracticeShelf(centre, practice, rights)
    places = Places(centre.config.repository, centre.config.mailbox(practice.code), shelf)
    return PracticeAccount(practice.code, places, rights, arrived)


def enrol_account(centre: Centre, invitation_id: int) -> EnrolAccount:
    """The account `enrol`, opened with the secret of one invitation."""

    def take(data: bytes) -> None:
        try:
            enrol(centre, invitation_id, data)
        except EnrolmentError as error:
            raise AccessError(error.message, error.hint) from error

    def reply() -> bytes | None:
        stored = Invitation.objects.values_list("reply", flat=True).get(pk=invitation_id)
        return None if stored is None else bytes(stored)

    return EnrolAccount(f"enrol {invitation_id}", take, reply)


def _in_force(agreement_id: str) -> Agreement | None:
    return Agreement.objects.filter(agreement_id=agreement_id, superseded_at=None).first()


def _named_in(code: str, agreement_id: str) -> bool:
    agreement = _in_force(agreement_id)
    return agreement is not None and code in agreement.practices


def _active_in(centre: Centre, code: str, agreement_id: str) -> bool:
    agreement = _in_force(agreement_id)
    practice = Practice.objects.get(code=code)
    return agreement is not None and is_active(practice, agreement, centre.today())
