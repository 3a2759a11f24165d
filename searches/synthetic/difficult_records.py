"""Difficult people whose registration is plain, but whose single entry is not: its delivery, day, code or author."""

from __future__ import annotations

from collections.abc import Iterator

from searches.synthetic.bench import PULSE, Bench
from searches.synthetic.deliveries import FULL, LAST, SECOND
from searches.synthetic.model import (
    BARE,
    CONFIDENTIAL,
    FALSE_FRIEND,
    LOCAL,
    NO_SUCH_CODE,
    SHARED,
    UNKNOWN_DAY,
    WRONG_CASE,
    Event,
    Person,
    Row,
)
from searches.synthetic.vocabulary import concept, concepts


def difficult_records(bench: Bench) -> Iterator[Person]:
    """All of them, in a fixed order."""
    for family in (_stories, _days, _codes, _sources, _opt_outs, _opt_out_stories):
        yield from family(bench)


def _stories(bench: Bench) -> Iterator[Person]:
    now = bench.known
    too_old = bench.months_ago(60) - 200
    told: dict[str, tuple[tuple[int, int], ...]] = {  # delivery and day; day -1 is a deletion
        "pulse check deleted": ((FULL, now), (SECOND, -1)),
        "pulse check deleted and brought back": ((FULL, now), (SECOND, -1), (LAST, now)),
        "pulse check corrected to an old one": ((FULL, now), (SECOND, too_old)),
        "pulse check corrected to a recent one": ((FULL, too_old), (LAST, now)),
        "pulse check corrected, then deleted": ((FULL, now), (SECOND, too_old), (LAST, -1)),
        "pulse check sent twice in one delivery, the later old": ((SECOND, now), (SECOND, too_old)),
        "pulse check sent twice in one delivery, the later recent": ((SECOND, too_old), (SECOND, now)),
        "pulse check sent and deleted in one delivery": ((SECOND, now), (SECOND, -1)),
        "pulse check already deleted in the first delivery": ((FULL, now), (FULL, -1)),
        "pulse check sent again as it was": ((FULL, now), (SECOND, now), (LAST, now)),
    }
    for quirk, versions in told.items():
        chart = bench.chart()
        entry = bench.pulse(now)
        chart.story(*((delivery, None if day < 0 else entry._replace(day=day)) for delivery, day in versions))
        yield bench.person(quirk, chart)


def _days(bench: Bench) -> Iterator[Person]:
    today, five_years = bench.today, bench.months_ago(60)
    yield bench.with_pulse("pulse check on no known day, precision unknown", UNKNOWN_DAY)
    yield bench.with_pulse("pulse check on no known day, date empty", UNKNOWN_DAY)
    yield bench.with_pulse("pulse check in the future", today + 30)
    yield bench.with_pulse("pulse check on the reference date", today)
    yield bench.with_pulse("pulse check five years ago", five_years)
    yield bench.with_pulse("pulse check five years and a day ago", five_years - 1)
    yield bench.with_pulse("pulse check before birth", today - 30_000)
    chart = bench.chart()
    chart.event(concept("diabetes"), UNKNOWN_DAY)
    yield bench.person("diabetes on no known day", chart)
    chart = bench.chart()
    chart.event(concept("diabetes"), UNKNOWN_DAY)
    chart.event(concept("diabetes_resolved"), today - 500)
    yield bench.person("diabetes on no known day, resolved since", chart)


def _codes(bench: Bench) -> Iterator[Person]:
    day = bench.known
    for number, what in enumerate(concepts(PULSE)):
        chart = bench.chart()
        chart.events.append(bench.event(what, day, mark=BARE))
        yield bench.person(f"pulse check by its older code {number}", chart)
    yield bench.with_pulse("pulse check by a false friend", day, FALSE_FRIEND)
    yield bench.with_pulse("pulse check by a code that no dictionary holds", day, NO_SUCH_CODE)
    for number, (name, words) in enumerate((("smoking", "never"), ("smoking", "never"))):
        chart = bench.chart()
        chart.events.append(bench.event(concept(name, words), day, mark=LOCAL))
        yield bench.person(f"never smoked by the supplier's own code {number}", chart)
    chart = bench.chart()
    chart.event(concept("flu_at_risk", "asthma"), bench.today - 2000)
    chart.events.append(bench.event(concept("flu_vaccine", "nasal"), bench.today - 120, mark=LOCAL))
    yield bench.person("flu vaccination by the supplier's own code", chart, age=40)
    # The case-colliding pair of CTV3 and Read: `C10..` is diabetes and `c10..` a drug; nobody becomes diabetic by it.
    chart = bench.chart()
    chart.events.append(bench.event(concept("diabetes", "not stated"), bench.today - 900, mark=WRONG_CASE))
    yield bench.person("diabetes in the wrong case", chart)


def _sources(bench: Bench) -> Iterator[Person]:
    day = bench.known
    yield bench.with_pulse("pulse check marked confidential", day, CONFIDENTIAL)
    yield bench.with_pulse("pulse check typed in by another organisation", day, SHARED)
    for number in range(3):
        yield bench.person(f"pulse check only in another organisation's record {number}", elsewhere=(bench.pulse(day),))


def _opt_outs(bench: Bench) -> Iterator[Person]:
    today = bench.today
    then, later = today - 1000, today - 400
    told: dict[str, tuple[tuple[str, int], ...]] = {
        "dissent": (("dissent", then),),
        "dissent, withdrawn": (("dissent", then), ("withdrawn", later)),
        "dissent, withdrawn, dissent again": (("dissent", then), ("withdrawn", later), ("dissent", later + 90)),
        "withdrawn before the dissent": (("withdrawn", then), ("dissent", later)),
        "dissent and withdrawn on one day": (("dissent", later), ("withdrawn", later)),
        "withdrawn and dissent on one day": (("withdrawn", later), ("dissent", later)),
        "undated dissent": (("dissent", UNKNOWN_DAY),),
        "undated dissent with a precision of unknown": (("dissent", UNKNOWN_DAY),),
        "undated dissent, dated withdrawal": (("dissent", UNKNOWN_DAY), ("withdrawn", later)),
        "dated dissent, undated withdrawal": (("dissent", then), ("withdrawn", UNKNOWN_DAY)),
        "undated dissent, undated withdrawal": (("dissent", UNKNOWN_DAY), ("withdrawn", UNKNOWN_DAY)),
        "withdrawn without a dissent": (("withdrawn", later),),
        "dissent since the last delivery but one": (("dissent", today - 2),),
        "dissent on the reference date": (("dissent", today),),
        "withdrawn since the last delivery but one": (("dissent", then), ("withdrawn", today - 1)),
    }
    for quirk, entries in told.items():
        chart = bench.chart()
        chart.events.extend(_word(bench, word, day) for word, day in entries)
        chart.events.append(bench.pulse(bench.known))
        yield bench.person(f"opt-out: {quirk}", chart)
    marks = {
        "recorded at a former practice": SHARED,
        "marked confidential": CONFIDENTIAL,
        "by its older code": BARE,
        "in the wrong case": WRONG_CASE,
    }
    for quirk, mark in marks.items():
        chart = bench.chart()
        chart.events.append(_word(bench, "dissent", then)._replace(mark=mark))
        yield bench.person(f"opt-out: dissent {quirk}", chart)


def _word(bench: Bench, word: str, day: int) -> Event:
    return bench.event(concept(f"type1_{word}"), day)


def _opt_out_stories(bench: Bench) -> Iterator[Person]:
    dissent, again = (_word(bench, "dissent", bench.known) for _ in range(2))
    withdrawn = _word(bench, "withdrawn", bench.known + 5)
    told: dict[str, tuple[tuple[int, Row | None], ...]] = {
        "dissent deleted": ((FULL, dissent), (LAST, None)),
        "dissent, its withdrawal deleted": ((FULL, withdrawn), (SECOND, None)),
    }
    for quirk, versions in told.items():
        chart = bench.chart()
        if versions[0][1] is withdrawn:
            chart.events.append(again)
        chart.story(*versions)
        yield bench.person(f"opt-out: {quirk}", chart)
