"""An agreement's document: from YAML as people write it, to canonical bytes as both sides sign them, and back.

    schema: 2
    id: heart-health                      # lower case, digits, dashes; never changes
    version: 1
    title: Heart health in Northside
    kind: sharing                         # joint_controllers | provision_notice | internal | processor
    hub: NORTHSIDE
    practices: [Z90001, Z90002]
    purposes:
      - {tag: care_improvement, text: Comparing care between practices to improve it}
    legal: {article_6: 6(1)(e), article_9: 9(2)(h), schedule_1: paragraph 2, confidentiality: anonymous}
    opt_outs: {national: not_applicable, reason: what leaves is anonymous}          # or {national: exclude}
    searches:
      - {id: pulse-rhythm-65, dimensions: [age_band, sex], schedule: monthly}       # relaxed: [one_sided]
    tables:
      patient: [patient_id, age, age_band, sex]
      event: [patient_id, event_date, code]
    codelists: [pulse_rhythm]             # pinned when it is proposed; or each name with the SHA-256 of its codes
    dpia: {reference: DPIA 12, sha256: 9f..., approved_by: A. Guardian, review: 2027-01-31}
    review: 2027-03-31
    start: 2026-04-01
    end: 2028-03-31

Everything else has a safe value when it is not given (`DEFAULTS`). Whether the National Data Opt-Out applies is never
guessed. `gpfed-hub agreement draft` prints a whole one.

What is signed is canonical JSON with the terms written out in full and the digest of the page that people read:

    {"page": {"form": 1, "sha256": ...}, "schema": 2, "terms": {...}}

Whoever reads it makes the page anew from the terms and compares: prose and machine terms are signed as one and cannot
drift. A document of schema 1, which had no page and named code lists without their content, is still read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from governance.agreement import Agreement
from governance.agreement_text import FORM, page_of
from governance.canonical import from_json, to_canonical
from governance.clauses import Kind, Name, Purpose, SearchTerms, Undertakings, View
from governance.errors import FormatError, TrustError
from governance.optouts import OptOutPolicy
from governance.profiles import FALLBACK, Relaxation
from governance.wire import (
    TARGET_LIMIT_BYTES,
    AgreementId,
    Digest,
    IsoDate,
    Line,
    Message,
    PracticeCode,
    SearchId,
    fit,
    iso_date,
    read_message,
)
from searches.canon import TABLES
from searches.errors import DocumentError
from searches.search import Schedule
from searches.strict_yaml import read_yaml

Pin = Callable[[str], str]
"""SHA-256 (hex) of the codes of the code list of a name."""

DEFAULTS: Final[Mapping[str, object]] = {
    "profile": FALLBACK.id,
    "view": "unnamed",
    "prohibited_uses": ["re_identification", "performance_management", "insurance", "marketing"],
    "legal_basis": [],
}
REST: Final[Mapping[str, object]] = {
    "supersedes": "",
    "offer_until": None,
    "controllers": {},
    "practice_office": "caldicott_guardian",
    "joint": None,
    "excluded": [],
    "recipients": [{"organisation": "The practices of this agreement", "group": "all staff", "view": "practice_level"}],
    "onward": [],
    "publication": "",
    "retention": {"results_days": 1095, "derived_days": 1095, "audit_years": 8},
    "security": {"toolkit_met": True, "country": "United Kingdom", "processors": []},
    "dpia": None,
    "withdrawal": {"allowed": True, "notice_days": 30, "received": "keep", "delete_days": 0},
}
"""What an agreement says that does not say otherwise: the narrow choice each time."""

_ADAPTER: TypeAdapter[Agreement] = TypeAdapter(Agreement)


def read_terms(text: str, pin: Pin | None = None) -> Agreement:
    """Read an agreement as people write it.

    Args:
        text: YAML, of schema 2.
        pin: finds the content of the code lists that are named without their digest.

    Raises:
        FormatError: not YAML, a name twice, or not an agreement.
    """
    try:
        value = read_yaml("agreement", text)
    except DocumentError as error:
        raise FormatError(error.message, error.hint) from error
    if not isinstance(value, dict):
        raise FormatError("agreement: document is not a list of fields")
    if value.get("schema") != 2:
        raise FormatError(
            f"agreement: schema is {str(value.get('schema'))[:20]}, expected 2",
            "a document of schema 1 is read where it was signed, and no more proposed: gpfed-hub agreement draft",
        )
    given: dict[str, Any] = _written({name: one for name, one in value.items() if name != "schema"})
    return _validated(_filled(given, pin))


@lru_cache(maxsize=64)
def read_document(document: bytes) -> Agreement:
    """Read an agreement's canonical document.

    Raises:
        FormatError: it is not one.
        TrustError: its page is not the one that its terms give.
    """
    value = from_json(document, TARGET_LIMIT_BYTES, "agreement")
    if not isinstance(value, dict) or value.get("schema") != 2:
        return _read_first(document)
    signed = fit(_SignedModel, value, "agreement")
    agreement = _validated(signed.terms)
    if plain(agreement) != signed.terms or not all(agreement.codelists.values()):
        raise FormatError("agreement: terms are not written out in full, each code list with the digest of its codes")
    if (signed.page.form, signed.page.sha256) != (FORM, page_digest(agreement)):
        raise TrustError(
            f"agreement {agreement.id}: the page that was signed is not the one that its terms give",
            "sign nothing; tell the hub by telephone. If this agent is old, upgrade it first",
        )
    return agreement


def document_of(agreement: Agreement) -> bytes:
    """The canonical bytes that both sides sign."""
    if agreement.undertakings is None:
        return to_canonical(_first_document(agreement))
    page = {"form": FORM, "sha256": page_digest(agreement)}
    return to_canonical({"schema": 2, "page": page, "terms": plain(agreement)})


def page_digest(agreement: Agreement) -> str:
    """SHA-256 (hex) of the page of an agreement."""
    return hashlib.sha256(page_of(agreement).encode("utf-8")).hexdigest()


def digest_of(document: bytes) -> str:
    """What a practice accepts: SHA-256 (hex) of the document."""
    return hashlib.sha256(document).hexdigest()


def plain(value: Any) -> Any:
    """A value of the agreement as JSON holds it."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    match value:
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case frozenset():
            return sorted(str(one) for one in value)
        case tuple() | list():
            return [plain(one) for one in value]
        case _:
            return str(value) if isinstance(value, date | str) else value


def check_whole(agreement: Agreement) -> None:
    """Return if the parts of an agreement fit each other.

    Raises:
        FormatError: it ends before it begins, names something twice, or a table or column that does not exist.
    """
    if agreement.end < agreement.start:
        raise FormatError(f"agreement ends on {agreement.end}, before it begins on {agreement.start}")
    ids = tuple(terms.search_id for terms in agreement.searches)
    for what, names in (("search", ids), ("practice", agreement.practices)):
        if len(set(names)) != len(names):
            raise FormatError(f"agreement names a {what} twice")
    for name, columns in agreement.tables.items():
        table = TABLES.get(name)
        if table is None:
            raise FormatError(f"agreement names table {name}, expected one of: {', '.join(TABLES)}")
        unknown = [column for column in columns if table.column(column) is None]
        if unknown:
            raise FormatError(f"agreement names columns that {name} does not have: {', '.join(unknown)}")


# --- schema 2 ---------------------------------------------------------------------------------------------------------


class _PageModel(Message):
    form: Annotated[int, Field(ge=1)]
    sha256: Digest


class _SignedModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=2, le=2)]
    page: _PageModel
    terms: dict[str, Any]


def _validated(terms: Mapping[str, Any]) -> Agreement:
    try:
        agreement = _ADAPTER.validate_json(to_canonical(terms))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"]) or "document"
        raise FormatError(f"agreement: {place}: {first['msg'][:200].lower()}") from error
    if agreement.undertakings is None:
        raise FormatError("agreement: undertakings: field required")
    check_whole(agreement)
    return agreement


def _filled(given: dict[str, Any], pin: Pin | None) -> dict[str, Any]:
    """The terms in full, from what was given and the defaults."""
    rest_names = {field.name for field in fields(Undertakings)} - {"national_reason"}
    policy, reason = _opt_outs(given.pop("opt_outs", None))
    rest = {**REST, **{name: given.pop(name) for name in rest_names & given.keys()}, "national_reason": reason}
    hub = str(given.get("hub", ""))
    rest.setdefault("parties", [{"code": hub, "name": hub, "role": "hub_operator", "office": "hub_director"}])
    for name in ("retention", "security", "withdrawal"):
        if isinstance(rest[name], dict):
            rest[name] = {**_default(name), **rest[name]}
    terms = {**DEFAULTS, **given, "opt_out_policy": policy, "undertakings": rest}
    terms["searches"] = _each(terms.get("searches"), lambda one: {"search_id": one.pop("id", None), **one})
    terms["codelists"] = _pinned(terms.get("codelists", []), pin)
    return terms


def _default(name: str) -> dict[str, Any]:
    value = REST[name]
    return dict(value) if isinstance(value, dict) else {}


def _each(value: Any, change: Callable[[dict[str, Any]], object]) -> Any:
    if not isinstance(value, list):
        return value
    return [change(dict(one)) if isinstance(one, dict) else one for one in value]


def _opt_outs(value: Any) -> tuple[str, str]:
    """The policy, and why the National Data Opt-Out does not apply: said outright, or refused."""
    said = value if isinstance(value, dict) else {}
    if set(said) - {"type1", "national", "reason"} or said.get("type1", "exclude") != "exclude":
        raise FormatError(
            "agreement: opt_outs: people with a Type 1 opt-out are never counted, and nothing else can be said of them",
            "expected {national: exclude}, or {national: not_applicable, reason: ...}",
        )
    reason = str(said.get("reason", ""))
    match said.get("national"):
        case "exclude" if not reason:
            return OptOutPolicy.TYPE1_AND_NATIONAL_EXCLUDED.value, ""
        case "not_applicable" if reason:
            return OptOutPolicy.TYPE1_EXCLUDED.value, reason
    raise FormatError(
        "agreement: opt_outs: whether the National Data Opt-Out applies is not said",
        "expected {national: exclude}, or {national: not_applicable, reason: ...}",
    )


def _pinned(value: Any, pin: Pin | None) -> Any:
    if not isinstance(value, list):
        return value
    names = [str(name) for name in value]
    if len(set(names)) != len(names):
        raise FormatError("agreement names a code list twice")
    return {name: pin(name) if pin is not None else "" for name in names}


def _written(value: Any) -> Any:
    """YAML reads 2026-01-01 as a date; the document keeps it as text."""
    match value:
        case dict():
            return {str(name): _written(one) for name, one in value.items()}
        case list():
            return [_written(one) for one in value]
        case date():
            return value.isoformat()
        case _:
            return value


# --- schema 1 ---------------------------------------------------------------------------------------------------------


class _FirstSearchModel(Message):
    id: SearchId
    dimensions: Annotated[list[Name], Field(max_length=10)] = Field(default_factory=list)
    schedule: Literal["weekly", "monthly", "quarterly", "yearly"]
    relaxed: Annotated[list[Literal["one_sided"]], Field(max_length=1)] = Field(default_factory=list)


class _FirstModel(Message):
    schema_: Annotated[int, Field(alias="schema", ge=1, le=1)]
    id: AgreementId
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Line
    kind: Literal["sharing", "internal"]
    hub: PracticeCode
    practices: Annotated[list[PracticeCode], Field(min_length=1, max_length=10_000)]
    purposes: Annotated[list[Line], Field(min_length=1, max_length=50)]
    prohibited_uses: Annotated[list[Line], Field(max_length=50)]
    legal_basis: Annotated[list[Line], Field(max_length=50)] = Field(default_factory=list)
    searches: Annotated[list[_FirstSearchModel], Field(min_length=1, max_length=2000)]
    tables: dict[Name, Annotated[list[Name], Field(max_length=50)]]
    codelists: Annotated[list[Name], Field(max_length=2000)]
    profile: Annotated[str, Field(max_length=40)] = FALLBACK.id
    opt_outs: Literal["type1_excluded"]
    view: Literal["unnamed", "named_by_consent"]
    start: IsoDate
    end: IsoDate


def _read_first(document: bytes) -> Agreement:
    model = read_message(_FirstModel, document, TARGET_LIMIT_BYTES, "agreement")
    agreement = Agreement(
        id=model.id,
        version=model.version,
        title=model.title,
        kind=Kind(model.kind),
        hub=model.hub,
        practices=tuple(model.practices),
        purposes=tuple(Purpose(None, text) for text in model.purposes),
        prohibited_uses=tuple(model.prohibited_uses),
        searches=tuple(_first_search(one) for one in model.searches),
        tables={table: tuple(columns) for table, columns in model.tables.items()},
        codelists=dict.fromkeys(model.codelists, ""),
        profile=model.profile,
        opt_out_policy=OptOutPolicy(model.opt_outs),
        view=View(model.view),
        start=iso_date(model.start, "agreement"),
        end=iso_date(model.end, "agreement"),
        legal_basis=tuple(model.legal_basis),
    )
    check_whole(agreement)
    return agreement


def _first_search(model: _FirstSearchModel) -> SearchTerms:
    relaxed = frozenset(Relaxation(one) for one in model.relaxed)
    return SearchTerms(model.id, tuple(model.dimensions), Schedule(model.schedule), relaxed, most_per_period=366)


def _first_document(agreement: Agreement) -> dict[str, object]:
    return {
        "schema": 1,
        **{name: plain(getattr(agreement, name)) for name in _SAME_NAMES},
        "purposes": [purpose.text for purpose in agreement.purposes],
        "searches": [_first_search_document(terms) for terms in agreement.searches],
        "codelists": list(agreement.codelists),
        "opt_outs": str(agreement.opt_out_policy),
    }


_SAME_NAMES: Final = (
    *("id", "version", "title", "kind", "hub", "practices", "prohibited_uses", "legal_basis"),
    *("tables", "profile", "view", "start", "end"),
)


def _first_search_document(terms: SearchTerms) -> dict[str, object]:
    relaxed = {"relaxed": sorted(str(one) for one in terms.relaxed)} if terms.relaxed else {}
    return {"id": terms.search_id, "dimensions": list(terms.dimensions), "schedule": str(terms.schedule), **relaxed}
