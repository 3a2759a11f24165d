"""What the agent needs of a hub: list, fetch and put, over files named by absolute paths.

    /catalogue/metadata/*.json, /catalogue/targets/**   read
    /in/NAME                                            put; never listed, read or replaced
    /receipts/SEQUENCE.receipt                          listed and read
    /request, /reply                                    of the account `enrol` only

The agent never uses a name that the hub sent as a local path.
"""

from __future__ import annotations

from typing import Protocol

REQUEST = "/request"
REPLY = "/reply"
RECEIPTS = "/receipts"
METADATA = "/catalogue/metadata"
TARGETS = "/catalogue/targets"

MAX_RECEIPT_BYTES = 4096
MAX_REPLY_BYTES = 1_000_000
MAX_CATALOGUE_FILE_BYTES = 5_000_000


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


def inbox_path(sequence: int, kind: str, digest: str) -> str:
    """Where a message goes: its sequence, its kind, and the start of its SHA-256.

    >>> inbox_path(7, "result", "0123456789abcdef" * 4)
    '/in/00000007-result-0123456789abcdef.gpfed'
    """
    return f"/in/{sequence:08d}-{kind}-{digest[:16]}.gpfed"


def receipt_path(sequence: int) -> str:
    """Where the hub puts the receipt of a message.

    >>> receipt_path(7)
    '/receipts/00000007.receipt'
    """
    return f"{RECEIPTS}/{sequence:08d}.receipt"
