"""What may go wrong with a site's database, each as a code and a sentence of ours.

A driver's own message may quote a row or a statement: none is passed on, only its number or the kind of error.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from searches.errors import AnswerError, DatabaseError

SAID = {
    "no_connection": ("the database does not answer", "is it running, and are host, port or file in agent.toml right?"),
    "login_refused": ("the database refuses this login", "give the password anew: gpfed-agent password"),
    "not_encrypted": (
        "no encrypted connection to the database can be made",
        "see encrypt and ca_file in docs/how-to/connect-a-database.md",
    ),
    "connection_lost": ("the connection to the database was lost", "the next run asks again from the beginning"),
    "time_out": ("a statement took too long", "raise statement_seconds in agent.toml, or add the indexes"),
    "locked": ("another session holds what is needed", "the next run asks again; or raise lock_seconds in agent.toml"),
    "right_missing": (
        "the login may not read what is needed",
        "give it the rights that gpfed-agent sql create-user prints",
    ),
    "changed": (
        "a table or column is not there, or is of another kind",
        "see what gpfed-agent doctor says of the layout",
    ),
    "full": ("the database has no room left for the statement", "ask who looks after it for disk or memory"),
    "damaged": ("the database file is damaged, or is no database of this engine", "see file and engine in agent.toml"),
    "failed": (
        "the database refused a statement",
        "see what gpfed-agent doctor says, and tell the makers of this agent",
    ),
}
"""By code: what happened, and what to do next."""

NOT_TRUSTED, NOT_OFFERED, NO_AUTHORITY = (
    "its certificate is not trusted",
    "the server offers none",
    "ca_file holds no certificate",
)
"""Why a connection is not encrypted."""

RECORDS_INVALID = ""
"""In place of a code: one value of the records is not what the statement needs; only this search fails."""


def fault(reason: str, number: str) -> DatabaseError | AnswerError:
    """The error that tells it.

    Args:
        reason: one of the codes, or `RECORDS_INVALID`.
        number: as the engine numbers it, or the kind of the driver's error, or a few words of ours.
    """
    if reason == RECORDS_INVALID:
        return AnswerError(f"the statement did not run: {number}", "a value of the records is not what it should be")
    said, hint = SAID[reason]
    return DatabaseError(f"{said} ({number})", reason, hint)


def driver(module: str, extra: str, title: str) -> ModuleType:
    """A database's driver, loaded when it is needed.

    Raises:
        DatabaseError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        missing = DatabaseError(
            f"the driver for {title} is not installed", "no_driver", f"install it: pip install 'gpfed[{extra}]'"
        )
    raise missing
