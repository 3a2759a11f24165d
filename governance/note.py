"""Signed notes (C2SP signed-note v1), used for the hub's receipts.

A note is text whose every line ends in a newline, an empty line, and signature lines:

    gpfed receipt v1
    practice Z90001
    sequence 7
    file 5dc9da79f3...                         SHA-256 of the file received, 64 hex digits
    received 2026-03-31T09:30:00Z              UTC, whole seconds

    — hub.example base64(key hash, 4 bytes || Ed25519 signature, 64 bytes)

The key hash is the first four bytes of SHA-256(name || 0x0A || 0x01 || raw public key). The dash is U+2014. What is
signed is the text with its last newline, without the empty line. A receipt lets a practice prove later what the hub
received, and when.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from governance.errors import FormatError, SignatureError
from governance.keys import SigningKey, VerifyKey
from governance.signing import decode64, encode64

RECEIPT_ORIGIN = "gpfed receipt v1"
NOTE_LIMIT_BYTES = 8192
_ED25519 = b"\x01"  # C2SP signed-note, "Signature types"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")  # no blank, no plus: C2SP signed-note, "Format"
_RECEIPT = re.compile(
    rf"{RECEIPT_ORIGIN}\n"
    r"practice (?P<practice>[A-Z][A-Z0-9]{2,9})\n"
    r"sequence (?P<sequence>[1-9][0-9]{0,7})\n"
    r"file (?P<file>[0-9a-f]{64})\n"
    r"received (?P<received>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)\n",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """That the hub has received a file.

    Args:
        practice: who sent it.
        sequence: the number under which it was sent, from 1.
        digest: SHA-256 of the file, 64 hex digits.
        received_at: UTC, whole seconds.
    """

    practice: str
    sequence: int
    digest: str
    received_at: datetime

    @property
    def text(self) -> str:
        """The note's text."""
        received = self.received_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"{RECEIPT_ORIGIN}\npractice {self.practice}\nsequence {self.sequence}\n"
            f"file {self.digest}\nreceived {received}\n"
        )


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Sign a text under a name.

    Raises:
        FormatError: the text does not end in a newline, holds a control character, or the name is not allowed.
    """
    _check_text(text)
    _check_name(name)
    signature = encode64(_key_hash(name, key.public) + key.sign(text.encode("utf-8")))
    return f"{text}\n— {name} {signature}\n".encode()


def open_note(data: bytes, name: str, key: VerifyKey) -> str:
    """The text of a note that this key signed under this name.

    Raises:
        FormatError: it is not a signed note.
        SignatureError: the key has not signed it under that name.
    """
    text, lines = _split(data)
    expected = _key_hash(name, key)
    for line in lines:
        dash, _, rest = line.partition(" ")
        signer, _, encoded = rest.partition(" ")
        if dash != "—" or not _NAME.fullmatch(signer):
            raise FormatError("note has a line that is not a signature")
        signature = decode64(encoded, "note")
        if signer == name and signature[:4] == expected:
            key.verify(signature[4:], text.encode("utf-8"))
            return text
    raise SignatureError(f"note is not signed by {name} with key {key.key_id}")


def sign_receipt(receipt: Receipt, name: str, key: SigningKey) -> bytes:
    """A receipt as a note, signed with the hub's receipt key under the hub's code."""
    if not _RECEIPT.fullmatch(receipt.text):
        raise FormatError("receipt is not of the right form")
    return sign_note(receipt.text, name, key)


def read_receipt(data: bytes, name: str, key: VerifyKey) -> Receipt:
    """A receipt that the hub has signed.

    Raises:
        FormatError: it is not a receipt.
        SignatureError: the hub has not signed it.
    """
    match = _RECEIPT.fullmatch(open_note(data, name, key))
    if match is None:
        raise FormatError(f"note is signed, but is not a {RECEIPT_ORIGIN}")
    try:
        received = datetime.strptime(match["received"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise FormatError("receipt holds a time that does not exist") from error
    return Receipt(match["practice"], int(match["sequence"]), match["file"], received)


def _split(data: bytes) -> tuple[str, list[str]]:
    if len(data) > NOTE_LIMIT_BYTES:
        raise FormatError(f"note is {len(data)} bytes, at most {NOTE_LIMIT_BYTES} are read")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("note is not UTF-8") from error
    text, blank, signatures = whole.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise FormatError("note has no signature")
    text += "\n"
    _check_text(text)
    return text, signatures[:-1].split("\n")


def _check_text(text: str) -> None:
    if not text.endswith("\n"):
        raise FormatError("note's text does not end in a newline")
    if any(ord(character) < 0x20 and character != "\n" for character in text):
        raise FormatError("note's text holds a control character")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise FormatError("note's signer is not a name of letters, digits, dots, slashes and dashes")


def _key_hash(name: str, key: VerifyKey) -> bytes:
    return hashlib.sha256(name.encode("utf-8") + b"\n" + _ED25519 + key.raw).digest()[:4]
