"""What one account may do with the hub's folders; the SFTP server only carries it out.

A practice sees exactly this tree, and nothing that is not listed here exists for it:

    /catalogue/metadata/*.json                                     read
    /catalogue/targets/<sha256>.hub.json                           read
    /catalogue/targets/agreements/<id>/<sha256>.agreement.json     read, if the agreement names this practice
    /catalogue/targets/agreements/<id>/<sha256>.index.json         read, if the agreement names this practice
    /catalogue/targets/agreements/<id>/searches/*.json             read, while the agreement is active for this practice
    /catalogue/targets/<sha256>.log-policy.txt                     read
    /receipts/<sequence>.receipt                                   read and list
    /log/checkpoint, /log/offer/**, /log/proof/**                  read: made when they are asked for
    /log/cosignature/<size>                                        put: handed to the log, not kept as a file
    /in/<sequence>-<kind>-<digest>.gpfed                           put once: write NAME.part, rename it to NAME

Nothing can be overwritten, deleted, listed (but the receipts), linked, or read back from `/in`. A `NAME.part` that an
interrupted upload left behind is begun anew; renaming onto a NAME that holds the same bytes is harmless. The length of
one's own `NAME.part` can be asked, so that a client can check that all of it arrived. The rules are an allow-list of
whole paths: a path with `..`, a doubled slash, a backslash or an odd character simply matches none of them.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from governance.cosignature import COSIGNATURE_LIMIT_BYTES
from governance.errors import FormatError
from governance.wire import (
    AGREEMENT_ID,
    ENROLMENT_LIMIT_BYTES,
    MAILBOX_NAME,
    PART_SUFFIX,
    RECEIPT_NAME,
    SEARCH_ID,
    parse_upload_name,
)
from hub.errors import AccessError, NotThereError

MAX_WAITING_FILES = 64
"""Files in one practice's `/in` at a time; the receiver empties it within seconds."""

_AGREEMENT = rf"(?P<agreement>{AGREEMENT_ID.pattern})"
_DIGEST = "[0-9a-f]{64}"
_PLAIN = re.compile(rf"/catalogue/(metadata/[A-Za-z0-9][A-Za-z0-9.-]{{0,120}}|targets/{_DIGEST}\.hub)\.json", re.ASCII)
_POLICY = re.compile(rf"/catalogue/targets/{_DIGEST}\.log-policy\.txt", re.ASCII)
_TERMS = re.compile(rf"/catalogue/targets/agreements/{_AGREEMENT}/{_DIGEST}\.(agreement|index)\.json", re.ASCII)
_SEARCH = re.compile(
    rf"/catalogue/targets/agreements/{_AGREEMENT}/searches/{_DIGEST}\.{SEARCH_ID.pattern}\.[0-9a-f]{{12}}\.json",
    re.ASCII,
)
_RECEIPT = re.compile(rf"/receipts/{RECEIPT_NAME.pattern}", re.ASCII)
_UPLOAD = re.compile(rf"/in/{MAILBOX_NAME.pattern}", re.ASCII)
_LOG = re.compile(
    rf"/log/(checkpoint|offer/[0-9]{{1,15}}(/[0-9]{{1,15}})?|proof/message/{_DIGEST}|proof/(agreement|search)/{_AGREEMENT}/{_DIGEST})",
    re.ASCII,
)
_WORD = re.compile(r"/log/cosignature/(?P<size>[1-9][0-9]{0,14})", re.ASCII)
_PART = re.compile(rf"/in/{MAILBOX_NAME.pattern}{re.escape(PART_SUFFIX)}", re.ASCII)


class Upload:
    """A file being written, by offset, never beyond its limit."""

    def __init__(self, target: BinaryIO, limit_bytes: int) -> None:
        self._target = target
        self._limit_bytes = limit_bytes

    def write(self, offset: int, data: bytes) -> None:
        """Write at an offset.

        Raises:
            AccessError: the file would become larger than this account may write.
        """
        if offset < 0 or offset + len(data) > self._limit_bytes:
            raise AccessError(f"a file may hold at most {self._limit_bytes} bytes")
        self._target.seek(offset)
        self._target.write(data)

    def size(self) -> int:
        """Bytes written so far."""
        return self._target.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Finish writing."""
        self._target.close()


class Account(Protocol):
    """What an account that has logged in can do; everything else is refused before it gets here."""

    name: str

    def list(self, folder: str) -> tuple[str, ...]:
        """The names in a folder."""
        ...

    def size(self, path: str) -> int:
        """Bytes of a file."""
        ...

    def open_read(self, path: str) -> BinaryIO:
        """Open a file to be read."""
        ...

    def open_write(self, path: str) -> Upload:
        """Open a new file to be written."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Give an uploaded file its name."""
        ...


@dataclass(frozen=True, slots=True)
class Rights:
    """What a practice may pull beyond what every practice may; asked at every file, so that an end works at once.

    Args:
        named_in: whether the agreement of this id names the practice.
        active_in: whether both sides signed the agreement of this id, and it runs today.
    """

    named_in: Callable[[str], bool]
    active_in: Callable[[str], bool]


class LogShelf(Protocol):
    """The hub's log as one practice may see it."""

    def read(self, path: str) -> bytes:
        """A text of the log, made for this practice; AccessError or NotThereError if there is none for it."""
        ...

    def take(self, size: int, line: bytes) -> None:
        """A cosignature of the checkpoint of that size; AccessError if it is not one of this practice's."""
        ...


class NoLog:
    """Where there is no log to be seen."""

    def read(self, path: str) -> bytes:  # noqa: ARG002 - whatever the path
        """Nothing is there."""
        raise NotThereError("there is no such file")

    def take(self, size: int, line: bytes) -> None:  # noqa: ARG002
        """Nothing is taken."""
        raise AccessError("there is no log here")


@dataclass(frozen=True, slots=True)
class Places:
    """What a practice's account is about.

    Args:
        repository: the folder of the catalogue.
        mailbox: the folder of this practice's mailbox, holding `in` and `receipts`.
        log: the hub's log.
    """

    repository: Path
    mailbox: Path
    log: LogShelf = NoLog()  # noqa: RUF009 - it has no state


class PracticeAccount:
    """One practice's account.

    Args:
        name: the practice's code.
        places: its folders.
        rights: which agreements' files it may read.
        arrived: called when an upload is complete.
    """

    def __init__(self, name: str, places: Places, rights: Rights, arrived: Callable[[], None]) -> None:
        self.name = name
        self._repository = places.repository
        self._mailbox = places.mailbox
        self._log = places.log
        self._word: _Kept | None = None
        self._rights = rights
        self._arrived = arrived

    def list(self, folder: str) -> tuple[str, ...]:
        """The names of the receipts; no other folder is listed."""
        if folder != "/receipts":
            raise AccessError("this folder may not be listed")
        names = (path.name for path in (self._mailbox / "receipts").iterdir())
        return tuple(sorted(name for name in names if RECEIPT_NAME.fullmatch(name)))

    def size(self, path: str) -> int:
        """Bytes of a file that may be read, or of one's own unfinished upload."""
        if _is_word_part(path) and self._word is not None:
            return len(self._word.getvalue())
        if _LOG.fullmatch(path):
            return len(self._log.read(path))
        if _PART.fullmatch(path):
            return _existing(self._mailbox / path[1:])
        return _existing(self._readable(path))

    def open_read(self, path: str) -> BinaryIO:
        """Open a file that this practice may read."""
        if _LOG.fullmatch(path):
            return io.BytesIO(self._log.read(path))
        return _open(self._readable(path), os.O_RDONLY, "rb")

    def open_write(self, path: str) -> Upload:
        """Begin (or begin anew) an upload."""
        if _is_word_part(path):
            self._word = _Kept()
            return Upload(self._word, COSIGNATURE_LIMIT_BYTES)
        if not _PART.fullmatch(path):
            raise AccessError("only a new upload may be written here")
        target = self._mailbox / path[1:]
        limit_bytes = _limit_bytes(target.name.removesuffix(PART_SUFFIX))
        waiting = [other for other in target.parent.iterdir() if other != target]
        if len(waiting) >= MAX_WAITING_FILES:
            raise AccessError(f"at most {MAX_WAITING_FILES} files may wait")
        # Removed, not cut short: a hub that was killed while renaming may have left a second name for a whole upload.
        target.unlink(missing_ok=True)
        return Upload(_open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, "wb"), limit_bytes)

    def rename(self, old: str, new: str) -> None:
        """Finish an upload: on disk before it is believed, never over another file."""
        if (word := _WORD.fullmatch(new)) and old == new + PART_SUFFIX and self._word is not None:
            self._log.take(int(word["size"]), self._word.getvalue())
            return
        if not _UPLOAD.fullmatch(new) or old != new + PART_SUFFIX:
            raise AccessError("an upload may only lose its .part")
        part, name = self._mailbox / old[1:], self._mailbox / new[1:]
        _sync(part)
        try:
            os.link(part, name, follow_symlinks=False)
        except FileNotFoundError as error:
            raise NotThereError("there is no such upload") from error
        except FileExistsError as error:
            if not _same(part, name):
                raise AccessError("another file has this name") from error
        with suppress(FileNotFoundError):
            part.unlink()
        _sync(name.parent)
        self._arrived()

    def _readable(self, path: str) -> Path:
        if _RECEIPT.fullmatch(path):
            return self._mailbox / path[1:]
        relative = path.removeprefix("/catalogue/")
        if _PLAIN.fullmatch(path) or _POLICY.fullmatch(path):
            return self._repository / relative
        if (terms := _TERMS.fullmatch(path)) and self._rights.named_in(terms["agreement"]):
            return self._repository / relative
        if (search := _SEARCH.fullmatch(path)) and self._rights.active_in(search["agreement"]):
            return self._repository / relative
        raise AccessError("this file may not be read")


class EnrolAccount:
    """The account `enrol`: put one `/request`, read one `/reply`, nothing else.

    Args:
        name: of its own for each code, so that practices that enrol together are not counted as one.
        take: hands over the request's bytes; its refusals are the account's.
        reply: the reply's bytes, or None while there is none.
    """

    def __init__(self, name: str, take: Callable[[bytes], None], reply: Callable[[], bytes | None]) -> None:
        self.name = name
        self._take = take
        self._reply = reply
        self._part: io.BytesIO | None = None

    def list(self, folder: str) -> tuple[str, ...]:  # noqa: ARG002 - nothing is listed, whatever the folder
        """Refuse."""
        raise AccessError("this folder may not be listed")

    def size(self, path: str) -> int:
        """Bytes of the unfinished request, or of the reply."""
        if path == "/request.part" and self._part is not None:
            return len(self._part.getvalue())
        return len(self._reply_bytes(path))

    def open_read(self, path: str) -> BinaryIO:
        """Open the reply."""
        return io.BytesIO(self._reply_bytes(path))

    def open_write(self, path: str) -> Upload:
        """Begin (or begin anew) the request."""
        if path != "/request.part":
            raise AccessError("only a request may be written here")
        self._part = _Kept()
        return Upload(self._part, ENROLMENT_LIMIT_BYTES)

    def rename(self, old: str, new: str) -> None:
        """Hand in the request."""
        if (old, new) != ("/request.part", "/request") or self._part is None:
            raise AccessError("a request may only lose its .part")
        self._take(self._part.getvalue())

    def _reply_bytes(self, path: str) -> bytes:
        reply = self._reply() if path == "/reply" else None
        if reply is None:
            raise NotThereError("there is no such file")
        return reply


class _Kept(io.BytesIO):
    """Bytes that stay readable after the client has closed its handle."""

    def close(self) -> None:
        self.flush()


def _is_word_part(path: str) -> bool:
    return path.endswith(PART_SUFFIX) and _WORD.fullmatch(path.removesuffix(PART_SUFFIX)) is not None


def _open(path: Path, flags: int, mode: str) -> BinaryIO:
    # O_NOFOLLOW: whoever could place a link in these folders must not choose what is read or written through it.
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
    except FileNotFoundError as error:
        raise NotThereError("there is no such file") from error
    except OSError as error:
        raise AccessError("this file cannot be opened") from error
    return os.fdopen(descriptor, mode)  # type: ignore[return-value]


def _existing(path: Path) -> int:
    try:
        return path.lstat().st_size
    except FileNotFoundError as error:
        raise NotThereError("there is no such file") from error


def _limit_bytes(name: str) -> int:
    try:
        return parse_upload_name(name).limit_bytes
    except FormatError as error:
        raise AccessError("this is not the name of an upload") from error


def _same(first: Path, second: Path) -> bool:
    return first.read_bytes() == second.read_bytes()


def _sync(path: Path) -> None:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise NotThereError("there is no such upload") from error
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
