"""One practice's people and records, before any supplier writes them down.

Days are proleptic ordinals (`date.toordinal()`); 0 is "not known". Every record carries one running number `n`; ids
rise with it in every layout, so that ties between records fall alike. What a supplier may do to a record is not here
but in the writers, with two exceptions that change answers: its `mark`, and its `Story` over several deliveries.

Records are named tuples and not frozen dataclasses: a practice has a hundred thousand of them, and a frozen dataclass
takes five times as long to make.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from searches.synthetic.vocabulary import Concept

UNKNOWN_DAY: Final = 0
ACTIVE_PROBLEM: Final = -1
NO_PROBLEM: Final = 0

# How a record came to be, where that decides whether it counts.
PLAIN: Final = 0
CONFIDENTIAL: Final = 1  # marked so in EMIS; not delivered by the others
NO_NUMBER: Final = 2  # a placeholder or a word stands where the value should be
BARE: Final = 3  # only the older code (Read or CTV3), no SNOMED CT concept
LOCAL: Final = 4  # EMIS: only its local code; elsewhere as BARE
WRONG_CASE: Final = 5  # the older code in the other case, which is another code
FALSE_FRIEND: Final = 6  # EMIS: a Read code of the list beside another SNOMED CT concept, which decides
NO_SUCH_CODE: Final = 7  # a code that no dictionary holds
SHARED: Final = 8  # TPP: typed in by another organisation, visible here
LESS_THAN: Final = 9  # TPP: the number has a comparator, which does not change it
UNMATCHED: Final = frozenset({WRONG_CASE, FALSE_FRIEND, NO_SUCH_CODE})

# What became of a prescription.
ACUTE: Final = "acute"
REPEAT: Final = "repeat"
HOSPITAL: Final = "hospital"
DENTAL: Final = "dental"
OTHER_SOURCE: Final = "other source"
NEVER_ISSUED: Final = "never issued"
ISSUED: Final = frozenset({ACUTE, REPEAT})

GMS: Final = "gms"
TEMPORARY: Final = "temporary"
PRIVATE: Final = "private"
IMMEDIATELY_NECESSARY: Final = "immediately necessary"
OTHER_SERVICES: Final = "other"
APPLIED: Final = "applied"
WALK_IN: Final = "walk-in"
DUMMY: Final = "dummy"
NO_KIND: Final = ""

SENSITIVE: Final = "sensitive"
CONFIDENTIAL_PERSON: Final = "confidential"


class Event(NamedTuple):
    """A coded entry, perhaps with a value."""

    n: int
    day: int
    recorded: int
    concept: Concept
    value: str = ""
    problem: int = NO_PROBLEM  # or ACTIVE_PROBLEM, or the day it ended
    mark: int = PLAIN


class Pressure(NamedTuple):
    """A blood pressure: one act, two numbers. It takes three running numbers: the pair's, then one for each half."""

    n: int
    day: int
    recorded: int
    systolic: Concept
    diastolic: Concept
    high: str
    low: str
    mark: int = PLAIN


class Medication(NamedTuple):
    """A prescription; `source` says whether the practice issued it. `entered` is the day of entry in the record."""

    n: int
    day: int
    recorded: int
    concept: Concept
    source: str = ACUTE


class Immunisation(NamedTuple):
    """A vaccination on the vaccination screen; not given when refused or advised."""

    n: int
    day: int
    recorded: int
    concept: Concept
    given: bool = True


class Appointment(NamedTuple):
    """A booked slot. `status` is canonical; SHARED ones belong to another organisation."""

    n: int
    day: int
    recorded: int  # the day of the booking
    status: str
    mode: str
    role: str
    online: bool
    mark: int = PLAIN


class Consultation(NamedTuple):
    """A contact; TPP keeps administrative acts in the same table."""

    n: int
    day: int
    recorded: int
    mode: str
    is_clinical: bool = True


class Referral(NamedTuple):
    """A referral made."""

    n: int
    day: int
    recorded: int
    concept: Concept


Row = Event | Pressure | Medication | Immunisation | Appointment | Consultation | Referral


class Version(NamedTuple):
    """What one delivery says of a record; `row` None means deleted, with the content it had before."""

    delivery: int
    row: Row | None


class Story(NamedTuple):
    """A record that several deliveries, or one delivery several times, speak of: the last word counts."""

    versions: tuple[Version, ...]

    @property
    def final(self) -> Row | None:
        """The record as it stands after the last delivery, or None if it is deleted."""
        return self.versions[-1].row

    def contents(self) -> Iterator[tuple[int, Row, bool]]:
        """Delivery, content and whether deleted, in order; a deletion carries the content it deletes."""
        content: Row | None = None
        for delivery, row in self.versions:
            content = row or content
            if content is not None:
                yield delivery, content, row is None


class Spell(NamedTuple):
    """Time on a practice's list; `end` 0 while it lasts."""

    start: int
    end: int
    kind: str = GMS


class Enrolment(NamedTuple):
    """What the practice's register says of a person.

    Args:
        died: day of death, or 0.
        is_dead: known to be dead, perhaps without a day.
        is_test: a record for trying things out.
        is_undated: Vision knows that it ended, but not when.
    """

    kind: str
    start: int
    end: int = 0
    died: int = 0
    is_dead: bool = False
    is_test: bool = False
    is_undated: bool = False


class Registered(NamedTuple):
    """What one delivery says of a person's enrolment; None means deleted."""

    delivery: int
    enrolment: Enrolment | None


class Chart:
    """The record of one person while it is written; reads like a notebook: `chart.event(...)`."""

    __slots__ = ("appointments", "consultations", "events", "immunisations", "medications", "numbers", "pressures",
                 "referrals", "stories")  # fmt: skip

    def __init__(self, numbers: Iterator[int]) -> None:
        self.numbers = numbers
        self.events: list[Event] = []
        self.pressures: list[Pressure] = []
        self.medications: list[Medication] = []
        self.immunisations: list[Immunisation] = []
        self.appointments: list[Appointment] = []
        self.consultations: list[Consultation] = []
        self.referrals: list[Referral] = []
        self.stories: list[Story] = []

    def event(self, concept: Concept, day: int, value: str = "", mark: int = PLAIN) -> None:
        """Write a coded entry, entered on its own day."""
        self.events.append(Event(next(self.numbers), day, day, concept, value, NO_PROBLEM, mark))

    def diagnosis(self, concept: Concept, day: int, ended: int = ACTIVE_PROBLEM) -> None:
        """Write a diagnosis, which is also a problem."""
        self.events.append(Event(next(self.numbers), day, day, concept, "", ended))

    def pressure(self, pair: tuple[Concept, Concept], day: int, high: str, low: str) -> None:
        """Write a blood pressure."""
        number = next(self.numbers)
        next(self.numbers)
        next(self.numbers)
        self.pressures.append(Pressure(number, day, day, pair[0], pair[1], high, low))

    def medication(self, concept: Concept, day: int, source: str = ACUTE) -> None:
        """Write a prescription."""
        self.medications.append(Medication(next(self.numbers), day, day, concept, source))

    def immunisation(self, concept: Concept, day: int, given: bool = True) -> None:
        """Write a vaccination."""
        self.immunisations.append(Immunisation(next(self.numbers), day, day, concept, given))

    def story(self, *versions: tuple[int, Row | None]) -> None:
        """Write a record that more than one delivery speaks of."""
        self.stories.append(Story(tuple(Version(*version) for version in versions)))


@dataclass(frozen=True, slots=True)
class Person:
    """One person known to the practice.

    Args:
        n: patient number, one per person.
        born: day of birth.
        sex: F, M, I or U.
        quintile: of deprivation, 1 the most deprived.
        enrolments: what the deliveries say of the registration; the last counts.
        chart: the record.
        quirk: the name of the difficulty this person was made for, or empty.
        past: earlier spells on this practice's list.
        shared: spells on another practice's list, visible here (TPP).
        elsewhere: events that only another organisation holds, under the same patient id.
        withheld: SENSITIVE or CONFIDENTIAL_PERSON, as EMIS marks such people and the others do not deliver them; or
            empty.
    """

    n: int
    born: int
    sex: str
    quintile: int
    enrolments: tuple[Registered, ...]
    chart: Chart
    quirk: str = ""
    past: tuple[Spell, ...] = ()
    shared: tuple[Spell, ...] = ()
    elsewhere: tuple[Event, ...] = ()
    withheld: str = ""

    @property
    def enrolment(self) -> Enrolment | None:
        """The registration as it stands after the last delivery; None if the person was deleted."""
        return self.enrolments[-1].enrolment

    def is_registered(self, today: int) -> bool:
        """Whether this is one of the practice's people on that day, by the pinned reading.

        A GMS spell that starts on or before the day and has no end or a later one; alive (an end or a death on the day
        itself does not count, a start does); no test patient; not withheld.
        """
        now = self.enrolment
        if now is None or now.is_test or self.withheld or now.kind != GMS:
            return False
        if (now.is_dead or now.died) and now.died <= today:
            return False
        return 0 < now.start <= today and (now.end == 0 or now.end > today)
