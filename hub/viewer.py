"""Who is looking at a page: the hub's staff, or one practice; entered by a signed link.

    link = make_link(config, Viewer.practice("Z90001"), base="http://127.0.0.1:8000")
    http://127.0.0.1:8000/enter/eyJ2Ijoi.../          valid for 30 days

The page behind the link checks it with `read_token`, writes the viewer into the session with `enter`, and redirects to
an address without the token. Every page then asks `viewer_of(request)`; None means: nobody, show nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from django.core import signing

from hub.config import HubConfig
from hub.errors import AccessError

LINK_SECONDS = 30 * 24 * 60 * 60
SESSION_KEY = "viewer"
_SALT = "gpfed viewer link v1"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks.

    Args:
        practice_code: the practice, or the empty string for the hub's staff.
    """

    practice_code: str

    @classmethod
    def staff(cls) -> Viewer:
        """The hub's own people: they see who has sent, and the same figures as anyone."""
        return cls("")

    @classmethod
    def practice(cls, code: str) -> Viewer:
        """One practice: it sees itself among its peers."""
        return cls(code)

    @property
    def is_staff(self) -> bool:
        """Whether this is the hub's staff."""
        return not self.practice_code


def make_token(config: HubConfig, viewer: Viewer) -> str:
    """Sign who may look; the token holds no secret, only a claim with the hub's signature and its time."""
    return signing.dumps({"practice": viewer.practice_code}, key=config.secret, salt=_SALT)


def make_link(config: HubConfig, viewer: Viewer, base: str) -> str:
    """The address that lets this viewer in; `base` is the pages' address, such as `http://127.0.0.1:8000`."""
    return f"{base.rstrip('/')}/enter/{make_token(config, viewer)}/"


def read_token(config: HubConfig, token: str) -> Viewer:
    """Who the token says is looking.

    Raises:
        AccessError: the token was not signed by this hub, or is too old.
    """
    try:
        claim = signing.loads(token, key=config.secret, salt=_SALT, max_age=LINK_SECONDS)
    except signing.SignatureExpired as error:
        raise AccessError("this link is too old", "ask the hub for a new one") from error
    except signing.BadSignature as error:
        raise AccessError("this link was not made by this hub", "ask the hub for a new one") from error
    return Viewer(str(claim["practice"]))


def enter(session: MutableMapping[str, object], viewer: Viewer) -> None:
    """Write the viewer into a session."""
    session[SESSION_KEY] = viewer.practice_code


def viewer_of(session: Mapping[str, object]) -> Viewer | None:
    """The viewer that the session holds, or None."""
    code = session.get(SESSION_KEY)
    return Viewer(code) if isinstance(code, str) else None
