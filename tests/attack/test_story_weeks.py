"""Differencing between weeks: what has changed since last time, one patient at a time."""

from __future__ import annotations

from dataclasses import replace

from governance.profiles import GP_BENCH, NHS_ROUND5, STRICT10
from tests.attack.stories import stopped_by
from tests.attack.surgery import Letter, Surgery, ask, assert_alike, assert_no_small_steps, assert_speaks, crowd

PATIENTS = [*crowd("patient", 200), "Ann"]
MET, OTHERS = crowd("patient", 60), crowd("patient", 60, 60)


def weeks(*met: list[str], everyone: list[str] | None = None, surgery: Surgery | None = None) -> list[Letter]:
    """A release a week of who met; everyone else of the register has not."""
    at = surgery or Surgery(PATIENTS)
    register = everyone or [*MET, *OTHERS, "Ann"]
    return [at.release(ask("pulse", one, [who for who in register if who not in one])) for one in met]


@stopped_by("gate")
def test_one_patient_meets_it_this_week() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        letters = weeks(MET, [*MET, "Ann"] if it_is_so else MET)
        assert_speaks(letters[1], "pulse")
        return letters

    assert_alike(world)


@stopped_by("gate")
def test_one_patient_no_longer_meets_it() -> None:
    assert_alike(lambda it_is_so: weeks([*MET, "Ann"], MET if it_is_so else [*MET, "Ann"]))


@stopped_by("gate")
def test_a_drip_of_one_patient_a_week() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        drops = OTHERS[:4] if it_is_so else []
        return weeks(MET, *([*MET, *drops[:many]] for many in range(1, 5)))

    assert_alike(world)


@stopped_by("gate")
def test_a_drip_over_half_a_year_shows_in_steps_of_five_or_more() -> None:
    letters = weeks(*([*MET, *OTHERS[:many]] for many in range(26)))
    values = [letter.value("pulse", "met") for letter in letters]
    assert values[-1] != values[0]
    assert_no_small_steps(values)


@stopped_by("gate")
def test_a_drip_out_of_the_register() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery, letters = Surgery(PATIENTS), []
        for gone in range(5):
            stay = OTHERS[gone:] if it_is_so else OTHERS
            letters.append(surgery.release(ask("pulse", MET, stay)))
        return letters

    assert_alike(world)


@stopped_by("gate")
def test_one_patient_to_and_fro() -> None:
    assert_alike(lambda it_is_so: weeks(*(([*MET, "Ann"] if it_is_so and week % 2 else MET) for week in range(8))))


@stopped_by("gate looks back")
def test_five_go_and_come_back_with_one_more() -> None:
    """Six from the last release, but one from the release before it."""
    company = OTHERS[:5]
    letters = weeks(MET, [*MET, *company], [*MET, "Ann"])
    assert_no_small_steps([letter.value("pulse", "met") for letter in letters])


@stopped_by("gate looks back")
def test_a_swing_of_many_patients_never_lands_beside_an_earlier_release() -> None:
    swings = [MET, [*MET, *OTHERS[:8]], [*MET, *OTHERS[:1]], [*MET, *OTHERS[:9]], [*MET, *OTHERS[:3]]]
    letters = weeks(*swings)
    assert_no_small_steps([letter.value("pulse", "met") for letter in letters])


@stopped_by("gate")
def test_seven_become_eight() -> None:
    """The threshold is crossed by one patient: a number instead of a band would say so."""
    assert_alike(lambda it_is_so: weeks(MET[:7], [*MET[:7], "Ann"] if it_is_so else MET[:7]))


@stopped_by("gate")
def test_eight_become_seven() -> None:
    assert_alike(lambda it_is_so: weeks([*MET[:7], "Ann"], MET[:7] if it_is_so else [*MET[:7], "Ann"]))


@stopped_by("gate")
def test_seven_eight_seven_by_one_patient() -> None:
    assert_alike(
        lambda it_is_so: weeks(*(([*MET[:7], "Ann"] if it_is_so and week == 1 else MET[:7]) for week in range(3)))
    )


@stopped_by("gate")
def test_the_other_side_of_a_threshold_is_walked_by_one_patient() -> None:
    """Not met goes from 8 to 7, so that met, a number last week, would become a band."""

    def world(it_is_so: bool) -> list[Letter]:
        everyone = [*MET, *OTHERS[:7], "Ann"]
        return weeks(MET, [*MET, "Ann"] if it_is_so else MET, everyone=everyone)

    assert_alike(world)


@stopped_by("gate")
def test_the_least_denominator_is_walked_by_one_patient() -> None:
    """Fifteen in met and not met, then fourteen: a row that is withheld from one week to the next tells of one."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET[:8], [*OTHERS[:6], "Ann"]))
        stays = [] if it_is_so else ["Ann"]
        return [first, surgery.release(ask("pulse", MET[:8], [*OTHERS[:6], *stays]))]

    assert_alike(world)


@stopped_by("gate")
def test_one_patient_is_excepted_this_week() -> None:
    """Numerator untouched, denominator one less: both are gated."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery, excepted = Surgery(PATIENTS), crowd("patient", 20, 150)
        first = surgery.release(ask("pulse", MET, [*OTHERS, "Ann"], excepted))
        second = (
            ask("pulse", MET, OTHERS, [*excepted, "Ann"]) if it_is_so else ask("pulse", MET, [*OTHERS, "Ann"], excepted)
        )
        return [first, surgery.release(second)]

    assert_alike(world)


@stopped_by("gate")
def test_two_patients_change_places_so_that_no_size_changes_but_one() -> None:
    """One comes to met and three leave it: the number differs by two, the people by four."""

    def world(it_is_so: bool) -> list[Letter]:
        return weeks(MET, [*MET[3:], "Ann"] if it_is_so else MET)

    assert_alike(world)


@stopped_by("gate")
def test_one_patient_changes_deprivation_quintile() -> None:
    """Totals stand still, two leaves change by one each."""

    def world(it_is_so: bool) -> list[Letter]:
        near, far, ann = crowd("near", 600), crowd("far", 600), ["Ann"]
        surgery, letters = Surgery([*near, *far, *ann]), []
        for week in range(2):
            moved = it_is_so and week == 1
            split = ("imd_quintile", {"1": near + ([] if moved else ann), "2": far + (ann if moved else [])})
            met = [*near[:50], *far[:50], *ann]
            letters.append(surgery.release(ask("pulse", met, [*near[50:99], *far[50:99]], by=[split])))
        assert_speaks(letters[1], "pulse", "1")
        return letters

    assert_alike(world)


@stopped_by("what is hidden under totals")
def test_total_less_the_shown_leaves_is_followed_from_week_to_week() -> None:
    """Three leaves have a few people each, in one of them one more; all else moves in fives."""
    groups = {name: crowd(name, many) for name, many in (("big", 1100), ("a", 60), ("b", 60), ("c", 60))}
    surgery, hidden = Surgery([who for people in groups.values() for who in people]), []
    for big, small in ((50, 3), (56, 4)):
        met = [*groups["big"][:big], *groups["a"][:small], *groups["b"][:3], *groups["c"][:3]]
        rest = [*groups["b"][3:], *groups["c"][3:]]
        not_met = [*groups["big"][big:140], *groups["a"][small:], *rest]
        letter = surgery.release(ask("pulse", met, not_met, by=[("group", groups)]))
        total, leaf = letter.value("pulse", "met"), letter.value("pulse", "met", "big")
        assert total is not None
        assert leaf is not None
        hidden.append(total - leaf)

    assert_no_small_steps(hidden)


@stopped_by("gate")
def test_nine_patients_change_under_the_strict_profile() -> None:
    surgery = [Surgery(PATIENTS, STRICT10), Surgery(PATIENTS, STRICT10)]
    assert_alike(lambda it_is_so: weeks(MET, [*MET, *OTHERS[:9]] if it_is_so else MET, surgery=surgery.pop()))


@stopped_by("gate")
def test_a_rounded_count_flips_at_its_boundary() -> None:
    """NHS rounding by itself: twelve is shown as 10, thirteen as 15, and the flip says that it is thirteen now."""
    surgery = [Surgery(PATIENTS, NHS_ROUND5), Surgery(PATIENTS, NHS_ROUND5)]
    assert_alike(lambda it_is_so: weeks(MET[:12], [*MET[:12], "Ann"] if it_is_so else MET[:12], surgery=surgery.pop()))


@stopped_by("gate")
def test_last_weeks_release_was_under_another_agreement() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET, OTHERS))
        surgery.agreement = "stroke-prevention"
        return [first, surgery.release(ask("pulse", [*MET, "Ann"] if it_is_so else MET, OTHERS))]

    assert_alike(world)


@stopped_by("gate of the strictest profile")
def test_last_weeks_release_was_under_a_stricter_profile() -> None:
    """What was released where ten change together is not opened up by an agreement that asks for five."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS, STRICT10)
        first = surgery.release(ask("pulse", MET, OTHERS))
        surgery.profile = GP_BENCH
        return [first, surgery.release(ask("pulse", [*MET, *crowd("patient", 7, 150)] if it_is_so else MET, OTHERS))]

    assert_alike(world)


@stopped_by("gate")
def test_the_search_is_published_anew_between_two_weeks() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET, OTHERS))
        again = ask("pulse", [*MET, "Ann"] if it_is_so else MET, OTHERS)
        newer = replace(again, search=replace(again.search, digest="f" * 64, title="Pulse, second edition"))
        return [first, surgery.release(newer)]

    assert_alike(world)


@stopped_by("what totals leave")
def test_the_total_less_the_group_that_is_shown_is_followed_from_week_to_week() -> None:
    """Two of three groups are withheld. Five move from one to the other, six have met it in the third; and Ann?"""

    def world(it_is_so: bool) -> list[Letter]:
        a, b, c = crowd("a", 400), [*crowd("b", 400), "Ann"], crowd("c", 400)
        surgery, rest = Surgery([*a, *b, *c]), [*a[100:160], *b[100:160], *c[100:160]]
        groups = {"a": a, "b": b, "c": c}
        first = surgery.release(ask("pulse", [*a[:2], *b[:30], *c[:90]], rest, by=[("group", groups)]))
        assert first.value("pulse", "met", "b") is None
        groups = {"a": [*a, *b[:5]], "b": b[5:], "c": c}
        met = [*a[:2], *b[:30], *c[:96], *(["Ann"] if it_is_so else [])]
        return [first, surgery.release(ask("pulse", met, rest, by=[("group", groups)]))]

    assert_alike(world)


@stopped_by("gate")
def test_a_hidden_majority_does_not_hide_one_patient_either() -> None:
    """Both sides are bands; what they are above is watched like a number."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("pulse", MET, OTHERS[:3]))
        return [first, surgery.release(ask("pulse", [*MET, "Ann"] if it_is_so else MET, OTHERS[:3]))]

    assert_alike(world)
