"""What both sides name alike: the mailbox, its files and limits, the parts of messages, and the acceptance.

Names in the mailbox:

    /in/00000007-result-1f2e3d4c5b6a7988.gpfed      sequence, kind, first 16 hex digits of the file's SHA-256
    /receipts/00000007.receipt

Results and acceptances of a practice share one sequence, from 1, and one chain: each names the SHA-256 of the file
before it (64 zeros for the first).

An acceptance is JSON in a signed envelope, signed with the key that the practice enrolled, and read only after its
signature was checked. Enrolment is in `governance.enrolment`, the sealed result in `governance.sealing`, what comes
down in `governance.catalogue`.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from governance.canonical import from_json, to_canonical
from governance.errors import FormatError
from governance.keys import SigningKey, VerifyKey
from governance.signing import parse_signed, sign, verify

ENROLMENT_LIMIT_BYTES = 16 * 1024
REPLY_LIMIT_BYTES = 1024 * 1024
ACCEPTANCE_LIMIT_BYTES = 16 * 1024
RESULT_LIMIT_BYTES = 2 * 1024 * 1024
TARGET_LIMIT_BYTES = 4 * 1024 * 1024  # hub.json, an agreement, an index, one search with its code lists

FIRST: Final = "0" * 64
"""What the first message of a practice names as the one before it."""

PRACTICE_CODE = re.compile(r"[A-Z][A-Z0-9]{2,9}", re.ASCII)  # ODS codes; also the name of an account and a folder
AGREEMENT_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)  # also the name of a role and a folder
SEARCH_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
MAILBOX_NAME = re.compile(
    r"(?P<sequence>[0-9]{8})-(?P<kind>result|acceptance)-(?P<digest>[0-9a-f]{16})\.gpfed", re.ASCII
)
RECEIPT_NAME = re.compile(r"(?P<sequence>[0-9]{8})\.receipt", re.ASCII)
PART_SUFFIX: Final = ".part"
LAST_SEQUENCE: Final = 99_999_999

ACCEPTANCE_TYPE: Final = "application/vnd.gpfed.acceptance.v1+json"

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PracticeCode = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{2,9}$")]
AgreementId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
SearchId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
KeyId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
IsoDate = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
Sequence8 = Annotated[int, Field(ge=1, le=LAST_SEQUENCE)]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\p{C}\p{Zl}\p{Zp}]+$")]
"""One line for people: nothing that a terminal would obey, nor what hides or turns round the words around it."""


class Message(BaseModel):
    """Base of everything read from outside: strict types, no unknown names."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


_M = TypeVar("_M", bound=BaseModel)


def read_message(model: type[_M], data: bytes, limit_bytes: int, what: str) -> _M:
    """Read JSON from outside into a model.

    Raises:
        FormatError: too long, not JSON, or not of the model's form; names the first field that is wrong, not its value.
    """
    return fit(model, from_json(data, limit_bytes, what), what)


def fit(model: type[_M], value: object, what: str) -> _M:
    """Fit a value read from outside into a model.

    Raises:
        FormatError: it does not fit; names the first field that is wrong, not its value.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"]) or "document"
        raise FormatError(f"{what}: {place}: {first['msg'][:200].lower()}") from error


def iso_date(text: str, what: str) -> date:
    """A date in ISO form.

    Raises:
        FormatError: there is no such day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise FormatError(f"{what} holds a date that does not exist") from error


# --- names in the mailbox ---------------------------------------------------------------------------------------------


class FileKind(StrEnum):
    """What a practice may put into its mailbox."""

    RESULT = "result"
    ACCEPTANCE = "acceptance"


@dataclass(frozen=True, slots=True)
class UploadName:
    """The parts of an upload's name.

    Args:
        sequence: from 1.
        kind: result or acceptance.
        digest16: the first 16 hex digits of the file's SHA-256.
    """

    sequence: int
    kind: FileKind
    digest16: str

    @property
    def limit_bytes(self) -> int:
        """How long such a file may be."""
        return RESULT_LIMIT_BYTES if self.kind is FileKind.RESULT else ACCEPTANCE_LIMIT_BYTES

    def __str__(self) -> str:
        return f"{self.sequence:08d}-{self.kind}-{self.digest16}.gpfed"


def file_digest(data: bytes) -> str:
    """SHA-256 of a file, 64 hex digits."""
    return hashlib.sha256(data).hexdigest()


def upload_name(sequence: int, kind: FileKind, data: bytes) -> str:
    """The name under which a file is put into the mailbox."""
    check_sequence(sequence)
    return str(UploadName(sequence, kind, file_digest(data)[:16]))


def parse_upload_name(name: str) -> UploadName:
    """The parts of an upload's name.

    Raises:
        FormatError: it is not one.
    """
    match = MAILBOX_NAME.fullmatch(name)
    if match is None or int(match["sequence"]) == 0:
        raise FormatError("file name is not <sequence>-<kind>-<digest>.gpfed")
    return UploadName(int(match["sequence"]), FileKind(match["kind"]), match["digest"])


def check_upload(name: str, data: bytes) -> UploadName:
    """The parts of an upload's name, if the bytes are those it names.

    Raises:
        FormatError: not an upload's name, too long, or other bytes than it names.
    """
    parsed = parse_upload_name(name)
    if len(data) > parsed.limit_bytes:
        raise FormatError(f"{parsed.kind} is {len(data)} bytes, at most {parsed.limit_bytes} are read")
    if file_digest(data)[:16] != parsed.digest16:
        raise FormatError("file is not the one its name says: its digest differs")
    return parsed


def receipt_name(sequence: int) -> str:
    """The name of a receipt."""
    check_sequence(sequence)
    return f"{sequence:08d}.receipt"


def check_sequence(sequence: int) -> None:
    """Return if the number can be a message's.

    Raises:
        FormatError: it cannot.
    """
    if not 1 <= sequence <= LAST_SEQUENCE:
        raise FormatError(f"sequence is {sequence}, expected 1 to {LAST_SEQUENCE}")


# --- who a practice is ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PracticeIdentity:
    """A practice and the key that it enrolled."""

    code: str
    key: VerifyKey

    def __post_init__(self) -> None:
        check_practice_code(self.code)


def check_practice_code(code: str) -> None:
    """Return if the code can be a practice's.

    Raises:
        FormatError: it cannot.
    """
    if not PRACTICE_CODE.fullmatch(code):
        raise FormatError("practice code is not a letter and two to nine letters or digits, in capitals")


# --- acceptance -------------------------------------------------------------------------------------------------------


class AgreementDecision(StrEnum):
    """What a practice says to an agreement."""

    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    SUSPEND = "suspend"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A practice's word on one version of an agreement.

    Args:
        practice: whose word.
        agreement_id: of the agreement.
        version: of the agreement.
        digest: SHA-256 of the agreement's exact document, 64 hex digits.
        decision: accept, decline, suspend, resume or withdraw.
        named: whether peers may see the practice's name beside its figures.
        sequence: under which it is sent.
        previous: SHA-256 of the message before it, or `FIRST`.
        on: the day it was signed.
    """

    practice: str
    agreement_id: str
    version: int
    digest: str
    decision: AgreementDecision
    named: bool
    sequence: int
    previous: str
    on: date


class _AcceptanceModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    practice: PracticeCode
    agreement: AgreementId
    version: Annotated[int, Field(ge=1)]
    digest: Digest
    decision: Annotated[str, Field(pattern=r"^(accept|decline|withdraw|suspend|resume)$")]
    named: bool
    sequence: Sequence8
    previous: Digest
    on: IsoDate


def sign_acceptance(acceptance: Acceptance, key: SigningKey) -> bytes:
    """An acceptance, signed by the practice."""
    body = {
        "schema": 1,
        "practice": acceptance.practice,
        "agreement": acceptance.agreement_id,
        "version": acceptance.version,
        "digest": acceptance.digest,
        "decision": str(acceptance.decision),
        "named": acceptance.named,
        "sequence": acceptance.sequence,
        "previous": acceptance.previous,
        "on": acceptance.on.isoformat(),
    }
    fit(_AcceptanceModel, body, "acceptance")
    return sign(ACCEPTANCE_TYPE, to_canonical(body), [key]).to_bytes()


def read_acceptance(data: bytes, key: VerifyKey) -> Acceptance:
    """An acceptance that this practice's key signed.

    Raises:
        FormatError: it is not one.
        SignatureError: the key has not signed it.
    """
    signed = parse_signed(data, ACCEPTANCE_LIMIT_BYTES, "acceptance")
    body = verify(signed, ACCEPTANCE_TYPE, [key])
    model = read_message(_AcceptanceModel, body, ACCEPTANCE_LIMIT_BYTES, "acceptance")
    return Acceptance(
        model.practice,
        model.agreement,
        model.version,
        model.digest,
        AgreementDecision(model.decision),
        model.named,
        model.sequence,
        model.previous,
        iso_date(model.on, "acceptance"),
    )
