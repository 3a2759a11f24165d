"""The synthetic practice: the same people for the same seed, like the published figures, difficult where planned."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from searches.errors import CodelistError, LayoutError
from searches.synthetic import WRITERS, synthesise
from searches.synthetic.calibration import AF, APPOINTMENTS_A_MONTH, ASTHMA, CHD, COPD, HYPERTENSION, LEAD
from searches.synthetic.canonical import has_opted_out
from searches.synthetic.emis_codes import Dictionary, description_id, other_case, verhoeff
from searches.synthetic.identities import check_digit, marked, nhs_number, synthetic
from searches.synthetic.model import Person
from searches.synthetic.population import population
from searches.synthetic.sketch import completed_months, months_before
from searches.synthetic.vocabulary import concept, concepts, every_concept

REFERENCE = date(2026, 3, 31)
TODAY = REFERENCE.toordinal()


@pytest.fixture(scope="module")
def england() -> list[Person]:
    """The registered people of twenty practices, without the difficult ones."""
    practices = (population(seed, 1500, REFERENCE, f"Z9{seed:04d}") for seed in range(20))
    return [person for people in practices for person in people if not person.quirk and person.is_registered(TODAY)]


@pytest.fixture(scope="module")
def practice() -> list[Person]:
    return list(population(5, 900, REFERENCE, "Z90001"))


def digest(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files(folder)}


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("layout", WRITERS)
def test_the_same_seed_writes_the_same_bytes(layout: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        synthesise(layout, 200, 7, tmp_path / name)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


@pytest.mark.parametrize("layout", WRITERS)
def test_another_seed_writes_other_people(layout: str, tmp_path: Path) -> None:
    for seed in (7, 8):
        synthesise(layout, 200, seed, tmp_path / str(seed))
    assert digest(tmp_path / "7") != digest(tmp_path / "8")


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match="no layout omop"):
        synthesise("omop", 10, 1, tmp_path)


@pytest.mark.parametrize("patients", [10, 299, 300, 900])
def test_exactly_as_many_people_are_registered_as_asked_for(patients: int) -> None:
    assert sum(person.is_registered(TODAY) for person in population(3, patients, REFERENCE, "Z90001")) == patients


def test_patient_numbers_rise_by_one_and_record_numbers_are_used_once(practice: list[Person]) -> None:
    numbers = [person.n for person in practice]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    records = [
        row.n
        for person in practice
        for rows in (
            person.chart.events,
            person.chart.medications,
            person.chart.immunisations,
            person.chart.appointments,
        )
        for row in rows
    ]
    assert len(records) == len(set(records))
    assert len({len(str(number)) for number in records}) == 1


@pytest.mark.parametrize(
    ("what", "published"),
    [("hypertension", HYPERTENSION), ("chd", CHD), ("af", AF), ("asthma", ASTHMA), ("chronic obstructive", COPD)],
)
def test_conditions_are_as_frequent_as_published(england: list[Person], what: str, published: float) -> None:
    found = sum(
        any(event.concept.name == what or event.concept.label.startswith(what) for event in person.chart.events)
        for person in england
    )
    assert found / len(england) == pytest.approx(published, rel=0.25)


def test_ages_are_those_of_england(england: list[Person]) -> None:
    ages = [completed_months(person.born, TODAY) // 12 for person in england]
    assert sum(age >= 65 for age in ages) / len(ages) == pytest.approx(0.175, abs=0.04)
    assert sum(age < 18 for age in ages) / len(ages) == pytest.approx(0.21, abs=0.04)


def test_conditions_follow_deprivation(england: list[Person]) -> None:
    by_fifth: Counter[int] = Counter(person.quintile for person in england)
    diabetic: Counter[int] = Counter(
        person.quintile for person in england if any(event.concept.name == "diabetes" for event in person.chart.events)
    )
    most = (diabetic[1] + diabetic[2]) / (by_fifth[1] + by_fifth[2])
    least = (diabetic[4] + diabetic[5]) / (by_fifth[4] + by_fifth[5])
    assert most > least


def test_appointments_are_booked_and_missed_as_published(england: list[Person]) -> None:
    known = [
        slot
        for person in england
        for slot in person.chart.appointments
        if slot.day <= TODAY and slot.status != "cancelled"
    ]
    assert len(known) / len(england) / (122 / 30.4) == pytest.approx(APPOINTMENTS_A_MONTH, rel=0.1)
    assert sum(slot.day == slot.recorded for slot in known) / len(known) == pytest.approx(LEAD[0][0], abs=0.03)
    assert sum(slot.status == "dna" for slot in known) / len(known) == pytest.approx(0.0426, abs=0.01)


def test_the_longer_ahead_the_more_often_missed(england: list[Person]) -> None:
    def missed(least: int, most: int) -> float:
        slots = [
            slot.status == "dna"
            for person in england
            for slot in person.chart.appointments
            if least <= slot.day - slot.recorded <= most and slot.day <= TODAY
        ]
        return sum(slots) / len(slots)

    assert missed(0, 0) < missed(2, 14) < missed(22, 99)


def test_practices_differ_in_what_they_achieve() -> None:
    def checked(seed: int) -> float:
        old = [
            any(event.concept.name == "pulse_rhythm" for event in person.chart.events)
            for person in population(seed, 900, REFERENCE, f"Z9{seed:04d}")
            if not person.quirk and TODAY - person.born > 65 * 366
        ]
        return sum(old) / len(old)

    rates = [checked(seed) for seed in range(12)]
    assert max(rates) - min(rates) > 0.2


def test_every_practice_has_the_same_difficult_people(practice: list[Person]) -> None:
    quirks = [person.quirk for person in practice if person.quirk]
    assert len(quirks) == len(set(quirks)) > 130
    other = population(99, 4000, date(2025, 10, 31), "Z90077")
    assert [person.quirk for person in islice(other, len(quirks))] == quirks


@pytest.mark.parametrize(
    ("quirk", "registered"),
    [
        ("starts on the reference date", True),
        ("starts after the reference date", False),
        ("ends on the reference date", False),
        ("ends the day after the reference date", True),
        ("has no start date", False),
        ("died without leaving", False),
        ("died on the reference date", False),
        ("death dated after the reference date", True),
        ("dead on a day that is not known", False),
        ("registered as temporary", False),
        ("registered as GMS, spelling 3", True),
        ("two open spells at once", True),
        ("temporary after a registration that ended", False),
        ("now registered elsewhere 0", False),
        ("deleted as a patient", False),
        ("deleted as a patient and brought back", True),
        ("sent twice in one delivery, the later left", False),
        ("sent twice in one delivery, the later stayed", True),
        ("test patient of an ordinary kind", False),
        ("sensitive", False),
        ("confidential as a person", False),
    ],
)
def test_registration_is_read_as_pinned(practice: list[Person], quirk: str, registered: bool) -> None:
    (person,) = (person for person in practice if person.quirk == quirk)
    assert person.is_registered(TODAY) is registered


@pytest.mark.parametrize(
    ("quirk", "out"),
    [
        ("dissent", True),
        ("dissent, withdrawn", False),
        ("dissent, withdrawn, dissent again", True),
        ("withdrawn before the dissent", True),
        ("dissent and withdrawn on one day", True),
        ("undated dissent", True),
        ("undated dissent, dated withdrawal", False),
        ("dated dissent, undated withdrawal", True),
        ("undated dissent, undated withdrawal", True),
        ("withdrawn without a dissent", False),
        ("dissent since the last delivery but one", True),
        ("withdrawn since the last delivery but one", False),
        ("dissent recorded at a former practice", True),
        ("dissent marked confidential", True),
        ("dissent by its older code", True),
        ("dissent in the wrong case", False),
        ("dissent deleted", False),
        ("dissent, its withdrawal deleted", True),
    ],
)
def test_opt_outs_are_read_as_pinned(practice: list[Person], quirk: str, out: bool) -> None:
    (person,) = (person for person in practice if person.quirk == f"opt-out: {quirk}")
    assert has_opted_out(person) is out


def test_nhs_numbers_are_of_the_test_range_right_and_unique() -> None:
    numbers = [nhs_number(index) for index in range(0, 500_000, 37)]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert number.startswith("999")
        assert len(number) == 10
        assert check_digit(number[:9]) == int(number[9])


def test_the_check_digit_of_a_published_example() -> None:
    assert check_digit("943476591") == 9  # 943 476 5919, the worked example of the NHS Data Dictionary


def test_identities_are_one_of_a_kind_and_say_that_they_are_invented() -> None:
    who = [synthetic("Z90001")(n) for n in range(100_001, 102_001)]
    for column in ("nhs_number", "surname", "street", "phone", "mobile", "email"):
        assert len({getattr(identity, column) for identity in who}) == len(who)
    assert all(identity.surname.startswith("Synthetic-") for identity in who)


@pytest.mark.parametrize("layout", [name for name in WRITERS if name != "opensafely_tpp"])  # it holds no identities
def test_a_marker_reaches_every_identifying_column(layout: str, tmp_path: Path) -> None:
    synthesise(layout, 20, 1, tmp_path, identities=marked("CANARY-", "Z90001"))
    text = "".join(path.read_bytes().decode("cp1252", "replace") for path in files(tmp_path))
    columns = ("title", "forename", "surname", "email")
    for column in columns if layout == "tpp_sr" else (*columns, "postcode", "mobile"):
        assert f"CANARY-{column}100001" in text


@pytest.mark.parametrize(
    "entry", [entry for entry in every_concept() if entry.snomed or entry.dmd], ids=lambda e: e.label
)
def test_every_code_spoken_of_has_its_check_digit(entry: object) -> None:
    for code in filter(None, (getattr(entry, "snomed"), getattr(entry, "dmd"))):  # noqa: B009
        assert verhoeff(code[:-1]) == code[-1]


def test_an_older_code_means_the_same_lists_as_its_snomed_concept() -> None:
    listed = [entry for entry in every_concept() if not entry.name.startswith("filler")]
    for system in ("ctv3", "read2"):
        for entry in listed:
            code = getattr(entry, system)
            if code:
                by_code = {other.name for other in listed if getattr(other, system) == code}
                assert by_code == {other.name for other in listed if other.snomed == entry.snomed}


def test_code_ids_are_descriptions_and_never_concepts() -> None:
    dictionary = Dictionary()
    codes = [row[0] for row in dictionary.clinical] + [row[0] for row in dictionary.drugs]
    assert len(codes) == len(set(codes))
    assert all(code[-3:-1] == "11" and verhoeff(code[:-1]) == code[-1] for code in codes)
    assert description_id(1, "1000006") == "1100000611" + verhoeff("1100000611")


def test_the_other_case_of_a_code_is_another_code() -> None:
    assert other_case("C10..") == "c10.."
    assert other_case("2431.") == "zzzzz"


def test_a_list_that_is_not_packaged_is_refused() -> None:
    with pytest.raises(CodelistError, match="code list unheard_of is not packaged"):
        concepts("unheard_of")
    with pytest.raises(CodelistError, match="no concept labelled 'unheard of'"):
        concept("smoking", "unheard of")


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 6, date(2025, 9, 30)),
        (date(2026, 12, 31), 12, date(2025, 12, 31)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
    ],
)
def test_months_end_where_the_month_ends(day: date, months: int, then: date) -> None:
    assert date.fromordinal(months_before(day.toordinal(), months)) == then
