"""Keys: who signs (Ed25519) and for whom is sealed (X25519), their text forms, names and files.

    gpfed-sign-1 <base64>          public half of a signing key      (VerifyKey)
    gpfed-sign-secret-1 <base64>   signing key                       (SigningKey)
    gpfed-seal-1 <base64>          public half of a sealing key      (SealPublic)
    gpfed-seal-secret-1 <base64>   sealing key                       (SealingKey)

The base64 is of the 32 raw bytes. A key's id is the first 16 hex digits of the SHA-256 of its public type, a zero byte
and its raw public bytes. Its fingerprint, to read over a telephone, is the first ten bytes of the same digest as five
pronounceable words (proquints: Wilkerson, "A Proposal for Proquints", 2009).

| file | trusted | an attacker who can read it | who can change it |
|---|---|---|---|
| secret key | yes; owner-only, else refused | signs as its owner, opens what was sealed to it | stops the owner |
| public key | as far as what brought it: enrolment, signed catalogue | learns nothing | passes as the owner |
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from governance.errors import FormatError, KeyFileError, SignatureError

SIGN, SIGN_SECRET = "gpfed-sign-1", "gpfed-sign-secret-1"
SEAL, SEAL_SECRET = "gpfed-seal-1", "gpfed-seal-secret-1"
RAW_BYTES = 32  # RFC 8032 and RFC 7748: both halves of both kinds
SIGNATURE_BYTES = 64  # RFC 8032
KEY_FILE_LIMIT_BYTES = 4096
_OWNER_ONLY = 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_CONSONANTS, _VOWELS = "bdfghjklmnprstvz", "aiou"


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """The public half of a signing key: 32 raw bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_raw(self.raw)

    @classmethod
    def parse(cls, text: str) -> VerifyKey:
        """Read the text form.

        Raises:
            FormatError: it is not one.
        """
        return cls(_from_text(text, SIGN))

    @property
    def text(self) -> str:
        """`gpfed-sign-1 <base64>`."""
        return _to_text(SIGN, self.raw)

    @property
    def key_id(self) -> str:
        """Sixteen hex digits."""
        return _digest(SIGN, self.raw).hex()[:16]

    @property
    def fingerprint(self) -> str:
        """Five pronounceable words."""
        return _words(_digest(SIGN, self.raw))

    def verify(self, signature: bytes, message: bytes) -> None:
        """Return if the signature is this key's over these bytes.

        Raises:
            SignatureError: it is not.
        """
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise SignatureError(f"signature is not by key {self.key_id} over these bytes") from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A signing key: the 32 secret bytes, never shown."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_raw(self.raw)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key from the operating system's randomness."""
        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SigningKey:
        """Read the text form."""
        return cls(_from_text(text, SIGN_SECRET))

    @property
    def text(self) -> str:
        """`gpfed-sign-secret-1 <base64>`: a secret."""
        return _to_text(SIGN_SECRET, self.raw)

    @property
    def public(self) -> VerifyKey:
        """The half that others know."""
        return VerifyKey(Ed25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return Ed25519PrivateKey.from_private_bytes(self.raw).sign(message)


@dataclass(frozen=True, slots=True)
class SealPublic:
    """The public half of a sealing key: 32 raw bytes."""

    raw: bytes

    def __post_init__(self) -> None:
        _check_raw(self.raw)

    @classmethod
    def parse(cls, text: str) -> SealPublic:
        """Read the text form."""
        return cls(_from_text(text, SEAL))

    @property
    def text(self) -> str:
        """`gpfed-seal-1 <base64>`."""
        return _to_text(SEAL, self.raw)

    @property
    def key_id(self) -> str:
        """Sixteen hex digits."""
        return _digest(SEAL, self.raw).hex()[:16]

    @property
    def fingerprint(self) -> str:
        """Five pronounceable words."""
        return _words(_digest(SEAL, self.raw))

    def hpke_key(self) -> X25519PublicKey:
        """As `cryptography` wants it."""
        return X25519PublicKey.from_public_bytes(self.raw)


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A sealing key: the 32 secret bytes, never shown."""

    raw: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _check_raw(self.raw)

    @classmethod
    def generate(cls) -> SealingKey:
        """A new key from the operating system's randomness."""
        return cls(X25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> SealingKey:
        """Read the text form."""
        return cls(_from_text(text, SEAL_SECRET))

    @property
    def text(self) -> str:
        """`gpfed-seal-secret-1 <base64>`: a secret."""
        return _to_text(SEAL_SECRET, self.raw)

    @property
    def public(self) -> SealPublic:
        """The half that others know."""
        return SealPublic(X25519PrivateKey.from_private_bytes(self.raw).public_key().public_bytes_raw())

    def hpke_key(self) -> X25519PrivateKey:
        """As `cryptography` wants it."""
        return X25519PrivateKey.from_private_bytes(self.raw)


def write_key(path: Path, key: SigningKey | SealingKey) -> None:
    """Write a secret key: owner-only while still empty, under a temporary name, then renamed.

    Raises:
        KeyFileError: the file exists (a key is never written over) or cannot be written.
    """
    part = path.with_name(path.name + ".part")
    if path.exists():
        raise KeyFileError(f"key file {path.name} exists", "move it away first: a key is never written over")
    try:
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY), "w", encoding="ascii") as file:
            file.write(key.text + "\n")
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise KeyFileError(f"key file {path.name} cannot be written: {error.strerror}") from error


def read_signing_key(path: Path) -> SigningKey:
    """Read an owner-only signing key.

    Raises:
        KeyFileError: not there, not a signing key, or others may read it.
    """
    return SigningKey(_read(path, SIGN_SECRET))


def read_sealing_key(path: Path) -> SealingKey:
    """Read an owner-only sealing key.

    Raises:
        KeyFileError: not there, not a sealing key, or others may read it.
    """
    return SealingKey(_read(path, SEAL_SECRET))


def _read(path: Path, kind: str) -> bytes:
    try:
        with path.open("rb") as file:
            # Windows keeps no such bits; there the folder's access list is the guard.
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & _OTHERS:
                raise KeyFileError(f"key file {path.name} may be read by others", f"chmod 600 {path.name}")
            data = file.read(KEY_FILE_LIMIT_BYTES)
    except OSError as error:
        raise KeyFileError(f"key file {path.name} cannot be read: {error.strerror}") from error
    try:
        return _from_text(data.decode("ascii", errors="replace").strip(), kind)
    except FormatError as error:
        raise KeyFileError(f"key file {path.name} is not a {kind} key") from error


def _check_raw(raw: bytes) -> None:
    if len(raw) != RAW_BYTES:
        raise FormatError(f"key is {len(raw)} bytes, expected {RAW_BYTES}")


def _to_text(kind: str, raw: bytes) -> str:
    return f"{kind} {base64.b64encode(raw).decode('ascii')}"


def _from_text(text: str, kind: str) -> bytes:
    found, _, encoded = text.partition(" ")
    if found != kind:
        raise FormatError(f"key is not of type {kind}")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FormatError(f"{kind} key is not base64") from error
    _check_raw(raw)
    if _to_text(kind, raw) != text:  # spare bits of the last character: one key, one text
        raise FormatError(f"{kind} key is not canonical base64")
    return raw


def _digest(kind: str, raw: bytes) -> bytes:
    return hashlib.sha256(kind.encode("ascii") + b"\0" + raw).digest()


def _words(digest: bytes) -> str:
    return "-".join(_word(int.from_bytes(digest[at : at + 2], "big")) for at in range(0, 10, 2))


def _word(bits: int) -> str:
    return (
        _CONSONANTS[bits >> 12 & 15]
        + _VOWELS[bits >> 10 & 3]
        + _CONSONANTS[bits >> 6 & 15]
        + _VOWELS[bits >> 4 & 3]
        + _CONSONANTS[bits & 15]
    )
