"""Cosignatures of checkpoints (C2SP tlog-cosignature, Ed25519 `cosignature/v1`): what a witness says, and when.

A witness signs

    cosignature/v1
    time 1679315147                                   seconds since the epoch, no leading zero
    NORTHSIDE/log                                     and the checkpoint's whole text
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

and its line in the note is `— <name> base64(key id, 4 bytes || time, 8 bytes big-endian || signature, 64 bytes)`, the
key id being the first four bytes of SHA-256(name || 0x0A || 0x04 || public key).

It says: as of that time this is the longest log under this name that I have seen, and it continues every shorter one
that I have seen. Here every practice's agent is a witness, under its practice's code and with its signing key; what it
signs otherwise begins with `DSSEv1` or `gpfed`, so that none can be shown as the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from governance.checkpoint import CHECKPOINT_LIMIT_BYTES, SignedCheckpoint
from governance.errors import FormatError, SignatureError
from governance.keys import SIGNATURE_BYTES, SigningKey, VerifyKey
from governance.note import COSIGNATURE, SignatureLine, key_hash, signature_line, split_note

COSIGNATURE_LIMIT_BYTES: Final = 512
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word on a checkpoint.

    Args:
        name: of the witness.
        at: when it was given, by the witness's clock; UTC, whole seconds.
    """

    name: str
    at: datetime


def cosign(text: str, name: str, key: SigningKey, at: datetime) -> bytes:
    """The line that a witness adds to a checkpoint's note.

    Args:
        text: of the checkpoint.
        name: of the witness.
        key: the witness's.
        at: present time.
    """
    seconds = int(at.timestamp())
    signature = key.sign(_message(seconds, text))
    return signature_line(name, key_hash(name, key.public, COSIGNATURE), seconds.to_bytes(_TIME_BYTES) + signature)


def cosignatures(signed: SignedCheckpoint, witnesses: Mapping[str, VerifyKey]) -> tuple[Cosignature, ...]:
    """What these witnesses say in a checkpoint's note; each counts once, with its latest word.

    Raises:
        FormatError: a line of one of them is not a cosignature.
        SignatureError: a line of one of them is not its over this checkpoint.
    """
    found: dict[str, Cosignature] = {}
    _, lines = split_note(signed.note)
    for line in lines:
        key = witnesses.get(line.name)
        if key is None or line.key_hash != key_hash(line.name, key, COSIGNATURE):
            continue  # C2SP signed-note: a signature of an unknown key is ignored
        one = _verify(line, key, signed.checkpoint.text)
        if line.name not in found or found[line.name].at < one.at:
            found[line.name] = one
    return tuple(found.values())


def read_cosignature(line: bytes, signed: SignedCheckpoint, witness: tuple[str, VerifyKey]) -> Cosignature:
    """What a witness answered: one line, its cosignature of this checkpoint (C2SP tlog-witness, response body).

    Raises:
        FormatError: it is not one line of that witness.
        SignatureError: the witness has not signed this checkpoint.
    """
    if len(line) > COSIGNATURE_LIMIT_BYTES:
        raise FormatError(f"cosignature is {len(line)} bytes, at most {COSIGNATURE_LIMIT_BYTES} are read")
    name, key = witness
    _, lines = split_note(f"{signed.checkpoint.text}\n".encode() + line)
    if len(lines) != 1 or (lines[0].name, lines[0].key_hash) != (name, key_hash(name, key, COSIGNATURE)):
        raise FormatError(f"cosignature is not one line of {name}")
    return _verify(lines[0], key, signed.checkpoint.text)


def with_cosignatures(signed: SignedCheckpoint, lines: tuple[bytes, ...]) -> bytes:
    """The note with further lines, as many as it may hold."""
    note = signed.note
    for line in lines:
        if len(note) + len(line) <= CHECKPOINT_LIMIT_BYTES:
            note += line
    return note


def _verify(line: SignatureLine, key: VerifyKey, text: str) -> Cosignature:
    if len(line.signature) != _TIME_BYTES + SIGNATURE_BYTES:
        raise FormatError(f"cosignature of {line.name} is not a time and a signature")
    seconds = int.from_bytes(line.signature[:_TIME_BYTES])
    try:
        key.verify(line.signature[_TIME_BYTES:], _message(seconds, text))
        at = datetime.fromtimestamp(seconds, UTC)
    except SignatureError as error:
        raise SignatureError(f"cosignature of {line.name} is not over this checkpoint") from error
    except (ValueError, OverflowError, OSError) as error:
        raise FormatError(f"cosignature of {line.name} holds a time that does not exist") from error
    return Cosignature(line.name, at)


def _message(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
