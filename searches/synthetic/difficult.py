"""The difficult people: one for every way in which a supplier's rows mislead, the same set in every practice.

Each is made so that whoever forgets the rule gets another count in one of the starter searches: usually a person of
seventy whose pulse check is the whole record (`pulse-rhythm-65`), or who should not be counted at all
(`ethnicity-recorded`).
"""

from __future__ import annotations

from collections.abc import Iterator

from searches.synthetic.bench import Bench
from searches.synthetic.deliveries import FULL, LAST, SECOND
from searches.synthetic.difficult_care import difficult_care
from searches.synthetic.difficult_records import difficult_records
from searches.synthetic.model import (
    APPLIED,
    CONFIDENTIAL_PERSON,
    DUMMY,
    GMS,
    IMMEDIATELY_NECESSARY,
    NO_KIND,
    OTHER_SERVICES,
    PRIVATE,
    SENSITIVE,
    TEMPORARY,
    WALK_IN,
    Enrolment,
    Person,
    Registered,
    Spell,
)


def difficult_people(bench: Bench) -> Iterator[Person]:
    """All of them, in a fixed order."""
    for family in (_dates, _kinds, _deaths, _spells, _enrolment_stories, _nobody):
        yield from family(bench)
    yield from difficult_records(bench)
    yield from difficult_care(bench)


def _dates(bench: Bench) -> Iterator[Person]:
    today, old = bench.today, bench.old
    yield bench.person("starts on the reference date", enrolment=Enrolment(GMS, today))
    yield bench.person("starts after the reference date", enrolment=Enrolment(GMS, today + 3))
    yield bench.person("ends on the reference date", enrolment=Enrolment(GMS, old, today))
    yield bench.person("ends the day after the reference date", enrolment=Enrolment(GMS, old, today + 1))
    yield bench.person("left a month ago", enrolment=Enrolment(GMS, old, today - 31))
    yield bench.person("left on a day that is not known", enrolment=Enrolment(GMS, old, today - 90, is_undated=True))
    yield bench.person("has no start date", enrolment=Enrolment(GMS, 0))
    sixty_five = bench.months_ago(65 * 12)
    yield bench.person("is sixty-five on the reference date", born=sixty_five)
    yield bench.person("is sixty-five the day after the reference date", born=sixty_five + 1)
    yield bench.person("sex indeterminate", sex="I")
    yield bench.person("sex unknown", sex="U")


def _kinds(bench: Bench) -> Iterator[Person]:
    for kind in (TEMPORARY, PRIVATE, IMMEDIATELY_NECESSARY, OTHER_SERVICES, APPLIED, WALK_IN, NO_KIND):
        yield bench.person(f"registered as {kind or 'nothing'}", enrolment=Enrolment(kind, bench.old))
    for number in range(8):  # the writers spell GMS in as many ways as they know, by the patient's number
        yield bench.person(f"registered as GMS, spelling {number}")


def _deaths(bench: Bench) -> Iterator[Person]:
    today, old = bench.today, bench.old
    died = today - 50
    yield bench.person("died and left", enrolment=Enrolment(GMS, old, died + 4, died, is_dead=True))
    yield bench.person("died without leaving", enrolment=Enrolment(GMS, old, 0, died, is_dead=True))
    yield bench.person("died on the reference date", enrolment=Enrolment(GMS, old, 0, today, is_dead=True))
    yield bench.person(
        "death dated after the reference date", enrolment=Enrolment(GMS, old, 0, today + 2, is_dead=True)
    )
    undated = Enrolment(GMS, old, died, 0, is_dead=True, is_undated=True)
    yield bench.person("dead on a day that is not known", enrolment=undated)


def _spells(bench: Bench) -> Iterator[Person]:
    today, old = bench.today, bench.old
    yield bench.person("left and came back", past=(Spell(old - 4000, old - 700),))
    yield bench.person("left and came back on the same day", past=(Spell(old - 4000, old),))
    yield bench.person("two open spells at once", past=(Spell(old - 1000, 0),))
    yield bench.person(
        "temporary after a registration that ended",
        enrolment=Enrolment(TEMPORARY, today - 20),
        past=(Spell(old, today - 400),),
    )
    for number in range(3):
        yield bench.person(
            f"now registered elsewhere {number}",
            enrolment=Enrolment(GMS, old, today - 200 - number),
            shared=(Spell(today - 199 - number, 0),),
            elsewhere=(bench.pulse(today - 150),),
        )


def _enrolment_stories(bench: Bench) -> Iterator[Person]:
    here, today = Enrolment(GMS, bench.old), bench.today
    gone = Enrolment(GMS, bench.old, today - 3)
    stories: dict[str, tuple[tuple[int, Enrolment | None], ...]] = {
        "deleted as a patient": ((FULL, here), (SECOND, None)),
        "deleted as a patient and brought back": ((FULL, here), (SECOND, None), (LAST, here)),
        "temporary, then registered": ((FULL, Enrolment(TEMPORARY, bench.old)), (LAST, here)),
        "registered, then left": ((FULL, here), (LAST, gone)),
        "left, then found to have stayed": ((FULL, gone._replace(end=bench.known)), (SECOND, here)),
        "sent twice in one delivery, the later left": ((SECOND, here), (SECOND, gone)),
        "sent twice in one delivery, the later stayed": ((SECOND, gone), (SECOND, here)),
        "deleted twice over": ((FULL, gone._replace(end=0)), (SECOND, here), (LAST, None)),
    }
    for quirk, versions in stories.items():
        chart = bench.chart()
        chart.events.append(bench.pulse(bench.known))
        yield bench.person(quirk, chart, enrolments=tuple(Registered(*version) for version in versions))


def _nobody(bench: Bench) -> Iterator[Person]:
    yield bench.person("test patient of an ordinary kind", enrolment=Enrolment(GMS, bench.old, is_test=True))
    yield bench.person("test patient by kind", enrolment=Enrolment(DUMMY, bench.old, is_test=True))
    yield bench.with_pulse("sensitive", bench.known, withheld=SENSITIVE)
    yield bench.with_pulse("confidential as a person", bench.known, withheld=CONFIDENTIAL_PERSON)
