"""People who come, leave and opt out: a roster that changes around the target."""

from __future__ import annotations

from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Surgery, ask, ask_visits, assert_alike, assert_no_small_steps, crowd

PATIENTS = crowd("patient", 250)
MET, OTHERS = crowd("patient", 60, 20), crowd("patient", 60, 80)


@stopped_by("gate")
def test_the_target_leaves_the_practice() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery([*PATIENTS, "Ann"])
        first = surgery.release(ask("pulse", [*MET, "Ann"], OTHERS))
        if it_is_so:
            surgery.patients = PATIENTS
        return [first, surgery.release(ask("pulse", MET if it_is_so else [*MET, "Ann"], OTHERS))]

    assert_alike(world)


@stopped_by("gate")
def test_the_target_registers() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET, OTHERS))
        surgery.patients = [*PATIENTS, "Ann"]
        return [first, surgery.release(ask("pulse", [*MET, "Ann"] if it_is_so else MET, OTHERS))]

    assert_alike(world)


@stopped_by("people keep their positions")
def test_everybody_is_numbered_anew_when_somebody_registers() -> None:
    """Adam stands first in the list and shifts every number; among those who met, one has gone and one has come."""
    surgery = Surgery(PATIENTS)
    before = surgery.release(ask("pulse", MET, OTHERS))
    surgery.patients = ["Adam", *PATIENTS]
    after = surgery.release(ask("pulse", [*MET, OTHERS[0]], OTHERS[1:]))
    assert_no_small_steps([before.value("pulse", "met"), after.value("pulse", "met")])
    surgery.patients = PATIENTS[6:]
    later = surgery.release(ask("pulse", [*MET, OTHERS[0]], OTHERS[1:]))
    assert later.data == before.data


@stopped_by("people keep their positions")
def test_two_searches_are_compared_though_the_roster_has_changed_between_them() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery([*PATIENTS, "zoe"])
        first = surgery.release(ask("a-narrow", MET, OTHERS))
        surgery.patients = ["Adam", "Beth", *PATIENTS[10:], "zoe"]
        now = ask("b-wide", [*MET, "zoe"] if it_is_so else MET, OTHERS if it_is_so else [*OTHERS, "zoe"])
        return [first, surgery.release(now)]

    assert_alike(world)


@stopped_by("gate")
def test_the_target_leaves_and_comes_back() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery, letters = Surgery([*PATIENTS, "Ann"]), []
        for week in range(3):
            is_away = it_is_so and week == 1
            surgery.patients = PATIENTS if is_away else [*PATIENTS, "Ann"]
            letters.append(surgery.release(ask("pulse", MET if is_away else [*MET, "Ann"], OTHERS)))
        return letters

    assert_alike(world)


@stopped_by("opt-outs")
def test_who_opted_out_is_not_counted() -> None:
    """Ann has opted out: whether she met it changes nothing."""

    def world(it_is_so: bool) -> list[Letter]:
        met = [*MET, "Ann"] if it_is_so else MET
        return [Surgery([*PATIENTS, "Ann"], opted_out=["Ann"]).release(ask("pulse", met, OTHERS))]

    assert_alike(world)


@stopped_by("opt-outs")
def test_who_opted_out_has_no_appointments_either() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        visits = {**dict.fromkeys(MET, 1), **({"Ann": 3} if it_is_so else {})}
        surgery = Surgery([*PATIENTS, "Ann"], opted_out=["Ann"])
        return [surgery.release(ask_visits("dna", visits, dict.fromkeys(OTHERS, 1)))]

    assert_alike(world)


@stopped_by("gate")
def test_the_target_opts_out_this_week() -> None:
    """That somebody opted out, and what they had been counted as, is not seen from one week to the next."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery([*PATIENTS, "Ann"])
        asked = ask("pulse", [*MET, "Ann"], OTHERS)
        first = surgery.release(asked)
        surgery.opted_out = ["Ann"] if it_is_so else []
        return [first, surgery.release(asked)]

    assert_alike(world)


@stopped_by("gate")
def test_a_practice_loses_one_patient_a_week() -> None:
    surgery, values = Surgery(PATIENTS), []
    for week in range(12):
        surgery.patients = PATIENTS[: 250 - week]
        values.append(surgery.release(ask("pulse", MET[week:], OTHERS)).value("pulse", "met"))
    assert values[0] != values[-1]
    assert_no_small_steps(values)


@stopped_by("gate")
def test_a_merger_brings_many_people_and_one_of_them_is_the_target() -> None:
    """Hundreds come, but of those who met only one is new."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET, OTHERS))
        merged = crowd("merged", 300)
        surgery.patients = [*PATIENTS, *merged]
        now = ask("pulse", [*MET, merged[0]] if it_is_so else MET, [*OTHERS, *merged[20:60]])
        return [first, surgery.release(now)]

    assert_alike(world)
