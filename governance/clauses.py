"""The parts of an agreement, as frozen values; `governance.agreement` holds them together.

Every name in a closed list stands here once, with the words in which people read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import ConfigDict, Field

from governance.profiles import Relaxation
from governance.wire import Line, PracticeCode, SearchId
from searches.search import Schedule

CLOSED: Final = ConfigDict(strict=True, extra="forbid")
"""How each part is read from a document: strict types, no unknown names."""

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Sha256 = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]  # empty: not known
Lines = Annotated[tuple[Line, ...], Field(max_length=50)]
MaybeLine = Annotated[str, Field(max_length=200, pattern=r"^[^\p{C}\p{Zl}\p{Zp}]*$")]
ControllerId = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9 .-]+$")]
Days = Annotated[int, Field(ge=0, le=36_500)]


class Kind(StrEnum):
    """Between whom, and by what right."""

    SHARING = "sharing"
    JOINT_CONTROLLERS = "joint_controllers"
    PROVISION_NOTICE = "provision_notice"
    INTERNAL = "internal"
    PROCESSOR = "processor"


KIND_WORDS: Final = {
    Kind.SHARING: "data sharing agreement between separate controllers",
    Kind.JOINT_CONTROLLERS: "arrangement between joint controllers (UK GDPR Article 26)",
    Kind.PROVISION_NOTICE: "data provision notice: the law requires it, and nobody can withdraw from it",
    Kind.INTERNAL: "information governance record inside one controller: nothing is shared with another",
    Kind.PROCESSOR: "agreement with a processor (UK GDPR Article 28)",
}


class View(StrEnum):
    """How a practice's figures are shown to its peers."""

    UNNAMED = "unnamed"
    NAMED_BY_CONSENT = "named_by_consent"


class PartyRole(StrEnum):
    """What somebody other than a practice does under an agreement."""

    HUB_OPERATOR = "hub_operator"
    RECIPIENT = "recipient"
    JOINT_CONTROLLER = "joint_controller"
    PROCESSOR = "processor"


class Office(StrEnum):
    """In which office somebody signs for a party."""

    CALDICOTT_GUARDIAN = "caldicott_guardian"
    PARTNER = "partner"
    SIRO = "senior_information_risk_owner"
    HUB_DIRECTOR = "hub_director"


class PurposeTag(StrEnum):
    """The closed list of purposes."""

    CARE_IMPROVEMENT = "care_improvement"
    DIRECT_CARE = "direct_care"
    CLINICAL_AUDIT = "clinical_audit"
    SERVICE_PLANNING = "service_planning"
    PUBLIC_HEALTH = "public_health"
    RESEARCH = "research"


class ProhibitedUse(StrEnum):
    """Uses that people most often ask about; others are written in words."""

    REIDENTIFICATION = "re_identification"
    PERFORMANCE_MANAGEMENT = "performance_management"
    INSURANCE = "insurance"
    MARKETING = "marketing"
    PAYMENT = "payment"


class Confidentiality(StrEnum):
    """On what the common-law duty of confidentiality rests."""

    DIRECT_CARE = "direct_care"
    ANONYMOUS = "anonymous"
    CONSENT = "consent"
    SECTION_251 = "section_251"
    STATUTE = "statute"


class RecipientView(StrEnum):
    """How finely a recipient sees."""

    PRACTICE_LEVEL = "practice_level"
    NETWORK_TOTAL = "network_total"


class Received(StrEnum):
    """What becomes of what was received when a practice withdraws."""

    KEEP = "keep"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Measure:
    """A clipped value whose mean may leave: its name, unit and the bounds between which it is clipped."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    name: Line
    low: int
    high: int
    unit: Line


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What is agreed of one search.

    Args:
        search_id: of the search.
        dimensions: the most by which its counts may be split.
        schedule: the most often it may run.
        relaxed: what is signed for beyond the profile, for this search only.
        measures: values whose mean or distribution may leave; none: counts only.
        most_per_period: reference dates answered in one week, month, quarter or year of its schedule.
        gap_days: fewest days between two reference dates.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    search_id: SearchId
    dimensions: Annotated[tuple[Name, ...], Field(max_length=10)]
    schedule: Schedule
    relaxed: frozenset[Relaxation] = frozenset()
    measures: Annotated[tuple[Measure, ...], Field(max_length=5)] = ()
    most_per_period: Annotated[int, Field(ge=1, le=366)] = 1
    gap_days: Days = 0


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the counts are used for: a tag of the closed list (empty in a document of schema 1), and sentences."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    tag: PurposeTag | None
    text: Line
    benefits: Lines = ()


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody other than a practice: code, name, what it does, and the office in which it signs."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    code: PracticeCode
    name: Line
    role: PartyRole
    office: Office = Office.HUB_DIRECTOR


@dataclass(frozen=True, slots=True)
class JointArrangement:
    """Between joint controllers (UK GDPR Article 26).

    Args:
        contact: whom people ask.
        rights: who answers when people use their rights.
        breaches: who leads on a breach.
        published_at: where the essence of the arrangement is.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    contact: Line
    rights: Line
    breaches: Line
    published_at: Line


@dataclass(frozen=True, slots=True)
class Legal:
    """The legal basis.

    Args:
        article_6: of the UK GDPR, such as `6(1)(e)`.
        article_9: of the UK GDPR, such as `9(2)(h)`.
        schedule_1: condition of the Data Protection Act 2018, such as `paragraph 2`.
        confidentiality: on what the common-law duty rests.
        reference: of the approval, direction or consent; needed for section 251 and statute.
        on_leaving: what the data are once they have left.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    article_6: Annotated[str, Field(pattern=r"^6\(1\)\([a-f]\)$")]
    article_9: Annotated[str, Field(pattern=r"^9\(2\)\([a-j]\)$")]
    schedule_1: Line
    confidentiality: Confidentiality
    reference: MaybeLine = ""
    on_leaving: Annotated[str, Field(pattern=r"^anonymous_aggregate$")] = "anonymous_aggregate"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who sees the figures, and how finely."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    organisation: Line
    group: Line
    view: RecipientView


@dataclass(frozen=True, slots=True)
class Retention:
    """How long results and what is made of them are kept (days), and the record of what happened (years)."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    results_days: Days
    derived_days: Days
    audit_years: Annotated[int, Field(ge=1, le=100)]


@dataclass(frozen=True, slots=True)
class Security:
    """Where figures are kept and by whom: toolkit standards met, country, processors."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    toolkit_met: bool
    country: Line
    processors: Lines = ()


@dataclass(frozen=True, slots=True)
class ImpactAssessment:
    """The data protection impact assessment: which document, who approved it, when it is looked at again."""

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    reference: Line
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    approved_by: Line
    review: date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How a practice leaves: whether it can, after how many days its obligations end, what becomes of what was sent.

    Nothing runs from the day of the notice on, however long the notice.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    allowed: bool
    notice_days: Days
    received: Received
    delete_days: Days = 0


@dataclass(frozen=True, slots=True)
class Undertakings:
    """What an agreement of schema 2 states beyond what searches may ask.

    Args:
        supersedes: SHA-256 (hex) of the version before; empty for the first.
        offer_until: the last day on which a practice may accept it; None only in a draft.
        controllers: practice code -> the controller it belongs to, where that is not the practice itself.
        practice_office: in which office somebody signs for a practice.
        parties: everybody else.
        joint: between joint controllers only.
        national_reason: why the National Data Opt-Out does not apply; empty where it does.
        excluded: groups of people left out, in words.
        recipients: who sees the figures.
        onward: to whom they may be passed on, under the national rule of disclosure control; empty: to nobody.
        publication: what may be published and how; empty: nothing.
        dpia: None only in a draft.
        review: the day by which the parties look at it again.
    """

    __pydantic_config__: ClassVar[ConfigDict] = CLOSED
    supersedes: Sha256
    offer_until: date | None
    controllers: Mapping[PracticeCode, ControllerId]
    practice_office: Office
    parties: Annotated[tuple[Party, ...], Field(max_length=100)]
    joint: JointArrangement | None
    legal: Legal
    national_reason: MaybeLine
    excluded: Lines
    recipients: Annotated[tuple[Recipient, ...], Field(max_length=50)]
    onward: Lines
    publication: MaybeLine
    retention: Retention
    security: Security
    dpia: ImpactAssessment | None
    review: date
    withdrawal: Withdrawal
