"""Everything that `hub` refuses, as one tree.

    HubError                 1   base
    ├── HubConfigError       2   the hub's folder or its configuration cannot be used
    ├── AccessError         12   an account asked for something outside its rights
    │   └── NotThereError   12   the same, where the answer is that there is no such file
    ├── EnrolmentError      12   an enrolment request is not the one that was invited
    ├── PublicationError    12   a search, agreement or key may not be published
    └── QuarantineError     12   a file received is set aside; carries its reason code

The number is the exit code of `gpfed-hub`. A message says what was refused, which item, what was expected and what was
found. What to do next is the `hint`.
"""

from __future__ import annotations


class HubError(Exception):
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


class HubConfigError(HubError):
    """The hub's folder or its configuration cannot be used."""

    exit_code = 2


class AccessError(HubError):
    """An account asked for something outside its rights."""

    exit_code = 12


class NotThereError(AccessError):
    """There is no such file, as far as this account may know."""


class EnrolmentError(HubError):
    """An enrolment request is not the one that was invited."""

    exit_code = 12


class PublicationError(HubError):
    """A search, an agreement or a key may not be published as asked."""

    exit_code = 12


class QuarantineError(HubError):
    """A received file is set aside.

    Args:
        message: what was refused.
        reason: a code such as `already_recorded`; the closed list is `hub.models.log.QUARANTINE_REASONS`.
    """

    exit_code = 12

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason
