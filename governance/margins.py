r"""A table as others see it: every count and margin is an arc, bounded by what is shown or known of it.

    start -> list of leaf -> register -> den -> met, not met -> their totals -> total den -> total register -> start
                  \-> outside             \-> excepted ------> its total ------------------/

Known beside the result are the public number of registered patients of each leaf ("Patients registered at a GP
practice" gives age and sex exactly; deprivation follows from where patients live), which outcomes the search's text can
give, and every number released under another search that counts the same people. That some of the list are in no cell
is a state of its own: few outside a leaf's register are as telling as few inside, unless nobody is, which the search's
text usually says (everyone aged 65 and over).

A count withheld to protect others (covered) is known to have k people at least, or it would be a band.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from governance.attacker import UNBOUNDED, Circulation
from governance.primary import Look, Looks, Rule, above_of, looks_of, value_bounds
from governance.standing import DEN, EXCEPTED, MET, NOT_MET, OUTCOMES, PARTS, REGISTER, Places, Row

Spot = tuple[int, int]
"""A row (by its number) and an outcome (by its number)."""

_START: Final = 0
_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED, _TOTAL_DEN, _TOTAL_REGISTER = range(1, 6)
_FIRST_LEAF: Final = 6


@dataclass(frozen=True, slots=True)
class Known:
    """What others know of a table beside its result.

    Args:
        lists: registered patients of each leaf who may be counted, or None for all: not known.
        outside: how many of them are in no cell of the table as released, by leaf; as `lists`.
        full: the leaves where everyone is known to be in the table, but for moves that are held.
        elsewhere: bit set of the unions that are released under another search, just as they are here.
    """

    lists: Sequence[int] | None = None
    outside: Sequence[int] | None = None
    full: frozenset[int] = frozenset()
    elsewhere: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """A table as it is to be released, before any look is given to a count.

    Args:
        places: of the table.
        people: distinct people in each union.
        amounts: what each union counts: the same for people, appointments otherwise.
        rule: of the search.
    """

    places: Places
    people: Sequence[int]
    amounts: Sequence[int]
    rule: Rule

    @property
    def rows(self) -> tuple[Row, ...]:
        """The rows of the result, the totals last."""
        single = len(self.places.leaves) == 1
        return self.places.leaf_rows if single else (*self.places.leaf_rows, self.places.totals)

    def looks(self) -> list[Looks]:
        """What the counts of each row look like by themselves."""
        return [looks_of(self.people[row.first : row.first + len(PARTS)], self.rule) for row in self.rows]

    @property
    def leaves(self) -> frozenset[int]:
        """The numbers of the rows that are not the totals."""
        return frozenset(range(len(self.rows) - 1))


class Seen:
    """A table as others see it, with each count shown or covered, and how much of the hidden ones they can work out.

    Args:
        table: as it is to be released.
        known: what others know beside it.
        blank: rows of which nothing at all may be shown, not even that a count is small.
        open_rows: rows of which a count that is large enough by itself needs no protection.
    """

    def __init__(self, table: Table, known: Known, blank: Iterable[int] = (), open_rows: Iterable[int] = ()) -> None:
        self.table, self.known, self._open_rows = table, known, frozenset(open_rows)
        self.rows, self.looks = table.rows, table.looks()
        self.blank: set[int] = set()
        self._own_looks = list(self.looks)
        self.covered: set[Spot] = set()
        self.circulation = Circulation()
        self.spots: dict[Spot, int] = {}
        self.owner: dict[int, Spot] = {}
        self._dens: dict[int, int] = {}
        self._outside: dict[int, int] = {}
        self._build()
        for row in blank:
            self.blank_row(row)

    def blank_row(self, row: int) -> None:
        """Withhold all of a row, so that nothing is said of its counts."""
        self.blank.add(row)
        self.looks[row] = (Look.HIDDEN, Look.HIDDEN, Look.HIDDEN)
        self.covered = {spot for spot in self.covered if spot[0] != row}
        for outcome in (MET, NOT_MET, EXCEPTED):
            self._bound((row, outcome))

    def unblank_row(self, row: int) -> None:
        """Show it again as it looks by itself."""
        self.blank.discard(row)
        self.looks[row] = self._own_looks[row]
        for outcome in (MET, NOT_MET, EXCEPTED):
            self._bound((row, outcome))

    def cover(self, spot: Spot) -> None:
        """Withhold a count that is not hidden by itself."""
        self.covered.add(spot)
        self._bound(spot)

    def uncover(self, spot: Spot) -> None:
        """Show it again as it looks by itself."""
        self.covered.discard(spot)
        self._bound(spot)

    def can_be_covered(self, spot: Spot) -> bool:
        """Whether it is shown, and others do not know it in any case, so that to withhold it protects somebody."""
        return self.can_be_withheld(spot) and not self.is_known(spot)

    def can_be_withheld(self, spot: Spot) -> bool:
        """Whether it is shown as a value, or as the other side of a few.

        What another search has released may be withheld too: here it would stand for people asked for otherwise.
        """
        row, outcome = spot
        is_shown = self.looks[row][outcome] in (Look.VALUE, Look.OTHER)
        return is_shown and spot not in self.covered and OUTCOMES[outcome] in self.table.rule.possible

    def is_known(self, spot: Spot) -> bool:
        """Whether others know it in any case: by the search's text, or from another search."""
        row, outcome = spot
        return self._is_elsewhere(self.rows[row], outcome) or OUTCOMES[outcome] not in self.table.rule.possible

    def hidden(self) -> list[tuple[int, int, int]]:
        """The arcs that must stay uncertain: the row, the arc, and how wide at least."""
        found = [(spot[0], arc, self._width(spot, arc)) for spot, arc in self.spots.items() if self._is_hidden(spot)]
        found += [(leaf, arc, self._outside_width(leaf)) for leaf, arc in self._outside.items()]
        return [one for one in found if one[-1] > 0]

    def shown(self) -> int:
        """Bit set of the unions that others can work out, in all rows of the result."""
        found = 0
        for number, row in enumerate(self.rows):
            visible = [self._is_seen((number, outcome)) for outcome in (MET, NOT_MET, EXCEPTED)]
            others = [Look.OTHER in self.looks[number][:2] and not self._is_other_covered(number)]
            den = (visible[MET] and visible[NOT_MET]) or others[0]
            for part, is_shown in enumerate((*visible, den, den and visible[EXCEPTED])):
                found |= is_shown << row.first + part
        return found

    def _is_seen(self, spot: Spot) -> bool:
        look = self.looks[spot[0]][spot[1]]
        impossible = OUTCOMES[spot[1]] not in self.table.rule.possible
        return (look is Look.VALUE and spot not in self.covered) or (impossible and look is not Look.HIDDEN)

    def _is_other_covered(self, number: int) -> bool:
        return any((number, o) in self.covered for o in (MET, NOT_MET) if self.looks[number][o] is Look.OTHER)

    def _is_hidden(self, spot: Spot) -> bool:
        row, outcome = spot
        if self.is_known(spot) or (row in self._open_rows and self._own_looks[row][outcome] is Look.VALUE):
            return False
        return spot in self.covered or self.looks[spot[0]][spot[1]] is not Look.VALUE

    def _is_elsewhere(self, row: Row, part: int) -> bool:
        return bool(self.known.elsewhere >> row.first + part & 1)

    def _width(self, spot: Spot, arc: int) -> int:
        low, high = self.circulation.low[arc], self.circulation.high[arc]
        return min(self.table.rule.profile.width, high - low, self._listed(self.rows[spot[0]]) - low)

    def _outside_width(self, leaf: int) -> int:
        outside = 0 if self.known.outside is None or leaf in self.known.full else self.known.outside[leaf]
        few = 0 < outside < self.table.rule.profile.k
        return min(self.table.rule.profile.width, self._listed(self.rows[leaf])) if few else 0

    def _listed(self, row: Row) -> int:
        return UNBOUNDED if self.known.lists is None else sum(self.known.lists[leaf] for leaf in row.leaves)

    def _build(self) -> None:
        single = len(self.rows) == 1
        for number, row in enumerate(self.table.places.leaf_rows):
            ends = (_START, _START, _START) if single else (_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED)
            self._build_leaf(number, row, ends)
        if not single:
            self._build_totals(len(self.rows) - 1, self.rows[-1])

    def _build_leaf(self, number: int, row: Row, ends: tuple[int, int, int]) -> None:
        add, amounts = self.circulation.add, self.table.amounts
        listed, register, den = (_FIRST_LEAF + 3 * number + step for step in range(3))
        self._build_list(number, listed, amounts[row.first + REGISTER])
        add(listed, register, self._register_bounds(row), amounts[row.first + REGISTER])
        self._dens[number] = add(register, den, (0, UNBOUNDED), amounts[row.first + DEN])
        for outcome, tail in ((MET, den), (NOT_MET, den), (EXCEPTED, register)):
            self._add_spot((number, outcome), tail, ends[outcome])
        self._bound((number, MET))

    def _build_list(self, number: int, node: int, inside: int) -> None:
        if self.known.lists is None or self.known.outside is None:
            self.circulation.add(_START, node, (0, UNBOUNDED), inside)
            return
        # People held where they were last released may be more than are on the list today.
        listed = max(self.known.lists[number], inside)
        self.circulation.add(_START, node, (listed, listed), listed)
        most = 0 if number in self.known.full else UNBOUNDED
        self._outside[number] = self.circulation.add(node, _START, (0, most), listed - inside)

    def _build_totals(self, number: int, row: Row) -> None:
        for outcome, tail in enumerate((_TOTAL_MET, _TOTAL_NOT_MET, _TOTAL_EXCEPTED)):
            self._add_spot((number, outcome), tail, _TOTAL_REGISTER if outcome == EXCEPTED else _TOTAL_DEN)
        add, amounts = self.circulation.add, self.table.amounts
        self._dens[number] = add(_TOTAL_DEN, _TOTAL_REGISTER, (0, UNBOUNDED), amounts[row.first + DEN])
        add(_TOTAL_REGISTER, _START, self._register_bounds(row), amounts[row.first + REGISTER])
        self._bound((number, MET))

    def _add_spot(self, spot: Spot, tail: int, head: int) -> None:
        amount = self._amount(spot)
        arc = self.circulation.add(tail, head, self._count_bounds(spot), amount)
        self.spots[spot], self.owner[arc] = arc, spot

    def _amount(self, spot: Spot) -> int:
        return self.table.amounts[self.rows[spot[0]].first + spot[1]]

    def _bound(self, spot: Spot) -> None:
        """Set the bounds of a count, and of met and not met together in its row."""
        row = spot[0]
        self.circulation.bound(self.spots[spot], self._count_bounds(spot))
        self.circulation.bound(self._dens[row], self._den_bounds(row))
        for outcome in (MET, NOT_MET):
            if self.looks[row][outcome] is Look.OTHER:
                self.owner[self._dens[row]] = (row, outcome)  # what gives the two together away

    def _count_bounds(self, spot: Spot) -> tuple[int, int]:
        row, outcome = spot
        rule, amount = self.table.rule, self._amount(spot)
        if self.is_known(spot):
            return amount, amount
        if spot in self.covered:
            return rule.profile.k, UNBOUNDED
        match self.looks[row][outcome]:
            case Look.VALUE:
                return value_bounds(amount, rule)
            case Look.FEW:
                return int(rule.profile.zero_shown), rule.few_most
            case Look.OTHER:
                return max(rule.profile.k, self._above(row) + 1), UNBOUNDED
            case Look.HIDDEN:
                return 0, UNBOUNDED if outcome == EXCEPTED else self._hidden_most(row)

    def _den_bounds(self, row: int) -> tuple[int, int]:
        rule, amount = self.table.rule, self.table.amounts[self.rows[row].first + DEN]
        if self._is_elsewhere(self.rows[row], DEN):
            return amount, amount
        if self.looks[row][MET] is Look.HIDDEN:
            return 0, self._hidden_most(row)
        if Look.OTHER in self.looks[row] and not self._is_other_covered(row):
            least = self._above(row) + rule.few_most + 1
            return least, least + rule.step - 1
        return rule.least_denominator, UNBOUNDED

    def _hidden_most(self, row: int) -> int:
        """The most that met and not met together can be in a row that is hidden."""
        return UNBOUNDED if row in self.blank else (self.table.rule.least_denominator - 1) * self.table.rule.each_counts

    def _above(self, row: int) -> int:
        return above_of(self.table.amounts[self.rows[row].first + DEN], self.table.rule)

    def _register_bounds(self, row: Row) -> tuple[int, int]:
        amount = self.table.amounts[row.first + REGISTER]
        return (amount, amount) if self._is_elsewhere(row, REGISTER) else (0, UNBOUNDED)
