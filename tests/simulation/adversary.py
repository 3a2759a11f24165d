"""An attacker that nobody has to write: it tries searches, keeps what tells most, and learns to guess.

In the manner of QuerySnout (Cretu et al., 2022) and QueryCheetah (Stevanoski et al., 2024): a plan is a handful of
searches within the language, about people like the target or all but those like it. Plans are tried on practices that
the attacker has drawn itself, the best are kept and changed, and from what the best one shows over some weeks (numbers,
differences between near searches, changes from week to week, kinds of state, totals less their rows) a guesser is
learned. Then it is put to practices it has never seen.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Final

from governance.suppress import CellState, SafeTable, State
from tests.attack.defences import defence
from tests.simulation.learning import area_under_curve, learn, telling
from tests.simulation.targets import SINCE, TRAITS, Gene, Place, Plan

SEED: Final = 20260331
_SPLITS: Final = ((), ("sex",), ("age_band",), ("sex", "age_band"))
_STATES: Final = tuple(State)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard an attacker tries.

    Args:
        plans: alive at one time.
        generations: of changes.
        tried: practices on which each plan is tried.
        learned: practices from which the guesser is learned.
        guessed: practices on which it is judged.
    """

    plans: int = 6
    generations: int = 3
    tried: int = 8
    learned: int = 80
    guessed: int = 200


@dataclass(frozen=True, slots=True)
class Attack:
    """What an attacker has achieved.

    Args:
        area: under the curve, over all practices judged, each with and without the code.
        plan: the searches it chose.
        signs: what its guesser goes by, the most telling first.
        by_kind: area under the curve of a guesser that goes by one kind of signs only.
    """

    area: float
    plan: Plan
    signs: tuple[str, ...]
    by_kind: Mapping[str, float]


def attack(effort: Effort, since: int, seed: int = SEED) -> Attack:
    """Find a plan, learn, and guess.

    Args:
        effort: how hard.
        since: the week in which the target has the code: 0 all the time.
        seed: of everything.
    """
    dice = random.Random(seed)
    plans = [known_attacks(dice) for _ in range(effort.plans)]
    tried = range(seed, seed + effort.tried)
    ranked = sorted(((_fitness(plan, tried, since), plan) for plan in plans), key=lambda pair: -pair[0])
    for generation in range(effort.generations):
        parents = [plan for _, plan in ranked[: max(2, effort.plans // 2)]]
        fresh = range(seed + 1000 * (generation + 1), seed + 1000 * (generation + 1) + effort.tried)
        children = [changed(dice.choice(parents), dice) for _ in range(effort.plans - len(parents))]
        pairs = [(_fitness(plan, fresh, since), plan) for plan in (*parents, *children)]
        ranked = sorted(pairs, key=lambda pair: -pair[0])
    plan = ranked[0][1]
    learned = _seen(plan, range(seed + 100_000, seed + 100_000 + effort.learned), since)
    judged = _seen(plan, range(seed + 200_000, seed + 200_000 + effort.guessed), since)
    guesser = learn(*learned)
    return Attack(_area(learned, judged), plan, guesser.signs, _by_kind(learned, judged))


_Samples = tuple[list[dict[str, float]], list[bool]]


def _seen(plan: Plan, seeds: range, since: int) -> _Samples:
    seen, labels = [], []
    for seed in seeds:
        for has_code in (True, False):
            seen.append(signs_of(list(Place(seed, has_code=has_code, since=since).weeks(plan))))
            labels.append(has_code)
    return seen, labels


def _fitness(plan: Plan, seeds: range, since: int) -> float:
    best = telling(*_seen(plan, seeds, since))[:3]
    return sum(area for area, _ in best)


def _area(learned: _Samples, judged: _Samples) -> float:
    guesser = learn(*learned)
    return area_under_curve([guesser.score(one) for one in judged[0]], judged[1])


def _by_kind(learned: _Samples, judged: _Samples) -> dict[str, float]:
    kinds = sorted({sign.split()[0] for one in learned[0] for sign in one})
    return {kind: _area(_only(learned, kind), _only(judged, kind)) for kind in kinds}


def _only(samples: _Samples, kind: str) -> _Samples:
    return [{sign: n for sign, n in one.items() if sign.startswith(f"{kind} ")} for one in samples[0]], samples[1]


def known_attacks(dice: random.Random) -> Plan:
    """What any attacker would begin with: near twins, everyone like the target, tables whose rows add up."""
    twin = frozenset(dice.sample(TRAITS[:5], dice.randrange(2)))
    alike = frozenset(dice.sample(TRAITS, dice.randrange(1, 4)))
    return (
        Gene(twin),
        Gene(twin, spared=frozenset(TRAITS)),
        Gene(twin, spared=frozenset(dice.sample(TRAITS, 4))),
        Gene(alike),
        Gene(alike, split=("sex",)),
        Gene(frozenset(dice.sample(TRAITS[:5], 2)), split=("sex", "age_band")),
        Gene(frozenset(dice.sample(TRAITS, 2)), split=dice.choice(_SPLITS)),
    )


def changed(plan: Plan, dice: random.Random) -> Plan:
    """A plan with one or two searches changed."""
    genes = list(plan)
    for _ in range(dice.randrange(1, 3)):
        at = dice.randrange(len(genes))
        one, trait = genes[at], dice.choice(TRAITS)
        match dice.randrange(4):
            case 0:
                genes[at] = replace(one, alike=one.alike ^ {trait})
            case 1:
                genes[at] = replace(one, spared=one.spared ^ {trait})
            case 2:
                genes[at] = replace(one, split=dice.choice(_SPLITS))
            case _:
                genes[at] = replace(dice.choice(genes), spared=frozenset(dice.sample(TRAITS, dice.randrange(3, 8))))
    return tuple(genes)


def signs_of(weeks: Sequence[tuple[SafeTable, ...]]) -> dict[str, float]:
    """Everything that an attacker thinks of looking at, by name; the first word is its kind."""
    numbers: list[dict[tuple[str, str], float]] = []
    found: dict[str, float] = {}
    for tables in weeks:
        numbers.append({})
        for table in tables:
            for row in table.rows:
                for part, state in (("met", row.met), ("not_met", row.not_met)):
                    name = f"{table.search_id} {'/'.join(value for _, value in row.dimensions)} {part}"
                    numbers[-1].update(_number(table, name, state))
                    found[f"state {name} {len(numbers) - 1}"] = float(_STATES.index(state.state))
    found.update({f"number {name}": value for (_, name), value in numbers[-1].items()})
    found.update(_between_weeks(numbers))
    found.update(_between_searches(numbers))
    found.update(_margins(weeks[-1]))
    return found


def _number(table: SafeTable, name: str, state: CellState) -> dict[tuple[str, str], float]:
    return {} if state.value is None else {(table.search_id, name): float(state.value)}


def _between_weeks(numbers: Sequence[Mapping[tuple[str, str], float]]) -> Iterator[tuple[str, float]]:
    for name, value in numbers[-1].items():
        for week, before in enumerate(numbers[:-1]):
            if name in before:
                yield f"change {name[1]} since {week}", value - before[name]
    if len(numbers) > SINCE:
        for name, value in numbers[SINCE].items():
            if name in numbers[SINCE - 1]:
                yield f"change {name[1]} at {SINCE}", value - numbers[SINCE - 1][name]


def _between_searches(numbers: Sequence[Mapping[tuple[str, str], float]]) -> Iterator[tuple[str, float]]:
    totals = [name for name in numbers[-1] if "  " in name[1]]
    for one, other in combinations(totals, 2):
        if one[0] != other[0] and one[1].split()[-1] == other[1].split()[-1]:
            apart = numbers[-1][one] - numbers[-1][other]
            yield f"difference {one[1]} less {other[1]}", apart
            if one in numbers[0] and other in numbers[0]:
                yield (
                    f"difference {one[1]} less {other[1]} since 0",
                    apart - (numbers[0][one] - numbers[0][other]),
                )


def _margins(tables: Sequence[SafeTable]) -> Iterator[tuple[str, float]]:
    for table in tables:
        if len(table.rows) == 1:
            continue
        for part in ("met", "not_met"):
            total = getattr(table.totals, part).value
            rows = [getattr(row, part).value for row in table.rows[1:]]
            if total is not None:
                yield f"margin {table.search_id} {part}", total - sum(value or 0 for value in rows)
                yield f"margin {table.search_id} {part} hidden", float(sum(value is None for value in rows))


def without(*names: str) -> AbstractContextManager[object]:
    """While this lasts, the product goes without these defences."""
    stack = ExitStack()
    for name in names:
        stack.enter_context(defence(name).removed())
    return stack


@dataclass(frozen=True, slots=True)
class Setting:
    """Under what an attacker tries: what is switched off, and since when the target has the code."""

    name: str
    since: int
    off: tuple[str, ...] = ()

    @property
    def open(self) -> Callable[[], AbstractContextManager[object]]:
        """What holds while the attack goes on."""
        return (lambda: without(*self.off)) if self.off else nullcontext


SETTINGS: Final = (
    Setting("everything on, code all the time", 0),
    Setting("everything on, code from the third week", SINCE),
    Setting("gate off, code from the third week", SINCE, ("gate",)),
    Setting("snapping off, code all the time", 0, ("overlap", "audit")),
    Setting("gate and snapping off, code from the third week", SINCE, ("gate", "overlap", "audit")),
    Setting("thresholds and covering off, code all the time", 0, ("threshold", "complement")),
)
LIMIT: Final = 0.55
_CLOSING: Final = """## Reading

Whether somebody has a code is not told. That somebody gets it, in a week in which others watch, is told a little: where
everything is on, that line is above the limit, and the limit is not reached. The practice is a quiet one: four patients
of a thousand gain or lose the code in a week. A number moves only in the company of five, but with the target five are
reached a little sooner, and once a number moves it is exact: one patient more among a few who come and go.
"""


def report(found: Sequence[tuple[Setting, Attack]], effort: Effort) -> str:
    """The page."""
    lines = [_opening(effort), "| practice | area under the curve |", "|---|---|"]
    for setting, one in found:
        lines.append(f"| {setting.name} | {one.area:.3f} |")
    lines += [
        "",
        "## Which kind of sign tells",
        "",
        "Area under the curve of a guesser that goes by one kind only.",
        "",
    ]
    kinds = sorted({kind for _, one in found for kind in one.by_kind})
    lines += [f"| practice | {' | '.join(kinds)} |", "|---" * (len(kinds) + 1) + "|"]
    for setting, one in found:
        areas = (f"{one.by_kind.get(kind, 0.5):.3f}" for kind in kinds)
        lines.append(f"| {setting.name} | {' | '.join(areas)} |")
    lines += ["", "## What each went by", ""]
    for setting, one in found:
        lines += [f"{setting.name[0].upper()}{setting.name[1:]}:", ""]
        lines += [f"- {_words(gene)}" for gene in one.plan]
        lines += [f"- most telling: {', '.join(one.signs[:3])}", ""]
    return "\n".join([*lines, _CLOSING])


def _words(gene: Gene) -> str:
    alike = f"like the target in {', '.join(sorted(gene.alike))}" if gene.alike else "everyone"
    spared = f", but for those like it in {', '.join(sorted(gene.spared))}" if gene.spared else ""
    return alike + spared + (f", by {' and '.join(gene.split)}" if gene.split else "")


def _opening(effort: Effort) -> str:
    return f"""# An attacker that learns

Written by `make adversary` (seed {SEED}). An automated attacker chooses searches about people like one target patient,
sees four weeks of releases under `gp-bench`, made and audited as the agent does, and guesses whether the target has a
code. It knows the target's age, sex, ethnicity and three conditions, and how common the code is in general. Its
searches are bred ({effort.plans} plans, {effort.generations} generations), its guesser is logistic regression over the
signs that tell most, learned from {effort.learned} practices and judged on {effort.guessed} others. Each practice is
drawn twice, alike but for the code of the target. An area of 0.5 is guessing, 1 is knowing; at most {LIMIT} is asked
for with everything on.
By chance alone an area of guesses over {effort.guessed} practices twice is within 0.03 of 0.5 two times out of three.
"""


def write(_: Path, reports: Path) -> bool:
    """Run all settings and write the page; says whether the limit is kept with everything on."""
    effort, found = Effort(), []
    for setting in SETTINGS:
        with setting.open():
            found.append((setting, attack(effort, setting.since)))
    reports.mkdir(parents=True, exist_ok=True)
    (reports / "adversary.md").write_text(report(found, effort), encoding="utf-8")
    return all(one.area <= LIMIT for setting, one in found if not setting.off)
