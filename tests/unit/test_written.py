"""A statement is kept texts and the search's own part, and to the letter what it would be if written in one piece."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from sqlglot import exp

from searches.document import library, library_folder, load_search
from searches.engines import AS_NAMED, ENGINES, Site
from searches.engines.listed import Listed, listed
from searches.errors import LayoutError
from searches.layouts import LAYOUTS, layout
from searches.layouts.expand import Bindings, definitions
from searches.layouts.written import Ground, over_raw
from searches.translate import Question, ask, statement

REFERENCE_DATE = date(2026, 3, 31)
PRACTICE = "90001"
BINDINGS = Bindings(REFERENCE_DATE, PRACTICE)


def _questions(name: str) -> list[Question]:
    """The library's searches that this layout can answer."""
    found = []
    for search_id in library():
        with suppress(LayoutError):
            found.append(ask(load_search(library_folder(search_id)), layout(name), REFERENCE_DATE))
    return found


def _in_one_piece(question: Question, ground: Ground) -> str:
    """All CTEs and the SELECT in one tree, written by the engine at once."""
    views = definitions(ground.layout, question.tables, ground.bindings, ground.site)
    whole = question.tree.copy()
    own = list(whole.args["with_"].expressions)
    before = [exp.CTE(this=tree.copy(), alias=exp.TableAlias(this=exp.to_identifier(n))) for n, tree in views.items()]
    for cte in before:
        cte.args["alias"].set("this", exp.to_identifier(f"_{cte.alias}"))
    whole.args["with_"].set("expressions", [*before, *own])
    for table in whole.find_all(exp.Table):
        if table.name in views and not table.db:
            table.set("alias", exp.TableAlias(this=exp.to_identifier(table.alias_or_name)))
            table.set("this", exp.to_identifier(f"_{table.name}"))
    return ground.engine.render(whole, ground.site)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_statement_of_kept_texts_is_the_statement_in_one_piece(name: str, engine: str) -> None:
    ground = Ground(layout(name), BINDINGS, ENGINES[engine], AS_NAMED)
    # Each search is asked in each layout, and of each engine in one layout or another.
    turn = (list(ENGINES).index(engine) + LAYOUTS.index(name)) % len(ENGINES)
    for question in _questions(name)[turn :: len(ENGINES)]:
        first = statement(question, ground.layout, ground.engine, PRACTICE)
        assert first.sql == _in_one_piece(question, ground)
        assert statement(question, ground.layout, ground.engine, PRACTICE) == first


def test_each_site_practice_and_rule_has_texts_of_its_own() -> None:
    question = _questions("vision")[0]
    chosen, engine = layout("vision"), ENGINES["postgresql"]
    grounds = [
        Ground(chosen, BINDINGS, engine, AS_NAMED),
        Ground(chosen, BINDINGS, engine, Site("dbo", "gp_")),
        Ground(chosen, Bindings(REFERENCE_DATE, "90002"), engine, AS_NAMED),
        Ground(chosen, Bindings(date(2026, 3, 30), PRACTICE), engine, AS_NAMED),
        Ground(chosen.without("bp_split"), BINDINGS, engine, AS_NAMED),
    ]
    texts = [over_raw(ground, question.tree) for ground in grounds]
    assert len(set(texts)) == len(grounds)
    assert [over_raw(ground, question.tree) for ground in reversed(grounds)] == texts[::-1]


def test_the_question_is_left_as_it_was() -> None:
    question = _questions("tpp_sr")[0]
    before = question.tree.sql(dialect="duckdb")
    statement(question, layout("tpp_sr"), ENGINES["sqlserver"], PRACTICE)
    assert question.tree.sql(dialect="duckdb") == before


def test_a_table_that_the_layout_does_not_have_is_refused() -> None:
    select = exp.select("patient_id").from_("consultation_of_yesterday")
    with pytest.raises(LayoutError, match="layout vision has no source for consultation_of_yesterday"):
        over_raw(Ground(layout("vision"), BINDINGS, ENGINES["duckdb"], AS_NAMED), select)


@pytest.mark.parametrize("engine", ENGINES)
def test_plain_codes_are_written_as_their_literals_would_be(engine: str) -> None:
    codes = ["C10F.", "44054006", "o'clock", "^ESCT", ""]
    select = exp.select("e.a").from_("e")
    column = exp.column("a", table="e")
    kept = select.where(exp.In(this=column, expressions=listed(codes)))
    literals = select.where(exp.In(this=column, expressions=[exp.Literal.string(code) for code in codes]))
    assert ENGINES[engine].render(kept, AS_NAMED) == ENGINES[engine].render(literals, AS_NAMED)


@pytest.mark.parametrize("code", ["back\\slash", "café", "tab\t"])
def test_a_code_that_an_engine_may_read_otherwise_is_left_to_the_engine(code: str) -> None:
    assert listed(["plain", code]) == [exp.Literal.string("plain"), exp.Literal.string(code)]


@pytest.mark.parametrize("engine", ENGINES)
def test_text_that_was_not_made_of_codes_is_refused(engine: str) -> None:
    select = exp.select("e.a").from_("e")
    foreign = select.where(exp.In(this=exp.column("a", table="e"), expressions=[exp.Var(this="'a') OR ('a' = 'a'")]))
    with pytest.raises(LayoutError, match="VAR cannot be written"):
        ENGINES[engine].render(foreign, AS_NAMED)
    assert isinstance(listed(["a"])[0].this, Listed)
