"""Everything that `agent` refuses, as one tree; the exit code of the command stands beside the class.

    AgentError
    ├── ConfigError             agent.toml cannot be read as a configuration
    ├── NotEnrolledError        nothing may be sent or run yet
    ├── EnrolmentRefusedError   the code, the hub's answer or a second enrolment was refused
    ├── BusyError               another turn holds the state folder
    ├── NoRoomError             the disk of the state folder is full
    ├── PausedError             the practice has paused everything
    ├── NotAgreedError          an agreement or the practice's policy refuses
    ├── NoSuchSearchError       nobody has asked such a search here
    ├── NotRunError             the search was not run, or not for that date
    ├── ReportError             what is kept of a run does not read as a report
    ├── RestatementRefusedError a period that cannot be released again
    ├── SourceError             the record system's extract or database, or the run over it, failed
    ├── CatalogueRefusedError   what the hub published does not verify
    ├── OutboxError             a message in the outbox is not what was put there
    ├── ReceiptError            the hub's receipt is not about what was sent
    └── TransportError
        ├── HubUnreachableError   no answer; kept and tried again
        ├── HubIdentityError      someone else answered: nothing was sent
        ├── HubRefusedError       the hub answered and said no
        ├── NotThereError         no file of that name
        └── TooLargeError         a file is larger than it may be

"Not there", "no" and "not who you think" are different: the first is ordinary, the last must stop everything.
A message never holds a value read from a patient's record.
"""

from __future__ import annotations

OK, FAILED, USAGE, PARTLY_DONE = 0, 1, 2, 3
NOT_ENROLLED, PAUSED, REFUSED, SOURCE_FAILED, HUB_UNREACHABLE, HUB_IDENTITY = 10, 11, 12, 13, 14, 15
INTERRUPTED = 130

EXIT_CODES = {
    OK: "done, or nothing to do",
    FAILED: "failed",
    USAGE: "the command line was not understood",
    PARTLY_DONE: "partly done: at least one search or message is still to do",
    NOT_ENROLLED: "not enrolled",
    PAUSED: "paused by the practice",
    REFUSED: "refused by an agreement, the practice's policy or the catalogue's signatures",
    SOURCE_FAILED: "the database or the extract could not be read",
    HUB_UNREACHABLE: "the hub could not be reached; what is due is kept and tried again",
    HUB_IDENTITY: "the hub is not the one enrolled with; nothing was sent",
    INTERRUPTED: "interrupted",
}
"""What each exit code of `gpfed-agent` means; an unknown one means failure."""


class AgentError(Exception):
    """Base of every refusal of this package.

    Args:
        message: what was refused; lower case, no full stop.
        hint: what to do next, or an empty string.
    """

    exit_code = FAILED

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigError(AgentError):
    """agent.toml cannot be read as a configuration."""


class NotEnrolledError(AgentError):
    """The agent has no hub yet."""

    exit_code = NOT_ENROLLED


class EnrolmentRefusedError(AgentError):
    """The code, the hub's answer to it, or a second enrolment was refused."""


class BusyError(AgentError):
    """Another turn holds the state folder."""


class NoRoomError(AgentError):
    """The state folder's disk is full: what could not be kept was not sent."""

    reason = "disk_full"


class PausedError(AgentError):
    """The practice has paused everything."""

    exit_code = PAUSED


class NotAgreedError(AgentError):
    """An agreement, or the practice's own policy, does not allow it."""

    exit_code = REFUSED


class NoSuchSearchError(AgentError):
    """Neither an agreement nor a report of this practice names such a search."""


class NotRunError(AgentError):
    """The search was not run here, or not for that reference date."""

    exit_code = PARTLY_DONE


class ReportError(AgentError):
    """A report does not read as one that this agent wrote."""


class RestatementRefusedError(AgentError):
    """Nothing was released for the period, or it cannot be released again."""

    exit_code = REFUSED


class SourceError(AgentError):
    """The extract or the database, or the run over it, failed; `reason` is a code such as `connection_lost`."""

    exit_code = SOURCE_FAILED

    def __init__(self, message: str, hint: str = "", reason: str = "records_unreadable") -> None:
        super().__init__(message, hint)
        self.reason = reason


class CatalogueRefusedError(AgentError):
    """What the hub published is unsigned, half signed, expired or older than what was seen."""

    exit_code = REFUSED


class OutboxError(AgentError):
    """A message in the outbox is not what was put there."""


class ReceiptError(AgentError):
    """The hub's receipt is not about what was sent."""


class TransportError(AgentError):
    """Base of what can go wrong between agent and hub."""

    exit_code = HUB_UNREACHABLE


class HubUnreachableError(TransportError):
    """The hub did not answer, or stopped answering."""


class HubIdentityError(TransportError):
    """Another key than the pinned one answered; nothing was sent."""

    exit_code = HUB_IDENTITY


class HubRefusedError(TransportError):
    """The hub answered, and refused."""

    exit_code = FAILED


class NotThereError(TransportError):
    """The hub has no file of that name."""

    exit_code = FAILED


class TooLargeError(TransportError):
    """A file at the hub is larger than it may be."""

    exit_code = FAILED
