from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searches.allowed import REFUSED_NODES, REFUSED_PARTS
from searches.errors import RuleError
from searches.layouts import layout
from searches.parse import parse
from searches.translate import ask
from tests.small_search import EVERYONE, small_search

# « marks the place that the refusal must name.
REFUSED = [
    ("«", "starts with SELECT or WITH"),
    ("«FROM patient", "starts with SELECT or WITH"),
    ("«DROP TABLE patient", "starts with SELECT or WITH"),
    ("«COPY patient TO 'x'", "starts with SELECT or WITH"),
    ("SELECT a FROM b; «DROP TABLE b", "a second statement is refused"),
    ("SELECT a FROM b;\n  «;", "a second statement is refused"),
    ("SELECT a FROM b\n«LIMIT 5", "LIMIT is refused"),
    ("SELECT a FROM b «OFFSET 5", "OFFSET is refused"),
    ("SELECT a FROM b\n-- über\n  «ORDER BY a", "ORDER BY is refused"),
    ("SELECT a FROM b «QUALIFY a = 1", "QUALIFY is refused"),
    ("SELECT a FROM b «FOR UPDATE", "a locking clause is refused"),
    ("SELECT a «INTO c FROM b", "INTO is refused"),
    ("SELECT «DISTINCT a FROM b", "SELECT DISTINCT is refused"),
    ("SELECT a FROM b «UNION SELECT a FROM c", "UNION is refused"),
    ("SELECT a FROM b «UNION ALL SELECT a FROM c", "a search is one SELECT"),
    ("SELECT a FROM b «INTERSECT SELECT a FROM c", "INTERSECT is refused"),
    ("SELECT a FROM b «EXCEPT SELECT a FROM c", "EXCEPT is refused"),
    ("WITH d AS («DELETE FROM b RETURNING 1) SELECT a FROM d", "DELETE is refused"),
    ("WITH d AS («INSERT INTO b VALUES (1) RETURNING 1) SELECT a FROM d", "INSERT is refused"),
    ("WITH d AS («UPDATE b SET a = 1 RETURNING 1) SELECT a FROM d", "UPDATE is refused"),
    ("«WITH RECURSIVE d AS (SELECT a FROM b) SELECT a FROM d", "WITH RECURSIVE is refused"),
    ("SELECT «made_up(a) FROM b", "the function made_up is unknown"),
    ("SELECT «median(a) FROM b", "the function MEDIAN is refused"),
    ("SELECT «SUM(a) FROM b", "SUM is refused"),
    ("SELECT COALESCE(«AVG(a), 1) FROM b", "AVG is refused"),
    ("SELECT a FROM «read_csv('/etc/passwd') AS c", "the function READ_CSV is refused"),
    ("SELECT a FROM «pg_read_file('/etc/passwd') AS c", "the function pg_read_file is unknown"),
    ("SELECT a FROM «'/etc/passwd' AS c", "the name /etc/passwd is refused"),
    ('SELECT a FROM «"patient"', "a quoted name is refused"),
    ("SELECT a FROM «Patient", "the name Patient is refused"),
    ("SELECT «_a FROM b", "the name _a is refused"),
    ("SELECT a FROM «main.b", "a table's name is bare"),
    ("SELECT «main.b.a FROM b", "a column's name has at most one prefix"),
    ("SELECT «c.main.b.a FROM b", "a column's name has at most one prefix|CATALOG of COLUMN"),
    ("SELECT a FROM b WHERE a > DATE «'2020-01-01'", "casts and date literals are refused"),
    ("SELECT «a::INTEGER FROM b", "casts and date literals are refused"),
    ("SELECT a FROM b WHERE a = «TRUE", "TRUE and FALSE are refused"),
    ("SELECT a FROM b WHERE «a LIKE 'C10%'", "LIKE is refused"),
    ("SELECT a FROM b WHERE a IN («SELECT c FROM d)", r"IN \(SELECT ...\) is refused"),
    ("SELECT a FROM b JOIN c USING («a)", "USING is refused"),
    ("SELECT a FROM b NATURAL JOIN «c", "only INNER JOIN and LEFT JOIN are supported"),
    ("SELECT CASE «a WHEN 1 THEN 2 END FROM b", "CASE with a value after it is refused"),
    ("SELECT a FROM b WHERE a = «$x$met$x$", "this spelling of a text is refused"),
    ("SELECT a FROM b WHERE «a = $reference_date", "this placeholder is refused"),
    ("SELECT a FROM b WHERE «a = ?", "this placeholder is refused"),
    ("SELECT a FROM b WHERE a = «E'met'", "this spelling of a text is refused"),
    ("SELECT a FROM b WHERE a > «5 / 3", "arithmetic is refused"),
    ("SELECT a FROM b WHERE a > «5 * 3", "arithmetic is refused"),
    ("SELECT «date_diff('day', a, a) FROM b", "DATE_DIFF is refused"),
    ("SELECT a FROM b WHERE a < «CURRENT_DATE", "CURRENT_DATE is refused"),
    ("SELECT a FROM b WHERE a < «CURRENT_TIMESTAMP", "the clock is refused"),
    ("SELECT a FROM b WHERE «a IS DISTINCT FROM 3", "IS DISTINCT FROM is refused"),
    ("SELECT «a[1] FROM b", "BRACKET is not part of the language"),
    ("SELECT a FROM b TABLESAMPLE «10%", "TABLESAMPLE is refused"),
    ("SELECT a FROM («VALUES (1)) AS c", "VALUES is not part of the language"),
    ("SELECT a FROM b «GROUP BY ALL", "ALL of GROUP is not part of the language"),
    ("SELECT * EXCLUDE («a) FROM b", "EXCEPT of STAR is not part of the language"),
    ("SELECT «COUNT(*) FILTER (WHERE a > 1) FROM b", "FILTER is not part of the language"),
    ("SELECT COUNT(a, «c) FROM b", "COUNT takes one column"),
    ("SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY «c NULLS FIRST) AS r FROM b", "NULLS FIRST is refused"),
    ("SELECT a FROM b WHERE «a IS NOT DISTINCT FROM 3", "IS NOT DISTINCT FROM is refused"),
    ("SELECT a FROM b WHERE («a, c) = (1, 2)", "a list of expressions is refused here"),
    ("SELECT ROW_NUMBER() OVER «w AS r FROM b WINDOW w AS (PARTITION BY a)", "a named window is refused"),
    ("SELECT MAX(a) AS m FROM b WINDOW «w AS (PARTITION BY a)", "a named window is refused"),
    ("SELECT «ROW_NUMBER() OVER (ORDER BY c ROWS UNBOUNDED PRECEDING) AS r FROM b", "a window frame is refused"),
    ("SELECT ROW_NUMBER() OVER (ORDER BY «c WITH FILL) AS r FROM b", "WITH FILL is refused"),
    ("WITH «d AS MATERIALIZED (SELECT a FROM b) SELECT a FROM d", "MATERIALIZED is refused"),
    ("WITH d AS (SELECT a FROM b «UNION ALL BY NAME SELECT a FROM c) SELECT a FROM d", "UNION BY NAME is refused"),
    (
        "WITH d AS («WITH e AS (SELECT a FROM b) SELECT a FROM e UNION ALL SELECT a FROM c) SELECT a FROM d",
        "WITH inside",
    ),
    ("SELECT a FROM b AS x(«c)", "renaming columns in an alias is refused"),
    ("SELECT a FROM b WHERE a IN UNNEST([«1])", "UNNEST is refused"),
    ("SELECT a FROM b WHERE «a BETWEEN SYMMETRIC 3 AND 1", "BETWEEN SYMMETRIC is refused"),
    ("SELECT MIN(a, «c) FROM b", "MIN takes one column"),
    ("SELECT MAX(a, «2) FROM b", "MAX takes one column"),
    ("SELECT a FROM b WHERE EXTRACT(YEAR FROM «a) = 3", "EXTRACT is refused"),
    ("SELECT «date_trunc('month', a) AS m FROM b", "DATE_TRUNC is refused"),
    ("SELECT «GREATEST(a, c) FROM b", "GREATEST is refused"),
    ("SELECT «LEAST(a, c) FROM b", "LEAST is refused"),
    ("SELECT a FROM b WHERE a > «5 % 3", "arithmetic is refused"),
    ("SELECT a FROM b WHERE «a. = 3", "syntax error"),
    ("SELECT a FROM b WHERE a = «:(3)", "syntax error"),
    ("SELECT a FROM b WHERE " + "(" * 40 + "«(1" + ")" * 41 + " = 1", "more than 40 parentheses deep"),
    ("«" + "SELECT a FROM b WHERE " + " OR ".join(["a = 1"] * 1100), "longer than 4000 words and signs"),
    ("«SELECT a" + " " * 20_000, "longer than 20000 characters"),
    ("«SELECT a FROM b WHERE a = $$x", "cannot be read as SQL"),
    ("«SELECT " + "CASE WHEN a = 1 THEN " * 400 + "1" + " END" * 400 + " FROM b", "nested too deeply"),
    # tricks of comments and characters
    ("SELECT a «/* b /* c */ */ FROM b".replace("«/* b ", "/* b «"), "a comment inside a comment is refused"),
    ("SELECT a «/*! , nhs_number */ FROM b", "a comment that an engine may obey is refused"),
    ("SELECT «/*+ PARALLEL(8) */ a FROM b", "a comment that an engine may obey is refused"),
    ("SELECT a «/* FROM b", "a comment is not closed"),
    ("SELECT a «*/ FROM b", "a comment is not closed, or was never opened"),
    ("SELECT «'a FROM b", "a text is not closed"),
    ("SELECT a -- «\u202egnihtyna\n FROM b".replace("«\u202e", "«\u202e"), "the character U[+]202E is refused"),
    ("SELECT a -- zero«\u200bwidth\nFROM b", "the character U[+]200B is refused"),
    ("SELECT a -- how«\u2028AND a = 1\nFROM b", "the character U[+]2028 is refused"),
    ("SELECT a /* how«\u2029AND a = 1 */ FROM b", "the character U[+]2029 is refused"),
    # a comment to the parser, a condition to a reader
    ("SELECT a FROM b WHERE a = 1 «{# AND c = 2 #}", "the character U[+]007B is refused"),
    ("SELECT a FROM b WHERE a = 1 «} AND c = 2", "the character U[+]007D is refused"),
    ("SELECT «MAX() FROM b", "MAX of nothing is refused"),
    ("SELECT «COUNT() FROM b", "COUNT of nothing is refused"),
    ("SELECT a FROM b WHERE «a IN ()", "IN of nothing is refused"),
    ("SELECT a FROM b WHERE «a IN AND a = 1", "IN of nothing is refused"),
    ("SELECT a«\u00a0FROM b", "the character U[+]00A0 is refused"),
    ("SELECT «\u0430 FROM b", "the character U[+]0430 is refused"),
    ("SELECT a FROM b WHERE a = 'm«\u00e9t'", "the character U[+]00E9 is refused"),
    ("SELECT a«\r\nFROM b", "the character U[+]000D is refused"),
    ("SELECT a«\x00FROM b", "the character U[+]0000 is refused"),
]


@pytest.mark.parametrize(("marked", "reason"), REFUSED)
def test_what_is_not_in_the_language_is_refused_at_its_place(marked: str, reason: str) -> None:
    before, _, after = marked.partition("«")
    with pytest.raises(RuleError, match=reason) as caught:
        parse(before + after)
    expected = (before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    if reason == "syntax error":
        assert caught.value.line == expected[0]
    else:
        assert (caught.value.line, caught.value.column) == expected


REASONS = {**REFUSED_NODES, **REFUSED_PARTS}


def test_every_reason_that_is_known_is_shown_here_and_says_what_to_write() -> None:
    shown = set()
    for marked, _ in REFUSED:
        with pytest.raises(RuleError) as caught:
            parse(marked.replace("«", ""))
        shown.add((caught.value.reason, caught.value.suggestion))
    assert [kind for kind, said in REASONS.items() if said not in shown] == []
    assert [said for said in REASONS.values() if not said[1]] == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM b",
        "SELECT a FROM b;",
        "SELECT a FROM b; -- the end",
        "-- a note in Welsh: ŵ ŷ\nSELECT a /* why */ FROM b",
        "SELECT a FROM b WHERE c = 'it''s -- no comment' AND d = '/*'",
        "SELECT a /* {why} */ FROM b WHERE c = '{}'",
        "select a from b where a in (1, 2)",
        "SELECT a FROM b WHERE ((:reference_date) < c AND ((:season_start - INTERVAL '1' DAY) < c))",
    ],
)
def test_one_select_is_parsed(sql: str) -> None:
    assert parse(sql).select.sql(dialect="duckdb").startswith("SELECT a FROM b")


@pytest.mark.parametrize("chain", [" AND ".join(["a = 1"] * 160), "a = 1" + " + 1" * 160, "NOT " * 160 + "a = 1"])
def test_what_would_exhaust_the_stack_is_refused(chain: str) -> None:
    with pytest.raises(RuleError, match="nested too deeply"):
        parse(f"SELECT a FROM b WHERE {chain}")


def test_a_hundred_conditions_are_not_too_many() -> None:
    assert parse("SELECT a FROM b WHERE " + " AND ".join(["a = 1"] * 100)).select is not None


def test_comments_do_not_travel() -> None:
    tree = parse("-- secret one\nSELECT a /* secret two */ FROM b -- secret three\nWHERE a = 1 /* four */")
    assert "secret" not in tree.select.sql(dialect="duckdb", comments=True)
    assert all(not node.comments for node in tree.select.walk())


def test_a_syntax_error_is_placed_where_the_parser_stumbled() -> None:
    with pytest.raises(RuleError, match="line 2, column 10: syntax error"):
        parse("SELECT a\nFROM b c d")
    with pytest.raises(RuleError, match="line 3, column 15: syntax error"):
        parse("SELECT ROW_NUMBER() OVER (PARTITION\nBY a\nORDER BY b, c d AS place FROM e")


def test_a_suggestion_says_what_to_write_instead() -> None:
    with pytest.raises(RuleError, match="QUALIFY is refused") as caught:
        parse("SELECT a FROM b QUALIFY a = 1")
    assert caught.value.suggestion == "name the ROW_NUMBER in a CTE and compare it with 1"
    assert caught.value.hint == caught.value.suggestion


def refusal(sql: str) -> RuleError | None:
    try:
        parse(sql)
    except RuleError as refused:
        return refused
    return None


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused_with_a_place_inside_it(text: str) -> None:
    refused = refusal("SELECT " + text)
    if refused is not None:
        lines = ("SELECT " + text).split("\n")
        assert 1 <= refused.line <= len(lines)
        assert 1 <= refused.column <= len(lines[refused.line - 1]) + 1


WORDS = [
    "a",
    "(",
    ")",
    "'x'",
    ",",
    "=",
    "AND",
    "NOT",
    "FROM",
    "SELECT",
    "CASE",
    "--",
    "/*",
    ":",
    "OVER",
    "JOIN",
    "[",
    ";",
]


@given(st.lists(st.sampled_from(WORDS)))
def test_any_words_are_parsed_or_refused_with_a_reason(words: list[str]) -> None:
    refused = refusal("SELECT " + " ".join(words))
    assert refused is None or refused.reason


def test_a_search_that_was_asked_is_still_what_was_parsed() -> None:
    search = small_search(f"{EVERYONE} WHERE p.registered_on < :reference_date")
    before = parse(search.sql).select.sql(dialect="duckdb")
    for day in (date(2026, 3, 31), date(2026, 4, 30)):
        assert f"'{day}'" in ask(search, layout("canonical"), day).tree.sql(dialect="duckdb")
    assert parse(search.sql).select.sql(dialect="duckdb") == before
