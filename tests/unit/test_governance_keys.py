from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from governance.errors import FormatError, KeyFileError, SignatureError
from governance.keys import (
    SealingKey,
    SealPublic,
    SigningKey,
    VerifyKey,
    read_sealing_key,
    read_signing_key,
    write_key,
)
from tests.governance_kit import sealing_key, signing_key


def test_each_key_is_read_again_from_its_text() -> None:
    signing, sealing = SigningKey.generate(), SealingKey.generate()
    assert SigningKey.parse(signing.text) == signing
    assert SealingKey.parse(sealing.text) == sealing
    assert VerifyKey.parse(signing.public.text) == signing.public
    assert SealPublic.parse(sealing.public.text) == sealing.public


def test_a_secret_key_is_never_shown_by_chance() -> None:
    assert str(signing_key("a").raw) not in repr(signing_key("a"))
    assert str(sealing_key("a").raw) not in repr(sealing_key("a"))


def test_ids_and_fingerprints_tell_kinds_apart() -> None:
    raw = signing_key("a").public.raw
    assert VerifyKey(raw).key_id != SealPublic(raw).key_id
    assert VerifyKey(raw).fingerprint != SealPublic(raw).fingerprint
    assert len(VerifyKey(raw).fingerprint.split("-")) == 5


def test_a_signature_holds_for_its_bytes_and_key_only() -> None:
    key = signing_key("a")
    key.public.verify(key.sign(b"x"), b"x")
    with pytest.raises(SignatureError, match="signature is not by key"):
        key.public.verify(key.sign(b"x"), b"y")
    with pytest.raises(SignatureError, match="signature is not by key"):
        signing_key("b").public.verify(key.sign(b"x"), b"x")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("gpfed-seal-1 " + "A" * 43 + "=", "not of type gpfed-sign-1"),
        ("gpfed-sign-1 ???", "not base64"),
        ("gpfed-sign-1 AAAA", "key is 3 bytes, expected 32"),
        ("gpfed-sign-1 " + "A" * 42 + "B=", "not canonical"),
    ],
)
def test_text_that_is_not_a_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(FormatError, match=why):
        VerifyKey.parse(text)


def test_a_key_file_is_the_owners_alone_and_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "sign.key"
    write_key(path, signing_key("a"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_signing_key(path) == signing_key("a")
    assert [one.name for one in tmp_path.iterdir()] == ["sign.key"]
    with pytest.raises(KeyFileError, match=r"key file sign.key exists"):
        write_key(path, signing_key("b"))
    assert read_signing_key(path) == signing_key("a")


def test_a_sealing_key_file_is_not_a_signing_key(tmp_path: Path) -> None:
    write_key(tmp_path / "seal.key", sealing_key("a"))
    assert read_sealing_key(tmp_path / "seal.key") == sealing_key("a")
    with pytest.raises(KeyFileError, match=r"seal.key is not a gpfed-sign-secret-1 key"):
        read_signing_key(tmp_path / "seal.key")


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    write_key(tmp_path / "sign.key", signing_key("a"))
    os.chmod(tmp_path / "sign.key", 0o640)  # noqa: PTH101
    with pytest.raises(KeyFileError, match="may be read by others") as refused:
        read_signing_key(tmp_path / "sign.key")
    assert refused.value.hint == "chmod 600 sign.key"


def test_a_key_file_that_cannot_be_reached_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"gone.key cannot be read: No such file"):
        read_signing_key(tmp_path / "gone.key")
    with pytest.raises(KeyFileError, match=r"sign.key cannot be written: No such file"):
        write_key(tmp_path / "gone" / "sign.key", signing_key("a"))
