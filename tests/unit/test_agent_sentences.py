"""Every rule and every reason has its sentence, and each says what it is about."""

from __future__ import annotations

import re

import pytest

from agent.sentences import AS_IT_IS, REASON_WORDS, RULE_WORDS, About, Count, reason_sentence, sentence
from governance.cells import CellState, Reason, State
from governance.profiles import GP_BENCH, NHS_ROUND5, STRICT10
from governance.story import Rule
from searches.search import Unit

ABOUT = About(Unit.PERSON, GP_BENCH, 5, "the release of 2026-03-02")
VISITS = About(Unit.APPOINTMENT, NHS_ROUND5, 5)
VALUE = CellState(State.VALUE, value=212)
A_FEW = ". Fewer than 8 patients are never a number, and nobody looks like a few."
TIED = "each of their moves would show fewer than 5 patients in some count"
FEW = CellState(State.BAND, below=8)


def test_no_rule_and_no_reason_is_without_words() -> None:
    assert set(RULE_WORDS) == set(Rule)
    assert {str(reason) for reason in Reason} <= set(REASON_WORDS)


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize("about", [ABOUT, VISITS], ids=["people", "appointments"])
def test_every_rule_gives_whole_sentences(rule: Rule, about: About) -> None:
    said = sentence(Count("met", 3, 3, FEW, 3, (rule,), 3), about)
    assert re.fullmatch(r"[A-Z0-9][^_{}]+\.", said)
    assert said != AS_IT_IS


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_gives_a_whole_sentence(reason: Reason) -> None:
    assert re.fullmatch(r"[A-Z0-9][^{}]+\.", reason_sentence(reason))


@pytest.mark.parametrize(
    ("count", "about", "said"),
    [
        (Count("met", 212, 212, VALUE), ABOUT, AS_IT_IS),
        (Count("met", 213, 212, VALUE), ABOUT, "1 patient who opted out is left out."),
        (
            Count("met", 215, 215, VALUE, 212, (Rule.HELD,), 3),
            ABOUT,
            f"3 patients changed since {ABOUT.since}; changes of fewer than 5 are held, so others still see 212.",
        ),
        (
            Count("met", 9, 9, FEW, 7, (Rule.HELD, Rule.FEW), 2),
            ABOUT,
            f"2 patients changed since {ABOUT.since}; changes of fewer than 5 are held, so 7 are still counted{A_FEW}",
        ),
        (
            Count("met", 220, 220, VALUE, 212, (Rule.HELD,), 8),
            ABOUT,
            f"Of 8 patients who changed since {ABOUT.since} some wait: {TIED}, so others still see 212.",
        ),
        (
            Count("met", 30, 30, CellState(State.BAND, above=26), 30, (Rule.OTHER_SIDE,)),
            ABOUT,
            "Not met is of fewer than 8 patients, and an exact number here would give it away.",
        ),
        (
            Count("met", 33, 33, CellState(State.VALUE, value=30), 33, (Rule.ROUNDED,)),
            About(Unit.PERSON, STRICT10, 10),
            "Rounded to the nearest 10.",
        ),
        (
            Count("met", 0, 0, CellState(State.WITHHELD, reason=Reason.LIST_AT_MOST_100)),
            ABOUT,
            "Of 100 registered patients or fewer nothing is shown at all.",
        ),
        (
            Count("met", 0, 0, CellState(State.NOT_RUN, reason=Reason.LAYOUT_HAS_NO_APPOINTMENTS)),
            ABOUT,
            "The files of this record system hold no appointments.",
        ),
        (
            Count("met", 1012, 1000, CellState(State.VALUE, value=1000), 1000, ()),
            VISITS,
            "12 appointments of patients who opted out are left out.",
        ),
    ],
    ids=["same", "opted out", "held", "held and few", "tied", "other side", "rounded", "silent", "not run", "visits"],
)
def test_what_is_said(count: Count, about: About, said: str) -> None:
    assert sentence(count, about) == said
