"""Difficult people who are ill, vaccinated, expecting or booked: values, prescriptions, vaccinations, appointments."""

from __future__ import annotations

from collections.abc import Iterator

from searches.synthetic.bench import Bench
from searches.synthetic.deliveries import FULL, LAST, SECOND
from searches.synthetic.model import (
    ACUTE,
    BARE,
    DENTAL,
    HOSPITAL,
    LESS_THAN,
    NEVER_ISSUED,
    NO_NUMBER,
    OTHER_SOURCE,
    PLAIN,
    REPEAT,
    SHARED,
    Appointment,
    Immunisation,
    Medication,
    Person,
    Pressure,
)
from searches.synthetic.vocabulary import concept, concepts, unlinked_vaccine


def difficult_care(bench: Bench) -> Iterator[Person]:
    """All of them, in a fixed order."""
    for family in (_hba1c, _hba1c_stories, _pressures, _prescriptions, _flu, _mmr, _pertussis, _appointments):
        yield from family(bench)


def _hba1c(bench: Bench) -> Iterator[Person]:
    """In order of entry: value, days ago, mark."""
    told: dict[str, tuple[tuple[str, int, int], ...]] = {
        "exactly 58": (("58", 90, PLAIN),),
        "58 and a trifle": (("58.1", 90, PLAIN),),
        "latest without a number": (("70", 200, PLAIN), ("", 90, NO_NUMBER)),
        "only without a number": (("", 90, NO_NUMBER),),
        "less than 50": (("50", 90, LESS_THAN),),
        "two on one day, the last entered lower": (("70", 90, PLAIN), ("50", 90, PLAIN)),
        "two on one day, the last entered higher": (("50", 90, PLAIN), ("70", 90, PLAIN)),
        "entered late but taken early": (("50", 60, PLAIN), ("70", 300, PLAIN)),
        "in the future": (("70", 90, PLAIN), ("50", -20, PLAIN)),
        "by its older code": (("50", 90, BARE),),
        "typed in by another organisation": (("50", 90, SHARED),),
    }
    for quirk, readings in told.items():
        chart = bench.diabetic()
        for value, ago, mark in readings:
            chart.events.append(bench.event(concept("hba1c_ifcc"), bench.today - ago, value, mark))
        yield bench.person(f"HbA1c {quirk}", chart)


def _hba1c_stories(bench: Bench) -> Iterator[Person]:
    for quirk, first, last in (("to target", "72", "48"), ("off target", "48", "72")):
        chart = bench.diabetic()
        entry = bench.event(concept("hba1c_ifcc"), bench.known, first)
        chart.story((FULL, entry), (LAST, entry._replace(value=last)))
        yield bench.person(f"HbA1c corrected {quirk}", chart)


def _pressures(bench: Bench) -> Iterator[Person]:
    day = bench.today - 60
    told: dict[str, tuple[Pressure, ...]] = {
        "exactly at target": (bench.pressure(day, "140", "90"),),
        "one above target": (bench.pressure(day, "141", "80"),),
        "at home exactly at target": (bench.pressure(day, "135", "85", "_home"),),
        "at home, at the target of the clinic": (bench.pressure(day, "138", "88", "_home"),),
        "two pairs on one day, the last lower": (bench.pressure(day, "160", "95"), bench.pressure(day, "130", "80")),
        "two pairs on one day, the last higher": (bench.pressure(day, "130", "80"), bench.pressure(day, "160", "95")),
        "latest without a diastolic": (bench.pressure(day - 90, "160", "95"), bench.pressure(day, "130", "")),
        "latest diastolic a word": (
            bench.pressure(day - 90, "160", "95"),
            bench.pressure(day, "130", "")._replace(mark=NO_NUMBER),
        ),
    }
    for quirk, readings in told.items():
        chart = bench.chart()
        for name in ("hypertension", "chd", "diabetes"):
            chart.diagnosis(concept(name), bench.today - 1500)
        chart.pressures.extend(readings)
        yield bench.person(f"blood pressure {quirk}", chart)


def _prescriptions(bench: Bench) -> Iterator[Person]:
    recent, six_months = bench.today - 60, bench.months_ago(6)
    told = {
        "by a hospital": (recent, HOSPITAL),
        "by a dentist": (recent, DENTAL),
        "by another source": (recent, OTHER_SOURCE),
        "authorised, never issued": (recent, NEVER_ISSUED),
        "issued once": (recent, ACUTE),
        "issued on repeat": (recent, REPEAT),
        "to start in the future": (bench.today + 14, ACUTE),
        "six months ago": (six_months, REPEAT),
        "six months less a day ago": (six_months + 1, REPEAT),
        "long ago": (bench.today - 400, REPEAT),
    }
    for quirk, (day, source) in told.items():
        chart = bench.fibrillating()
        chart.medications.append(_doac(bench, day, source))
        yield bench.person(f"anticoagulant {quirk}", chart)
    chart = bench.fibrillating()
    chart.medications.append(_doac(bench, bench.today - 400, REPEAT)._replace(recorded=bench.known))
    yield bench.person("anticoagulant entered long after it was started", chart)
    chart = bench.fibrillating()
    chart.story((FULL, _doac(bench, recent, REPEAT)), (SECOND, None))
    yield bench.person("anticoagulant deleted", chart)
    for number, drug in enumerate(
        concepts("doac")
    ):  # several above 2^53, where a floating point number cannot hold them
        chart = bench.fibrillating()
        chart.medication(drug, recent, REPEAT)
        yield bench.person(f"anticoagulant product {number}", chart)


def _doac(bench: Bench, day: int, source: str) -> Medication:
    recorded = min(day, bench.known) if day <= bench.today else bench.known
    return Medication(bench.number(), day, recorded, concept("doac"), source)


def _flu(bench: Bench) -> Iterator[Person]:
    day = bench.today - 120
    vaccine = concept("flu_vaccine")
    told: dict[str, tuple[tuple[int, Immunisation | None], ...]] = {}
    given = _vaccination(bench, "flu_vaccine", day)
    told["given"] = ((FULL, given),)
    told["refused"] = ((FULL, given._replace(n=bench.number(), given=False)),)
    told["deleted"] = ((FULL, given._replace(n=bench.number())), (SECOND, None))
    told["deleted and brought back"] = (
        (FULL, again := given._replace(n=bench.number())),
        (SECOND, None),
        (LAST, again),
    )
    told["last season"] = ((FULL, given._replace(n=bench.number(), day=day - 365)),)
    for quirk, versions in told.items():
        chart = bench.chart()
        chart.event(concept("flu_at_risk", "asthma"), bench.today - 3000)
        chart.story(*versions)
        yield bench.person(f"flu vaccination {quirk}", chart, age=45)
    chart = bench.chart()
    chart.event(concept("flu_at_risk", "asthma"), bench.today - 3000)
    chart.events.append(bench.event(vaccine, day))
    yield bench.person("flu vaccination as a coded entry", chart, age=45)
    chart = bench.chart()
    chart.event(concept("flu_at_risk", "asthma"), bench.today - 3000)
    chart.medication(unlinked_vaccine(), day)
    yield bench.person("flu vaccine prescribed, to be given elsewhere", chart, age=45)


def _vaccination(bench: Bench, name: str, day: int) -> Immunisation:
    return Immunisation(bench.number(), day, day, concept(name))


def _mmr(bench: Bench) -> Iterator[Person]:
    """Children of five and a half; days are counted from birth."""
    born = bench.months_ago(66)
    told = {
        "twice": ((380, 1240), ()),
        "twice on one day": ((380, 380), ()),
        "once": ((380,), ()),
        "first dose too early": ((300, 1240), ()),
        "second dose too late": ((380, 1850), ()),
        "one as a coded entry": ((380,), (1240,)),
        "the same dose in both places": ((380,), (380,)),
    }
    for quirk, (given, coded) in told.items():
        chart = bench.chart()
        for days in given:
            chart.immunisation(concept("mmr_vaccine"), born + days)
        for days in coded:
            chart.event(concept("mmr_vaccine"), born + days)
        yield bench.person(f"MMR {quirk}", chart, born=born, sex="F")
    chart = bench.chart()
    chart.immunisation(concept("mmr_vaccine"), born + 380)
    chart.story((FULL, _vaccination(bench, "mmr_vaccine", born + 1240)), (SECOND, None))
    yield bench.person("MMR second dose deleted", chart, born=born, sex="F")
    chart = bench.chart()
    chart.immunisation(concept("mmr_vaccine"), born + 380)
    chart.story((FULL, _vaccination(bench, "mmr_vaccine", born + 1240)._replace(given=False)))
    yield bench.person("MMR second dose refused", chart, born=born, sex="F")


def _pertussis(bench: Bench) -> Iterator[Person]:
    birth = bench.today - 45
    for before in (169, 168, 60, 0, -1):
        chart = bench.chart()
        chart.event(concept("delivery"), birth)
        chart.immunisation(concept("pertussis_vaccine"), birth - before)
        yield bench.person(f"whooping cough vaccination {before} days before the birth", chart, age=29, sex="F")


def _appointments(bench: Bench) -> Iterator[Person]:
    month = max(bench.today - 20, bench.first_of_month)
    told: dict[str, tuple[tuple[int, str], ...]] = {  # delivery and status
        "missed, then cancelled": ((SECOND, "dna"), (LAST, "cancelled")),
        "booked, then missed": ((FULL, "booked"), (SECOND, "dna")),
        "booked, then attended": ((FULL, "booked"), (LAST, "completed")),
        "missed, then found to have attended": ((SECOND, "dna"), (LAST, "completed")),
        "still booked": ((FULL, "booked"),),
        "walked out": ((SECOND, "walked_out"),),
        "waiting": ((SECOND, "arrived"),),
        "in progress": ((SECOND, "in_progress"),),
        "cancelled": ((SECOND, "cancelled"),),
    }
    for quirk, versions in told.items():
        chart = bench.chart()
        slot = _slot(bench, month, versions[0][1])
        chart.story(*((delivery, slot._replace(status=status)) for delivery, status in versions))
        yield bench.person(f"appointment {quirk}", chart)
    chart = bench.chart()
    chart.story((SECOND, _slot(bench, month, "dna")), (LAST, None))
    yield bench.person("appointment missed, then deleted", chart)
    chart = bench.chart()
    chart.appointments.extend(_slot(bench, month, "dna")._replace(mark=SHARED) for _ in range(3))
    yield bench.person("appointments missed at another organisation", chart)
    chart = bench.chart()
    chart.appointments.extend(_slot(bench, month + day, "dna") for day in range(5))
    yield bench.person("five appointments missed in a month", chart)
    chart = bench.chart()
    chart.appointments.append(_slot(bench, bench.today + 9, "booked"))
    yield bench.person("appointment in the future", chart)


def _slot(bench: Bench, day: int, status: str) -> Appointment:
    booked = min(day - 10, bench.today)
    return Appointment(bench.number(), day, booked, status, "face_to_face", "gp", online=False)
