"""Wrong rewrites, planted one at a time, and which drawn cases of the language then get another answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from sqlglot import exp

from searches.engines import ENGINES, Engine, mysql, postgresql, sqlite
from searches.engines.writing import Rule, Writer, days_or_months, fill
from tests.spec.language.asked import Asked, asked
from tests.spec.language.drawn import Kind, Section, all_cases
from tests.spec.language.people import People

WRITERS = MappingProxyType({"mysql": mysql.WRITER, "postgresql": postgresql.WRITER, "sqlite": sqlite.WRITER})
_DIALECTS = {"mysql": "mysql", "postgresql": "postgres", "sqlite": "sqlite"}
_TYPICAL_MONTH = 30


@dataclass(frozen=True, slots=True)
class Planted:
    """A wrong rewrite.

    Args:
        name: of the mistake.
        engine: whose it is.
        says: what the statement then says.
        plant: makes the wrong writer of the right one.
        shown_by: the section of the language that is there for it.
    """

    name: str
    engine: str
    says: str
    plant: Callable[[Writer], Writer]
    shown_by: str

    def wrong(self) -> Engine:
        """The engine with the mistake in it."""
        writer = self.plant(WRITERS[self.engine])
        return Engine(self.engine, ENGINES[self.engine].version, writer.write)


def noticed(people: People, planted: Planted, section: str = "") -> dict[str, int]:
    """How many cases of each section get another answer, or none, under a planted mistake.

    Args:
        people: a database of the mistake's engine.
        planted: the mistake.
        section: the only one to ask; all if empty.
    """
    engine = planted.wrong()
    found: dict[str, int] = {}
    for asking, cases in all_cases():
        if cases[0].kind is Kind.REFUSED or (section and asking.title != section):
            continue
        lines = {line for one in asked(asking, cases) for line in _lines(people, asking, one, engine)}
        if lines:
            found[asking.title] = found.get(asking.title, 0) + len(lines)
    return found


def _lines(people: People, section: Section, one: Asked, engine: Engine) -> Iterator[str]:
    yield from (told.split(":")[0] for told in people.differences(section, one, engine))


def _with(kind: type[exp.Expr], rule: Rule) -> Callable[[Writer], Writer]:
    return lambda writer: replace(writer, rules={**writer.rules, kind: rule}, nodes=writer.nodes | {kind})


def _words(engine: str, text: str, *values: exp.Expr) -> exp.Paren:
    return fill(text, _DIALECTS[engine], *values)


def _moved(engine: str, days: str, months: str) -> Callable[[Writer], Writer]:
    """Days and months moved as two texts say: {n} is how far, {m} the same in days of a typical month."""

    def rule(node: exp.Expr) -> exp.Expr:
        found = days_or_months(node, engine)
        if found is None:
            return node
        day, amount, unit = found
        text = (days if unit == "DAY" else months).format(n=amount, m=_TYPICAL_MONTH * amount, back=-abs(amount))
        return _words(engine, text, day)

    return lambda writer: _with(exp.Sub, rule)(_with(exp.Add, rule)(writer))


def _nulls_first(node: exp.Expr) -> exp.Expr:
    node.set("nulls_first", True)
    return node


def _by_text(node: exp.Expr) -> exp.Expr:
    node.set("nulls_first", False)
    node.set("this", exp.cast(node.this.copy(), "TEXT"))
    return node


def _counting_all(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Distinct):
        node.set("this", node.this.expressions[0].copy())
    return node


def _inner(node: exp.Expr) -> exp.Expr:
    node.set("side", None)
    node.set("kind", "INNER")
    return node


def _distinct(node: exp.Expr) -> exp.Expr:
    node.set("distinct", True)
    return node


def _open_ended(node: exp.Expr) -> exp.Expr:
    return _words("postgresql", "_1 >= _2 AND _1 < _3", node.this, node.args["low"], node.args["high"])


def _short_case(node: exp.Expr) -> exp.Expr:
    if node.args.get("default") is None:
        node.set("default", exp.Literal.number(0))
    return node


def _last_first(node: exp.Expr) -> exp.Expr:
    rules = node.args["ifs"]
    if len(rules) > 1 and isinstance(node.parent, exp.Alias):
        node.set("ifs", rules[::-1])
    return node


PLANTED = (
    Planted(
        "month-end-overflow",
        "sqlite",
        "31 January and a month is 2 March",
        _moved("sqlite", "DATE(_1, '{n:+d} days')", "DATE(_1, '{n:+d} months')"),
        "A column moved by months",
    ),
    Planted(
        "month-of-thirty-days",
        "postgresql",
        "a month is thirty days",
        _moved("postgresql", "CAST(_1 + INTERVAL '{n} DAY' AS DATE)", "CAST(_1 + INTERVAL '{m} DAY' AS DATE)"),
        "A column moved by months",
    ),
    Planted(
        "always-back",
        "mysql",
        "plus an interval is minus it",
        _moved("mysql", "DATE_ADD(_1, INTERVAL '{back}' DAY)", "DATE_ADD(_1, INTERVAL '{back}' MONTH)"),
        "A column moved by days",
    ),
    Planted(
        "blind-to-case",
        "mysql",
        "text compares as the server's collation says",
        lambda writer: replace(writer, raw_text=lambda column: column),
        "Case and likeness",
    ),
    Planted(
        "null-first",
        "mysql",
        "in an order NULL comes first",
        _with(exp.Ordered, _nulls_first),
        "Latest and earliest",
    ),
    Planted(
        "null-first-descending",
        "postgresql",
        "in a descending order NULL comes first",
        _with(exp.Ordered, lambda node: _nulls_first(node) if node.args.get("desc") else node),
        "Latest and earliest",
    ),
    Planted("order-of-texts", "sqlite", "10 comes before 9", _with(exp.Ordered, _by_text), "Latest and earliest"),
    Planted(
        "count-without-distinct",
        "sqlite",
        "COUNT(DISTINCT date) counts dates",
        _with(exp.Count, _counting_all),
        "Counting",
    ),
    Planted("left-is-inner", "mysql", "LEFT JOIN is JOIN", _with(exp.Join, _inner), "JOIN and LEFT JOIN"),
    Planted(
        "union-takes-out",
        "postgresql",
        "UNION ALL is UNION",
        _with(exp.Union, _distinct),
        "Given as event or as immunisation",
    ),
    Planted(
        "between-open", "postgresql", "BETWEEN leaves its end out", _with(exp.Between, _open_ended), "Whole numbers"
    ),
    Planted("else-is-zero", "sqlite", "CASE without ELSE is 0", _with(exp.Case, _short_case), "The first that is true"),
    Planted(
        "last-when-first",
        "mysql",
        "the last WHEN is asked first",
        _with(exp.Case, _last_first),
        "The first that is true",
    ),
    Planted(
        "not-unknown-is-true",
        "sqlite",
        "NOT of unknown is true",
        _with(exp.Not, lambda node: _words("sqlite", "COALESCE(NOT (_1), 1)", node.this)),
        "Two conditions",
    ),
)
