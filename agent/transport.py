"""What the agent needs of a hub: list, fetch and put, over files named by absolute paths.

    /catalogue/metadata/*.json, /catalogue/targets/**   read
    /in/NAME                                            put; never listed, read or replaced
    /receipts/SEQUENCE.receipt                          listed and read
    /log/offer/**, /log/proof/**                        read
    /log/cosignature/SIZE                               put
    /request, /reply                                    of the account `enrol` only

The agent never uses a name that the hub sent as a local path.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

REQUEST = "/request"
REPLY = "/reply"
INBOX = "/in"
RECEIPTS = "/receipts"
LOG = "/log"
METADATA = "/catalogue/metadata"
TARGETS = "/catalogue/targets"

MAX_CATALOGUE_FILE_BYTES = 5_000_000  # what the update framework's client takes of a role's metadata


class Mailbox(Protocol):
    """One practice's account at a hub.

    Every method raises HubUnreachableError when the hub stops answering, HubRefusedError when it says no, and
    NotThereError when there is no such file.
    """

    def list(self, folder: str) -> tuple[str, ...]:
        """Names in a folder, sorted."""

    def fetch(self, path: str, limit_bytes: int) -> bytes:
        """The whole of a file; TooLargeError as soon as it turns out longer than the limit."""

    def put(self, path: str, data: bytes) -> None:
        """Write PATH.part, then rename it to PATH; the same bytes under the same path again are harmless."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a file that the hub is about to write: at least one look, then until the time is up."""

    seconds: float
    poll_seconds: float = 0.5

    def looks(self) -> Iterator[None]:
        """One item for each look, with a pause between them."""
        deadline = time.monotonic() + self.seconds
        yield
        while time.monotonic() < deadline:
            time.sleep(self.poll_seconds)
            yield
