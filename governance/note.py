"""Signed notes (C2SP signed-note v1), used for the hub's receipts and for the checkpoints of its log.

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

A note may hold further signatures of other names or types (0x04: a witness's cosignature, `governance.cosignature`);
whoever does not know a signer ignores that line. A verifier key as text is `name+hex(key hash)+base64(type || key)`.
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
ED25519, COSIGNATURE = b"\x01", b"\x04"  # C2SP signed-note, "Signature types"
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


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: who is said to have made it, the key's hash (4 bytes), and the signature."""

    name: str
    key_hash: bytes
    signature: bytes


def sign_note(text: str, name: str, key: SigningKey) -> bytes:
    """Sign a text under a name.

    Raises:
        FormatError: the text does not end in a newline, holds a control character, or the name is not allowed.
    """
    _check_text(text)
    _check_name(name)
    line = signature_line(name, key_hash(name, key.public), key.sign(text.encode("utf-8")))
    return f"{text}\n".encode() + line


def signature_line(name: str, key_id: bytes, signature: bytes) -> bytes:
    """One signature of a note, with its newline."""
    _check_name(name)
    return f"— {name} {encode64(key_id + signature)}\n".encode()


def open_note(data: bytes, name: str, key: VerifyKey) -> str:
    """The text of a note that this key signed under this name.

    Raises:
        FormatError: it is not a signed note.
        SignatureError: the key has not signed it under that name.
    """
    text, lines = split_note(data)
    expected = key_hash(name, key)
    for line in lines:
        if line.name == name and line.key_hash == expected:
            key.verify(line.signature, text.encode("utf-8"))
            return text
    raise SignatureError(f"note is not signed by {name} with key {key.key_id}")


def split_note(data: bytes) -> tuple[str, tuple[SignatureLine, ...]]:
    """A note's text and its signatures, none of them verified.

    Raises:
        FormatError: it is not a signed note.
    """
    text, lines = _split(data)
    return text, tuple(_signature(line) for line in lines)


def key_hash(name: str, key: VerifyKey, type_: bytes = ED25519) -> bytes:
    """The four bytes by which a signature of this kind names its key."""
    return hashlib.sha256(name.encode("utf-8") + b"\n" + type_ + key.raw).digest()[:4]


def verifier_key(name: str, key: VerifyKey, type_: bytes = ED25519) -> str:
    """A key as one word of text (C2SP signed-note, "Verifier keys")."""
    _check_name(name)
    return f"{name}+{key_hash(name, key, type_).hex()}+{encode64(type_ + key.raw)}"


def read_verifier_key(text: str, type_: bytes) -> tuple[str, VerifyKey]:
    """The name and key of a verifier key of this type.

    Raises:
        FormatError: it is not one.
    """
    name, _, rest = text.partition("+")
    material = decode64(rest.partition("+")[2], "verifier key")
    key = VerifyKey(material[1:])
    if material[:1] != type_ or verifier_key(name, key, type_) != text:
        raise FormatError(f"verifier key of {name[:64]} is not of the right type and form")
    return name, key


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


def _signature(line: str) -> SignatureLine:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not _NAME.fullmatch(name):
        raise FormatError("note has a line that is not a signature")
    data = decode64(encoded, "note")
    return SignatureLine(name, data[:4], data[4:])
