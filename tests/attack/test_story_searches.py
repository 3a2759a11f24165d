"""Differencing between searches: two questions whose answers differ by the target."""

from __future__ import annotations

from tests.attack.stories import stopped_by
from tests.attack.surgery import (
    Letter,
    Surgery,
    ask,
    ask_visits,
    assert_alike,
    assert_same_count,
    assert_speaks,
    crowd,
)

PATIENTS = [*crowd("patient", 250), "Ann"]
ASTHMA, OTHERS = crowd("patient", 60), crowd("patient", 60, 60)


@stopped_by("overlap")
def test_the_same_question_without_the_target() -> None:
    """People with asthma; people with asthma and not the rare code that only Ann could have."""

    def world(it_is_so: bool) -> list[Letter]:
        everyone = ask("asthma", [*ASTHMA, "Ann"], OTHERS)
        others = ask(
            "asthma-not-rare", ASTHMA if it_is_so else [*ASTHMA, "Ann"], [*OTHERS, "Ann"] if it_is_so else OTHERS
        )
        letter = Surgery(PATIENTS).release(everyone, others)
        assert_speaks(letter, "asthma-not-rare")
        return [letter]

    assert_alike(world)


@stopped_by("overlap")
def test_the_same_question_with_the_target_added() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        wider = [*ASTHMA, "Ann"] if it_is_so else ASTHMA
        return [Surgery(PATIENTS).release(ask("a-narrow", ASTHMA, OTHERS), ask("b-wide", wider, OTHERS))]

    assert_alike(world)


@stopped_by("overlap")
def test_two_questions_under_two_agreements() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release_again(ask("a-narrow", ASTHMA, OTHERS))
        surgery.agreement = "stroke-prevention"
        return [first, surgery.release(ask("b-wide", [*ASTHMA, "Ann"] if it_is_so else ASTHMA, OTHERS))]

    assert_alike(world)


@stopped_by("overlap remembers")
def test_a_new_question_is_compared_with_last_weeks_answers() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        first = surgery.release(ask("a-narrow", ASTHMA, OTHERS))
        return [first, surgery.release(ask("b-wide", [*ASTHMA, "Ann"] if it_is_so else ASTHMA, OTHERS))]

    assert_alike(world)


@stopped_by("overlap remembers")
def test_a_new_question_is_compared_with_an_answer_of_half_a_year_ago() -> None:
    """The old search has moved on since; its first answer can still be subtracted."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery = Surgery(PATIENTS)
        letters = [surgery.release(ask("a-old", ASTHMA, OTHERS))]
        later = ([*ASTHMA, *crowd("patient", 20 * round_, 120)] for round_ in range(1, 6))
        letters += [surgery.release(ask("a-old", met, OTHERS)) for met in later]
        return [*letters, surgery.release(ask("b-new", [*ASTHMA, "Ann"] if it_is_so else ASTHMA, OTHERS))]

    assert_alike(world)


@stopped_by("overlap")
def test_the_complement_of_one_search_is_the_numerator_of_another() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        turned = ask("b-turned", [*OTHERS, "Ann"] if it_is_so else OTHERS, ASTHMA)
        return [Surgery(PATIENTS).release(ask("a-straight", ASTHMA, OTHERS), turned)]

    assert_alike(world)


@stopped_by("overlap")
def test_a_denominator_is_the_numerator_of_another_search() -> None:
    """Met and not met of the one, together, are those who met the other; but for Ann."""

    def world(it_is_so: bool) -> Letter:
        everyone = [*ASTHMA, *OTHERS]
        rest = crowd("patient", 60, 120)
        whole = ask("b-whole", [*everyone, "Ann"] if it_is_so else everyone, rest if it_is_so else [*rest, "Ann"])
        return Surgery(PATIENTS).release(ask("a-split", ASTHMA, OTHERS), whole)

    assert_same_count(world, "b-whole", "met")


@stopped_by("overlap")
def test_the_exceptions_of_one_search_are_the_numerator_of_another() -> None:
    def world(it_is_so: bool) -> Letter:
        excepted = crowd("patient", 30, 120)
        rest = crowd("patient", 40, 160)
        second = ask("b-declined", [*excepted, "Ann"] if it_is_so else excepted, rest if it_is_so else [*rest, "Ann"])
        return Surgery(PATIENTS).release(ask("a-flu", ASTHMA, OTHERS, excepted), second)

    assert_same_count(world, "b-declined", "met")


@stopped_by("overlap")
def test_a_whole_register_against_another_register() -> None:
    """Nobody met, not met or excepted differs by a few alone; the registers do."""

    def world(it_is_so: bool) -> Letter:
        excepted, rest = crowd("patient", 30, 120), crowd("patient", 40, 180)
        everyone = [*ASTHMA, *OTHERS, *excepted]
        second = ask("b-all", [*everyone, "Ann"] if it_is_so else everyone, rest if it_is_so else [*rest, "Ann"])
        return Surgery(PATIENTS).release(ask("a-flu", ASTHMA, OTHERS, excepted), second)

    assert_same_count(world, "b-all", "met")


@stopped_by("overlap")
def test_seven_patients_are_still_a_few() -> None:
    def world(it_is_so: bool) -> list[Letter]:
        more = crowd("patient", 7, 200)
        second = ask("b-wide", [*ASTHMA, *more] if it_is_so else ASTHMA, OTHERS)
        return [Surgery(PATIENTS).release(ask("a-narrow", ASTHMA, OTHERS), second)]

    assert_alike(world)


@stopped_by("overlap")
def test_a_leaf_of_one_search_is_the_total_of_another() -> None:
    """Women with asthma as a leaf, and women with asthma as a search of their own."""

    def world(it_is_so: bool) -> list[Letter]:
        women, men = [*crowd("woman", 600), "Ann"], crowd("man", 600)
        by_sex = ask(
            "a-by-sex", [*women[:50], *men[:50]], [*women[50:99], *men[50:99]], by=[("sex", {"F": women, "M": men})]
        )
        own = ask("b-women", [*women[:50], "Ann"] if it_is_so else women[:50], women[50:99])
        letter = Surgery([*women, *men]).release(by_sex, own)
        assert_speaks(letter, "a-by-sex", "F")
        return [letter]

    assert_alike(world)


@stopped_by("margins are watched")
def test_the_sum_of_leaves_is_the_total_of_another_search() -> None:
    """Women of both age groups are shown, so their sum is known, though it stands nowhere."""

    def world(it_is_so: bool) -> Letter:
        groups = {(sex, age): crowd(f"{sex} {age}", 300) for sex in "FM" for age in ("old", "young")}
        sexes = {sex: [*groups[sex, "old"], *groups[sex, "young"]] for sex in "FM"}
        ages = {age: [*groups["F", age], *groups["M", age]] for age in ("old", "young")}
        met, not_met = ([who for one in groups.values() for who in one[start : start + 40]] for start in (0, 100))
        split = ask("a-two-ways", met, not_met, by=[("sex", sexes), ("age", ages)])
        women = [who for age in ("old", "young") for who in groups["F", age][:40]]
        rest = crowd("M old", 80, 200)
        own = ask("b-women", [*women, "Ann"] if it_is_so else women, rest if it_is_so else [*rest, "Ann"])
        return Surgery([*sexes["F"], *sexes["M"], "Ann"]).release(split, own)

    assert_same_count(world, "b-women", "met")


@stopped_by("overlap")
def test_seven_questions_each_leave_out_one_patient_more() -> None:
    """The staircase of a patient search: one of its steps would be Ann."""

    def world(it_is_so: bool) -> list[Letter]:
        steps = range(8) if it_is_so else [0] * 8
        questions = [ask(f"q{number}", ASTHMA[step:], [*OTHERS, *ASTHMA[:step]]) for number, step in enumerate(steps)]
        return [Surgery(PATIENTS).release(*questions)]

    assert_alike(world)


@stopped_by("overlap")
def test_two_questions_that_drift_together_over_weeks() -> None:
    """Last week far apart, this week one patient apart."""

    def world(it_is_so: bool) -> list[Letter]:
        surgery, wide = Surgery(PATIENTS), [*ASTHMA, *crowd("patient", 20, 120)]
        letters = [surgery.release(ask("a-narrow", ASTHMA, OTHERS), ask("b-wide", wide, OTHERS))]
        now = [*ASTHMA, "Ann"] if it_is_so else ASTHMA
        return [*letters, surgery.release(ask("a-narrow", ASTHMA, OTHERS), ask("b-wide", now, OTHERS))]

    assert_alike(world)


@stopped_by("overlap")
def test_the_same_question_with_other_cells() -> None:
    """One search published without a dimension and, under another name, with one: the totals differ by Ann."""

    def world(it_is_so: bool) -> list[Letter]:
        women, men = [*crowd("woman", 600), "Ann"], crowd("man", 600)
        met, not_met = [*women[:40], *men[:40]], [*women[40:90], *men[40:90]]
        first = ask("a-plain", met, not_met)
        second = ask("b-by-sex", [*met, "Ann"] if it_is_so else met, not_met, by=[("sex", {"F": women, "M": men})])
        return [Surgery([*women, *men]).release(first, second)]

    assert_alike(world)


@stopped_by("overlap of appointments")
def test_two_searches_of_appointments_rest_on_nearly_the_same_patients() -> None:
    """Missed appointments, and missed appointments but those of a rare code: neither figure nor silence tells."""

    def world(it_is_so: bool) -> list[Letter]:
        missed, kept = dict.fromkeys(ASTHMA, 2), dict.fromkeys(OTHERS, 2)
        wider = {**missed, "Ann": 3} if it_is_so else missed
        letter = Surgery(PATIENTS).release(ask_visits("a-not-rare", missed, kept), ask_visits("b-all", wider, kept))
        assert_speaks(letter, "b-all")
        return [letter]

    assert_alike(world)


@stopped_by("overlap")
def test_two_patients_leave_the_second_question_and_another_comes() -> None:
    """No number is withheld for it either: that it is would say that the two are near."""

    def world(it_is_so: bool) -> list[Letter]:
        second = ask("b", [*ASTHMA[2:], "Ann"] if it_is_so else ASTHMA, OTHERS)
        return [Surgery(PATIENTS).release(ask("a", ASTHMA, OTHERS), second)]

    assert_alike(world)


def assert_nobody_left(values: dict[str, int | None], plus: str, minus: str) -> None:
    """Some counts less others, if all of them are shown, leave nobody or more than a few."""
    left = [values[one] for one in plus.split()], [values[one] for one in minus.split()]
    if None not in left[0] + left[1]:
        difference = sum(one or 0 for one in left[0]) - sum(one or 0 for one in left[1])
        assert not 1 <= abs(difference) <= 7, f"{plus} less {minus} is {difference}"


@stopped_by("audit")
def test_three_counts_that_together_are_one_patient() -> None:
    """The whole less its two halves is Ann; no two of the three are near each other."""
    rest = crowd("patient", 60, 140)
    people = {"a": ASTHMA, "b": OTHERS, "c": [*ASTHMA, *OTHERS, "Ann"]}
    letter = Surgery(PATIENTS, is_audited=True).release(*(ask(one, met, rest) for one, met in people.items()))
    assert_nobody_left({one: letter.value(one, "met") for one in people}, "c", "a b")


@stopped_by("audit")
def test_four_counts_that_together_are_one_patient() -> None:
    """Rows and columns of a square, asked as searches of their own."""
    a, b, c, d = (crowd("patient", 30, 30 * number) for number in range(4))
    rest = crowd("patient", 60, 140)
    people = {"q1": [*a, *b], "q2": [*c, *d], "q3": [*a, *c], "q4": [*b, *d, "Ann"]}
    letter = Surgery(PATIENTS, is_audited=True).release(*(ask(one, met, rest) for one, met in people.items()))
    assert_nobody_left({one: letter.value(one, "met") for one in people}, "q3 q4", "q1 q2")
