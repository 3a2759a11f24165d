r"""The sealed result: what one practice sends for one agreement and reference date.

In order: the payload is signed (inside), compressed, padded to a length that follows from the declared shape alone,
sealed to the hub with HPKE (RFC 9180), and the file is signed again (outside), so that junk is refused before anything
is decrypted.

    file       "gpfed result v1\n" | length of header, 2 bytes | header | length of sealed, 4 bytes | sealed |
    signature, 64 header     canonical JSON: who, which agreement, which reference date, which place in the chain,
    sealed to which key sealed     HPKE base mode, X25519, HKDF-SHA256, ChaCha20-Poly1305: 32 bytes of key share,
    ciphertext, 16 of tag info       "gpfed/result/v1" 0x00, then every value of the header, each with its length in 4
    bytes plaintext  length of z, 4 bytes | z | signature over the payload, 64 | zeros up to the padded length z
    zlib of the payload (see `governance.payload`)

All numbers are big-endian. `cryptography` has no associated data in HPKE, so all context is bound in `info`. Base mode
does not say who sent: the signatures do. Both are over type and length too (DSSE), so neither can stand for the other.

"Not for us" is another error than "broken": the first belongs to another hub, the second is quarantined.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from pydantic import Field

from governance.canonical import to_canonical
from governance.errors import FormatError, NotForUsError, SealBrokenError, SignatureError
from governance.keys import SIGNATURE_BYTES, SealingKey, SealPublic, SigningKey, VerifyKey
from governance.payload import PAYLOAD_LIMIT_BYTES, compressed_bound, read_payload, write_payload
from governance.result import ReceivedResult, ResultMessage, Translations, check_searches
from governance.signing import pae
from governance.wire import (
    RESULT_LIMIT_BYTES,
    AgreementId,
    Digest,
    IsoDate,
    KeyId,
    Message,
    PracticeCode,
    PracticeIdentity,
    Sequence8,
    file_digest,
    iso_date,
    read_message,
)

__all__ = [
    "ReceivedResult",
    "ResultHeader",
    "ResultMessage",
    "SealedResult",
    "Translations",
    "check_searches",
    "open_sealed",
    "padded_length",
    "read_header",
    "read_payload",
    "seal",
]

MAGIC: Final = b"gpfed result v1\n"
PAYLOAD_TYPE: Final = "application/vnd.gpfed.result.v1+json"
SEALED_TYPE: Final = "application/vnd.gpfed.sealed.v1"
PAD_BYTES: Final = 4096
_CONTEXT: Final = b"gpfed/result/v1\0"
_HEADER_LIMIT_BYTES = 4096
_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


@dataclass(frozen=True, slots=True)
class SealedResult:
    """A file that may leave: its bytes and their SHA-256 (hex). Made only by `seal`."""

    data: bytes
    digest: str


@dataclass(frozen=True, slots=True)
class ResultHeader:
    """What stands outside the seal: untrusted until the file was opened; good for saying what was refused.

    Args:
        practice: who is said to have sent it.
        agreement_id: under which agreement.
        agreement_version: which version of it.
        agreement_digest: SHA-256 (hex) of its document.
        reference_date: of the answers.
        sequence: its place in the practice's chain.
        previous: SHA-256 (hex) of the file before it.
        searches_digest: over the ids and digests of the searches answered.
        hub_key: id of the key that it is sealed to.
    """

    practice: str
    agreement_id: str
    agreement_version: int
    agreement_digest: str
    reference_date: date
    sequence: int
    previous: str
    searches_digest: str
    hub_key: str

    def to_json(self) -> dict[str, object]:
        """As it stands in the file."""
        return {
            "practice": self.practice,
            "agreement": self.agreement_id,
            "agreement_version": self.agreement_version,
            "agreement_digest": self.agreement_digest,
            "reference_date": self.reference_date.isoformat(),
            "sequence": self.sequence,
            "previous": self.previous,
            "searches_digest": self.searches_digest,
            "hub_key": self.hub_key,
        }

    def info(self) -> bytes:
        """What HPKE binds: every value with its length, in the order above."""
        values = [str(value).encode("utf-8") for value in self.to_json().values()]
        return _CONTEXT + b"".join(struct.pack(">I", len(value)) + value for value in values)


class _HeaderModel(Message):
    practice: PracticeCode
    agreement: AgreementId
    agreement_version: Annotated[int, Field(ge=1)]
    agreement_digest: Digest
    reference_date: IsoDate
    sequence: Sequence8
    previous: Digest
    searches_digest: Digest
    hub_key: KeyId


@dataclass(frozen=True, slots=True)
class _Parts:
    header: ResultHeader
    sealed: bytes
    signed: bytes
    signature: bytes


def seal(message: ResultMessage, practice_key: SigningKey, hub_key: SealPublic) -> SealedResult:
    """Sign, compress, pad, encrypt, sign. Takes nothing but tables that the suppressor made.

    Raises:
        FormatError: the message is too large, or larger than its shape allows.
    """
    header = _header_of(message, hub_key)
    payload = write_payload(message, hub_key.key_id)
    inner = practice_key.sign(pae(PAYLOAD_TYPE, payload))
    plaintext = _padded(zlib.compress(payload, 9), inner, padded_length(message.shape, message.measured))
    sealed = _SUITE.encrypt(plaintext, hub_key.hpke_key(), info=header.info())
    head = to_canonical(header.to_json())
    signed = b"".join((MAGIC, struct.pack(">H", len(head)), head, struct.pack(">I", len(sealed)), sealed))
    data = signed + practice_key.sign(pae(SEALED_TYPE, signed))
    if len(data) > RESULT_LIMIT_BYTES:
        raise FormatError(f"result is {len(data)} bytes, at most {RESULT_LIMIT_BYTES} may be sent")
    return SealedResult(data, file_digest(data))


def read_header(data: bytes) -> ResultHeader:
    """What stands outside the seal: untrusted.

    Raises:
        SealBrokenError: it is not a sealed result, or not whole.
    """
    return _parts(data).header


def open_sealed(data: bytes, practice: PracticeIdentity, hub_key: SealingKey) -> ReceivedResult:
    """Open a result; its tables are still to be rechecked, its searches and agreement still to be enforced.

    In this order: form, sender, outer signature, recipient, decryption, padding, inner signature, payload against
    header.

    Args:
        data: the file as received.
        practice: in whose mailbox it lay, and its enrolled key.
        hub_key: ours.

    Raises:
        SignatureError: it names another practice.
        NotForUsError: it is sealed to another key.
        SealBrokenError: it is not whole, was altered, or was not signed by this practice: these cannot be told apart.
    """
    parts = _parts(data)
    if parts.header.practice != practice.code:
        raise SignatureError(f"result is of practice {parts.header.practice}, expected {practice.code}")
    _check_signature(practice.key, SEALED_TYPE, parts.signed, parts.signature)
    if parts.header.hub_key != hub_key.public.key_id:
        raise NotForUsError(f"result is sealed to key {parts.header.hub_key}, ours is {hub_key.public.key_id}")
    try:
        plaintext = _SUITE.decrypt(parts.sealed, hub_key.hpke_key(), info=parts.header.info())
    except (InvalidTag, ValueError) as error:
        raise SealBrokenError("result does not open with our key in the context that it names") from error
    payload, inner, padding = _unpadded(plaintext)
    _check_signature(practice.key, PAYLOAD_TYPE, payload, inner)
    try:
        received = read_payload(payload)
    except FormatError as error:
        raise SealBrokenError(error.message) from error
    _check_context(received, parts.header)
    if len(plaintext) != padded_length(received.shape, received.measured) or any(padding):
        raise SealBrokenError("result is not padded to the length of its shape")
    return received


def padded_length(shape: tuple[tuple[str, int], ...], measured: tuple[str, ...] = ()) -> int:
    """How many bytes of plaintext a result of this shape has, whatever its figures.

    Args:
        shape: for each search its id and how many cells its table has.
        measured: the ids of the distributions among them.
    """
    worst = 4 + compressed_bound(shape, measured) + SIGNATURE_BYTES
    return -(-worst // PAD_BYTES) * PAD_BYTES


def _header_of(message: ResultMessage, hub_key: SealPublic) -> ResultHeader:
    return ResultHeader(
        message.practice,
        message.agreement_id,
        message.agreement_version,
        message.agreement_digest,
        message.reference_date,
        message.sequence,
        message.previous,
        message.searches_digest,
        hub_key.key_id,
    )


def _padded(compressed: bytes, signature: bytes, length: int) -> bytes:
    plaintext = struct.pack(">I", len(compressed)) + compressed + signature
    if len(plaintext) > length:
        # Cannot happen: the bound is over what the columns can hold at most. A longer file would tell of its figures.
        raise FormatError("result is longer than its shape allows")
    return plaintext.ljust(length, b"\0")


def _unpadded(plaintext: bytes) -> tuple[bytes, bytes, bytes]:
    length = int.from_bytes(plaintext[:4], "big")
    end = 4 + length + SIGNATURE_BYTES
    if end > len(plaintext):
        raise SealBrokenError("result is shorter inside than it says")
    unzip = zlib.decompressobj()
    try:
        payload = unzip.decompress(plaintext[4 : 4 + length], PAYLOAD_LIMIT_BYTES)
    except zlib.error as error:
        raise SealBrokenError("result is not compressed as it must be") from error
    if not unzip.eof or unzip.unused_data:
        raise SealBrokenError("result is not compressed as it must be, or is too long")
    return payload, plaintext[4 + length : end], plaintext[end:]


def _parts(data: bytes) -> _Parts:
    if len(data) > RESULT_LIMIT_BYTES:
        raise SealBrokenError(f"result is {len(data)} bytes, at most {RESULT_LIMIT_BYTES} are read")
    if not data.startswith(MAGIC):
        raise SealBrokenError("file does not begin as a sealed result")
    start = len(MAGIC) + 2
    head_end = start + int.from_bytes(data[len(MAGIC) : start], "big")
    sealed_start = head_end + 4
    sealed_end = sealed_start + int.from_bytes(data[head_end:sealed_start], "big")
    if sealed_end + SIGNATURE_BYTES != len(data):
        raise SealBrokenError("result is not of the length that it says")
    try:
        model = read_message(_HeaderModel, data[start:head_end], _HEADER_LIMIT_BYTES, "header")
        reference_date = iso_date(model.reference_date, "header")
    except FormatError as error:
        raise SealBrokenError(f"result: {error.message}") from error
    header = ResultHeader(
        model.practice,
        model.agreement,
        model.agreement_version,
        model.agreement_digest,
        reference_date,
        model.sequence,
        model.previous,
        model.searches_digest,
        model.hub_key,
    )
    return _Parts(header, data[sealed_start:sealed_end], data[:sealed_end], data[sealed_end:])


def _check_signature(key: VerifyKey, type_: str, body: bytes, signature: bytes) -> None:
    try:
        key.verify(signature, pae(type_, body))
    except SignatureError as error:
        raise SealBrokenError(f"result was altered, or not signed with key {key.key_id}") from error


def _check_context(received: ReceivedResult, header: ResultHeader) -> None:
    inside = (
        received.practice,
        received.agreement_id,
        received.agreement_version,
        received.agreement_digest,
        received.reference_date,
        received.sequence,
        received.previous,
        received.searches_digest,
        received.hub_key,
    )
    outside = (
        header.practice,
        header.agreement_id,
        header.agreement_version,
        header.agreement_digest,
        header.reference_date,
        header.sequence,
        header.previous,
        header.searches_digest,
        header.hub_key,
    )
    if inside != outside:
        raise SealBrokenError("result says something else inside than outside")
