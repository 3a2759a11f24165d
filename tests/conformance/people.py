"""Some twenty made-up people, each there for something that databases are known to read differently.

Records get rising numbers in the order in which they are written here, from 8 on, so that ids of one day differ in
length: 9 comes before 10 as a number, and after it as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import count
from typing import Final

from searches.synthetic.deliveries import FULL, LAST, SECOND
from searches.synthetic.model import (
    ACTIVE_PROBLEM,
    BARE,
    CONFIDENTIAL,
    DUMMY,
    FALSE_FRIEND,
    GMS,
    LOCAL,
    NO_SUCH_CODE,
    PLAIN,
    REPEAT,
    SENSITIVE,
    SHARED,
    TEMPORARY,
    UNKNOWN_DAY,
    WRONG_CASE,
    Appointment,
    Chart,
    Consultation,
    Enrolment,
    Event,
    Immunisation,
    Medication,
    Person,
    Referral,
    Registered,
)
from searches.synthetic.vocabulary import REFERRAL, Concept, concept

REFERENCE_DATE: Final = date(2024, 2, 29)
PRACTICE: Final = "Z99998"

RED = Concept("kit_red", "red", "900000019999999105", "XkR..", "Kr1..", "EMISk-1")
NEW_RED = Concept("kit_red", "red without an older code", "10000029999999101")
NEARLY_RED = Concept("kit", "one more than red, which is another number only beyond 53 bits", "900000019999999106")
OTHER_RED = Concept("kit", "an own code that differs from red by a capital", "10000069999999104", emis="EMISK-1")
BLUE = Concept("kit_blue", "blue", "10000039999999104", "XkB..", "Kb1..", r"EMISb'B\S1")
SIZE = Concept("kit_size", "size", "10000049999999109", "XkS..", "Ks1..", unit="mmol/mol")
DOSE = Concept("kit_dose", "dose", "10000059999999107", "XkD..", "Kd1..", is_vaccine=True)
DRUG = Concept("kit_dose", "dose", dmd="900000029999999103")
CONCEPTS: Final = (RED, NEW_RED, NEARLY_RED, OTHER_RED, BLUE, SIZE, DOSE, DRUG)

_FIRST = 8
_EVER = date(2010, 5, 1)
_DISSENT, _WITHDRAWN = concept("type1_dissent"), concept("type1_withdrawn")
_PULSE, _MMR = concept("pulse_rhythm"), concept("mmr_vaccine")


def day(text: str) -> int:
    """2024-02-29 as an ordinal; an empty text is no day."""
    return date.fromisoformat(text).toordinal() if text else UNKNOWN_DAY


class Record(Chart):
    """A chart that is written in few words: days as text, records by their kind."""

    __slots__ = ()

    def entry(self, what: Concept, on: str, value: str = "", mark: int = PLAIN, *, problem: str = "") -> None:
        """Write an event; `problem` is "active", or the day on which it ended."""
        ended = ACTIVE_PROBLEM if problem == "active" else day(problem)
        recorded = day(on) or day("2023-01-02")
        self.events.append(Event(next(self.numbers), day(on), recorded, what, value, ended, mark))

    def given(self, on: str, what: Concept = DOSE) -> None:
        """Write a vaccination."""
        number = next(self.numbers)
        self.immunisations.append(Immunisation(number, day(on), day(on), what))

    def issue(self, on: str, source: str) -> None:
        """Write a prescription."""
        self.medications.append(Medication(next(self.numbers), day(on), day(on), DRUG, source))

    def slot(self, start: str, booked: str, status: str = "completed") -> None:
        """Write an appointment."""
        self.appointments.append(
            Appointment(next(self.numbers), day(start), day(booked), status, "telephone", "gp", online=False)
        )

    def contact(self, on: str) -> None:
        """Write a consultation."""
        self.consultations.append(Consultation(next(self.numbers), day(on), day(on), "face_to_face"))

    def referral(self, on: str) -> None:
        """Write a referral."""
        self.referrals.append(Referral(next(self.numbers), day(on), day(on), REFERRAL))

    def later_version(self, what: Concept, days: Sequence[str], *, deleted: bool = False) -> None:
        """Write an event that is sent again with another day, or deleted in the end."""
        number = next(self.numbers)
        rows = [Event(number, day(on), day(days[0]), what) for on in days]
        last = [(LAST, None)] if deleted else []
        self.story(*zip((FULL, SECOND), rows, strict=False), *last)


def people() -> tuple[Person, ...]:
    """Everyone, registered or not, in the order of their ids, which differ in length."""
    numbers = count(_FIRST)
    ids = iter((*range(7, 14), *range(98, 110), *range(998, 1010)))
    return tuple(make(next(ids), Record(numbers)) for make in (*_REGISTERED, *_NOT_REGISTERED))


def _person(n: int, record: Record, born: str, sex: str, registered: date = _EVER) -> Person:
    enrolment = Enrolment(GMS, registered.toordinal())
    return Person(n, day(born), sex, 1 + n % 5, (Registered(FULL, enrolment),), record)


def _two_on_one_day(n: int, record: Record) -> Person:
    """Ids 8 to 10: the latest of the day is 10, though 9 is greater as text."""
    record.entry(SIZE, "2024-01-31", "57.999")
    record.entry(SIZE, "2024-01-31", "58.001")
    record.entry(SIZE, "2024-01-31", "57.9995")
    record.entry(RED, "2024-01-31", "9")
    record.entry(BLUE, "2024-01-31", "10")
    record.entry(BLUE, "2024-02-29", "2")
    return _person(n, record, "1958-03-01", "F")


def _one_without_a_day(n: int, record: Record) -> Person:
    """What has no date comes last, whichever way the dates are ordered."""
    record.entry(SIZE, "", "140")
    record.entry(SIZE, "2023-10-31", "9")
    record.entry(SIZE, "2023-11-30", "10")
    record.entry(RED, "2023-01-30")
    record.entry(BLUE, "2023-02-28")
    record.slot("2024-02-29", "2024-01-31")
    record.slot("2024-02-28", "2024-01-29", "dna")
    return _person(n, record, "1959-02-28", "M")


def _below_zero(n: int, record: Record) -> Person:
    record.entry(SIZE, "2022-02-28", "-0.501")
    record.entry(SIZE, "", "")
    record.entry(RED, "2024-01-30", "58")
    record.entry(BLUE, "2024-02-29", "58")
    record.referral("2023-08-31")
    return _person(n, record, "1959-03-01", "F", date(2023, 9, 1))


def _leap_day(n: int, record: Record) -> Person:
    record.entry(RED, "2023-02-28")
    record.entry(BLUE, "2023-02-28")
    record.entry(BLUE, "2023-08-29", "1")
    record.slot("2024-02-20", "2024-02-20")
    record.slot("2024-02-20", "2024-01-20")
    record.slot("2024-02-20", "2024-01-19", "dna")
    record.slot("2024-02-21", "2024-02-22")
    record.slot("2024-02-22", "2023-12-31", "booked")
    record.issue("2023-03-31", "acute")
    return _person(n, record, "1984-02-29", "M", date(2023, 8, 31))


def _day_after_leap_day(n: int, record: Record) -> Person:
    record.entry(BLUE, "2023-08-30")
    record.entry(RED, "2023-08-30", "7")
    record.entry(BLUE, "2023-02-27")
    record.entry(SIZE, "2023-05-31", "58.0")
    record.entry(SIZE, "2023-05-31", "")
    return _person(n, record, "1984-03-01", "F")


def _child(n: int, record: Record) -> Person:
    record.given("2020-01-15", _MMR)
    record.given("2020-01-15", _MMR)
    record.entry(_PULSE, "2020-01-15")
    record.given("2020-01-15")
    record.given("2020-01-15")
    record.referral("2023-08-31")
    record.contact("2023-09-01")
    return _person(n, record, "2018-11-30", "I")


def _protected_child(n: int, record: Record) -> Person:
    record.given("2019-12-31", _MMR)
    record.given("2023-02-27", _MMR)
    record.entry(_PULSE, "2023-02-27")
    record.given("2023-05-31")
    record.given("2019-06-30")
    record.given("2023-06-30")
    record.issue("2023-05-31", "acute")
    return _person(n, record, "2018-10-31", "U")


def _oldest(n: int, record: Record) -> Person:
    record.entry(_PULSE, "2019-02-28")
    record.issue("2024-01-31", REPEAT)
    record.issue("2024-01-31", REPEAT)
    record.contact("2024-02-29")
    record.slot("2024-01-20", "2023-12-20")
    record.slot("2024-01-19", "2023-12-19")
    return _person(n, record, "1930-01-31", "F")


def _pulse_too_long_ago(n: int, record: Record) -> Person:
    record.entry(_PULSE, "2019-02-27")
    record.entry(RED, "2023-12-31", "58", problem="active")
    record.entry(RED, "2021-01-31", "", problem="2022-02-28")
    record.entry(BLUE, "2024-01-31")
    record.entry(SIZE, "2024-01-31", "60")
    return _person(n, record, "1954-02-28", "M")


def _in_the_wrong_case(n: int, record: Record) -> Person:
    record.entry(RED, "2024-01-15", "58", WRONG_CASE)
    record.entry(BLUE, "2024-01-15", "", WRONG_CASE)
    record.entry(OTHER_RED, "2024-01-15", "58", LOCAL)
    record.entry(_DISSENT, "2024-01-15", "", WRONG_CASE)
    return _person(n, record, "1990-12-31", "F")


def _nearly_red(n: int, record: Record) -> Person:
    record.entry(NEARLY_RED, "2024-01-15", "58")
    return _person(n, record, "1964-02-29", "M")


def _false_friends(n: int, record: Record) -> Person:
    record.entry(RED, "2024-01-15", "58", FALSE_FRIEND)
    record.entry(RED, "2024-01-16", "58", NO_SUCH_CODE)
    record.entry(BLUE, "2021-12-31", "", problem="2022-12-31")
    return _person(n, record, "1983-09-30", "F")


def _new_red(n: int, record: Record) -> Person:
    record.entry(NEW_RED, "2023-09-01", "58")
    record.entry(SIZE, "2023-09-01", "123456789.5")
    return _person(n, record, "1983-10-01", "M")


def _older_codes(n: int, record: Record) -> Person:
    record.entry(RED, "2023-08-31", "58", BARE)
    record.entry(BLUE, "2023-09-30", "57", BARE)
    record.entry(SIZE, "2023-09-30", "58.0004", BARE)
    return _person(n, record, "2004-02-29", "F")


def _own_code(n: int, record: Record) -> Person:
    """A quote and a backslash in one of the supplier's own codes."""
    record.entry(RED, "2024-02-01", "58", LOCAL)
    record.entry(BLUE, "2024-01-31", "", LOCAL)
    return _person(n, record, "2004-03-01", "M")


def _sent_again(n: int, record: Record) -> Person:
    record.later_version(RED, ("2023-07-31", "2023-12-31"))
    record.later_version(BLUE, ("2024-01-31",), deleted=True)
    record.later_version(SIZE, ("2023-11-30", "2023-10-31"))
    record.entry(BLUE, "2024-01-30")
    return _person(n, record, "1974-02-28", "F", date(2024, 2, 29))


def _typed_in_elsewhere(n: int, record: Record) -> Person:
    record.entry(RED, "2024-01-15", "57", SHARED)
    record.entry(_DISSENT, "2023-01-31")
    record.entry(_WITHDRAWN, "2023-01-31")
    return _person(n, record, "1973-08-31", "F")


def _opted_in_again(n: int, record: Record) -> Person:
    record.entry(_DISSENT, "2023-01-31")
    record.entry(_WITHDRAWN, "2023-02-01")
    record.entry(BLUE, "2024-01-15", "", CONFIDENTIAL)
    return _person(n, record, "1999-12-31", "M", date(2023, 2, 24))


def _opted_out_once(n: int, record: Record) -> Person:
    record.entry(_DISSENT, "")
    return _person(n, record, "1999-01-01", "I", date(2023, 2, 23))


def _without_much(n: int, record: Record) -> Person:
    record.entry(NEARLY_RED, "2023-01-31", "", problem="2023-02-28")
    return _person(n, record, "1960-01-01", "F")


def _with_red(record: Record) -> Record:
    """Whoever is wrongly taken for a patient would be in every answer."""
    record.entry(RED, "2023-10-31", "58")
    record.entry(SIZE, "2023-10-31", "58.001")
    record.entry(_PULSE, "2023-10-31")
    return record


def _enrolled(n: int, record: Record, *enrolments: Enrolment | None, withheld: str = "") -> Person:
    sent = tuple(Registered(delivery, one) for delivery, one in zip((FULL, LAST), enrolments, strict=False))
    return Person(n, day("1950-01-31"), "F", 1, sent, _with_red(record), withheld=withheld)


def _outside() -> Iterator[Callable[[int, Record], Person]]:
    since, today = Enrolment(GMS, day("2010-01-01")), day("2024-02-29")
    yield lambda n, record: _enrolled(n, record, since, since._replace(end=today))
    yield lambda n, record: _enrolled(n, record, since, since._replace(died=today, is_dead=True))
    yield lambda n, record: _enrolled(n, record, since._replace(start=day("2024-03-01")))
    yield lambda n, record: _enrolled(n, record, since._replace(is_test=True))
    yield lambda n, record: _enrolled(n, record, since._replace(kind=DUMMY, is_test=True))
    yield lambda n, record: _enrolled(n, record, since._replace(kind=TEMPORARY))
    yield lambda n, record: _enrolled(n, record, since, None)
    yield lambda n, record: _enrolled(n, record, since, withheld=SENSITIVE)


_REGISTERED = (
    *(_two_on_one_day, _one_without_a_day, _below_zero, _leap_day, _day_after_leap_day, _child, _protected_child),
    *(_oldest, _pulse_too_long_ago, _in_the_wrong_case, _nearly_red, _false_friends, _new_red, _older_codes),
    *(_own_code, _sent_again, _typed_in_elsewhere, _opted_in_again, _opted_out_once, _without_much),
)
_NOT_REGISTERED = tuple(_outside())
