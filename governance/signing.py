"""Signed messages: DSSE (Dead Simple Signing Envelope 1.0.2), with our keys.

What is signed is never bare JSON but type and body, each with its length (DSSE calls this PAE):

    DSSEv1 SP <length of type> SP <type> SP <length of body> SP <body>

so that a signature over one kind of message can never be shown as a signature over another. The envelope is JSON:

    {"payload": base64(body), "payloadType": type, "signatures": [{"keyid": 16 hex, "sig": base64}]}

The body is kept as received; it is parsed only after its signature was checked.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.canonical import from_json, to_canonical
from governance.errors import FormatError, SignatureError
from governance.keys import SigningKey, VerifyKey

MOST_SIGNATURES = 16


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and the id of the key that is said to have made it."""

    key_id: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Signed:
    """A body with its type and signatures: not yet verified."""

    type: str
    body: bytes
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """The JSON envelope, canonical."""
        return to_canonical(
            {
                "payload": encode64(self.body),
                "payloadType": self.type,
                "signatures": [{"keyid": one.key_id, "sig": encode64(one.signature)} for one in self.signatures],
            }
        )


class _SignatureModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    keyid: str = Field(pattern=r"^[0-9a-f]{16}$")
    sig: str


class _EnvelopeModel(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)
    payload: str
    payloadType: str = Field(max_length=100)  # noqa: N815 - the name in DSSE
    signatures: list[_SignatureModel] = Field(min_length=1, max_length=MOST_SIGNATURES)


def pae(type_: str, body: bytes) -> bytes:
    """The bytes that are signed (DSSE protocol, "Signature Definition")."""
    name = type_.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(body), body)


def sign(type_: str, body: bytes, keys: Sequence[SigningKey]) -> Signed:
    """Sign a body with every key given."""
    message = pae(type_, body)
    return Signed(type_, body, tuple(Signature(key.public.key_id, key.sign(message)) for key in keys))


def parse_signed(data: bytes, limit_bytes: int, what: str = "signed message") -> Signed:
    """Read an envelope without trusting it.

    Raises:
        FormatError: too long, or not an envelope.
    """
    value = from_json(data, limit_bytes, what)
    try:
        model = _EnvelopeModel.model_validate(value)
    except ValidationError as error:
        raise FormatError(f"{what} is not a signed envelope") from error
    signatures = tuple(Signature(one.keyid, decode64(one.sig, what)) for one in model.signatures)
    return Signed(model.payloadType, decode64(model.payload, what), signatures)


def verify(signed: Signed, type_: str, keys: Iterable[VerifyKey], threshold: int = 1) -> bytes:
    """The body, if it is of that type and at least `threshold` of these keys signed it.

    Raises:
        SignatureError: another type, or too few of these keys signed.
    """
    if signed.type != type_:
        raise SignatureError(f"signed message is of another type than {type_}")
    if threshold < 1:
        raise SignatureError(f"threshold is {threshold}, at least 1 signature is needed")
    good = signers(signed, keys)
    if len(good) < threshold:
        raise SignatureError(f"{type_} is signed by {len(good)} of the keys that may, expected {threshold}")
    return signed.body


def signers(signed: Signed, keys: Iterable[VerifyKey]) -> frozenset[VerifyKey]:
    """Those of these keys whose signature is there and right; each counts once."""
    message = pae(signed.type, signed.body)
    by_id = {key.key_id: key for key in keys}
    good = set()
    for one in signed.signatures:
        key = by_id.get(one.key_id)
        if key is not None and _is_good(key, one.signature, message):
            good.add(key)
    return frozenset(good)


def encode64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode64(text: str, what: str) -> bytes:
    """Read base64 that has exactly one spelling.

    Raises:
        FormatError: it is not, or its spare bits are not zero.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{what} holds text that is not base64") from error
    if encode64(data) != text:
        raise FormatError(f"{what} holds base64 that is not canonical")
    return data


def _is_good(key: VerifyKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except SignatureError:
        return False
    return True
