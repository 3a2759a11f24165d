"""Events against persons: one patient with many appointments."""

from __future__ import annotations

from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Surgery, ask_visits, assert_alike, crowd

PATIENTS = [*crowd("patient", 250), "Ann"]
MISSED, KEPT = crowd("patient", 60), crowd("patient", 60, 60)


def visits(missed: dict[str, int], kept: dict[str, int] | None = None) -> Letter:
    """A release of missed and kept appointments."""
    return Surgery(PATIENTS).release(ask_visits("dna", missed, kept_by(120) if kept is None else kept))


def kept_by(many: int) -> dict[str, int]:
    """So many kept appointments, by as many people as ever, two or three each."""
    return {who: 3 if number < many - 2 * len(KEPT) else 2 for number, who in enumerate(KEPT)}


@stopped_by("three appointments")
def test_one_patient_with_twelve_appointments_looks_like_one_with_three() -> None:
    """Neither what is few nor what its other side is above tells how often Ann came."""
    assert_alike(lambda it_is_so: [visits({"Ann": 12 if it_is_so else 3})])


@stopped_by("patients, not appointments")
def test_nine_appointments_of_four_patients_are_four_patients() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        few = {**dict.fromkeys(MISSED[:3], 2), "Ann": 3}
        return [visits(few, kept_by(120)) if it_is_so else visits({"Ann": 1}, kept_by(128))]

    assert_alike(world)


@stopped_by("patients, not appointments")
def test_three_patients_with_three_appointments_each_are_three_patients() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        return [visits(dict.fromkeys(MISSED[:3], 3), kept_by(120)) if it_is_so else visits({}, kept_by(129))]

    assert_alike(world)


@stopped_by("three appointments")
def test_a_patient_with_thirty_appointments_moves_the_number_no_more_than_one_with_three() -> None:
    assert_alike(lambda it_is_so: [visits({**dict.fromkeys(MISSED, 2), "Ann": 30 if it_is_so else 3})])


@stopped_by("three appointments")
def test_the_busiest_patient_is_not_seen_in_the_number() -> None:
    """The number says at most three for each person: less the others' visits, it does not say twelve."""
    letter = visits({**dict.fromkeys(MISSED, 1), "Ann": 12})
    value = letter.value("dna", "met")
    assert value is not None
    assert value - len(MISSED) <= 3 + 2


@stopped_by("appointments to the nearest 5")
def test_one_appointment_more() -> None:
    assert_alike(lambda it_is_so: [visits({**dict.fromkeys(MISSED, 2), "Ann": 2 if it_is_so else 1})])


@stopped_by("appointments to the nearest 5")
def test_a_patient_who_missed_one_appointment_or_two_of_many() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        return [visits({**dict.fromkeys(MISSED[:40], 3), "Ann": 2 if it_is_so else 1}, dict.fromkeys(KEPT, 3))]

    assert_alike(world)


@stopped_by("two-sided")
def test_nobody_kept_an_appointment() -> None:
    """The other side of a few patients, in appointments."""

    def world(it_is_so: bool) -> list[Letter]:
        missed = dict.fromkeys(MISSED, 2) if it_is_so else {**dict.fromkeys(MISSED, 2), **dict.fromkeys(MISSED[:3], 1)}
        return [visits(missed, dict.fromkeys(KEPT[:3], 1 if it_is_so else 2))]

    assert_alike(world)


@stopped_by("threshold")
def test_seven_patients_look_like_one_however_often_they_came() -> None:

    def world(it_is_so: bool) -> list[Letter]:
        return [visits(dict.fromkeys(MISSED[:7], 3), kept_by(120)) if it_is_so else visits({"Ann": 1}, kept_by(140))]

    assert_alike(world)


@stopped_by("restatements are gated")
def test_a_restated_month_differs_by_one_patients_appointments() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery, missed, kept = Surgery(PATIENTS), dict.fromkeys(MISSED, 2), dict.fromkeys(KEPT, 2)
        first = surgery.release_again(ask_visits("dna", missed, kept))
        late = {**missed, "Ann": 3} if it_is_so else missed
        return [first, surgery.release_again(ask_visits("dna", late, kept))]

    assert_alike(world)


@stopped_by("restatements are gated")
def test_a_restated_month_moves_one_patients_appointments_to_the_other_side() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery, missed, kept = Surgery(PATIENTS), dict.fromkeys(MISSED, 2), dict.fromkeys(KEPT, 2)
        first = surgery.release_again(ask_visits("dna", {**missed, "Ann": 3}, kept))
        again = (
            ask_visits("dna", missed, {**kept, "Ann": 3}) if it_is_so else ask_visits("dna", {**missed, "Ann": 3}, kept)
        )
        return [first, surgery.release_again(again)]

    assert_alike(world)
