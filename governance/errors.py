"""Everything that `governance` refuses, as one tree.

    GovernanceError
    ├── FormatError          bytes or a file do not have the form of the message they claim to be
    ├── KeyFileError         a key file cannot be read, or others may read it
    ├── TrustError           who signed is not who must have signed
    │   └── SignatureError   a signature is missing or wrong
    ├── NotPermittedError    agreement, local policy or floor do not allow it; carries every reason
    ├── OptOutsError
    │   ├── OptOutsMissingError   there is no list of who opted out
    │   └── OptOutsStaleError     the list is older than what it would be used for
    ├── HistoryError         what was released before is not known, so nothing may be released now
    ├── DisclosureError      a table breaks the disclosure rules it claims to follow
    ├── NotForUsError        sealed to a key that is not ours
    ├── SealBrokenError      sealed to us, but not whole, not true or not from whom it says
    ├── ChainError           a chained record was edited, reordered or cut
    └── LogError             the hub's log is not what it must be
        ├── ProofError            a proof does not prove what it is about
        └── NotLoggedError        something is not in the log as far as enough others have seen it

"Not ours" and "broken" are different errors, because what to do next differs. A message says what was refused, which
item, what was expected and what was found; it never holds a count or anything read from a patient's record. What to do
next is the `hint`.
"""

from __future__ import annotations


class GovernanceError(Exception):
    """Base of every refusal of this package.

    Args:
        message: what was refused; lower case, no full stop.
        hint: what to do next, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class FormatError(GovernanceError):
    """Bytes or a file do not have the form of the message they claim to be."""


class KeyFileError(GovernanceError):
    """A key file cannot be read, is not a key, or may be read by others."""


class TrustError(GovernanceError):
    """Who signed is not who must have signed."""

    exit_code = 12


class SignatureError(TrustError):
    """A signature is missing, or does not belong to these bytes and this key."""


class NotPermittedError(GovernanceError):
    """Agreement, local policy or floor do not allow it.

    Args:
        message: the first reason, naming its clause.
        reasons: every reason, each naming its clause.
    """

    exit_code = 12

    def __init__(self, message: str, reasons: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(message, hint)
        self.reasons = reasons or (message,)


class OptOutsError(GovernanceError):
    """It is not known well enough who has opted out, so nothing may be counted for others."""

    exit_code = 13


class OptOutsMissingError(OptOutsError):
    """There is no list of who has opted out."""


class OptOutsStaleError(OptOutsError):
    """The list of who has opted out is older than the answer it would be used for."""


class DisclosureError(GovernanceError):
    """A table breaks the disclosure rules it claims to follow."""

    exit_code = 12


class HistoryError(GovernanceError):
    """What was released before is not known, or not whole: without it nothing may be released."""

    exit_code = 12


class NotForUsError(GovernanceError):
    """A sealed message is for a key that is not ours."""


class SealBrokenError(GovernanceError):
    """A sealed message is for us, but is not whole, not true, or not from whom it says."""


class ChainError(GovernanceError):
    """A chained record was edited, reordered or cut."""


class LogError(GovernanceError):
    """The hub's log, or what was said of it, is not what it must be."""

    exit_code = 12


class ProofError(LogError):
    """A proof about the log's tree does not prove what it is about."""


class NotLoggedError(LogError):
    """Something is not in the log, or not yet in the part of it that enough others have seen."""
