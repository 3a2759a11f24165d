"""What the hub takes in as a restatement, and what it sets aside: two results of a period at most, one named so."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from governance.restatement import Restatement, RestatementReason
from governance.suppress import SafeTable
from hub.models import Event, Figure, Quarantined, Receipt, Result
from searches.document import read_search
from tests.federation import Agent, Federation, pulse_table, search_files, table_of
from tests.integration.test_hub_kills import STEPS, _receive_until_killed

REASON = RestatementReason.RECORDS_CORRECTED
OTHER_SEARCH = "smoking-recorded"


@pytest.fixture
def elm(tmp_path: Path) -> Agent:
    """A practice whose first result of March the hub has: 300 and 200."""
    (agent,) = Federation(tmp_path).ready("Z90001")
    agent.spool(agent.seal([pulse_table()]))
    agent.deliver()
    agent.federation.receive()
    assert agent.quarantined() == ()
    return agent


def _send(agent: Agent, *tables: SafeTable, restates: Restatement | None = None, **changes: object) -> str:
    """Put a true message at the next place of the practice's chain; its digest."""
    last = Receipt.objects.order_by("sequence").last()
    assert last is not None
    sequence = last.sequence + 1
    sealed = agent.seal(tables, **{"sequence": sequence, "previous": last.digest, "restates": restates} | changes)
    agent.drop(sealed.data, sequence)
    agent.federation.receive()
    return sealed.digest


def _first(agent: Agent) -> Restatement:
    return Restatement(agent.results()[0].digest, REASON)


def _explanations() -> list[str]:
    return list(Quarantined.objects.values_list("explanation", flat=True))


def test_a_restatement_is_recorded_beside_the_first_which_stays(elm: Agent) -> None:
    digest = _send(elm, pulse_table(340, 160), restates=_first(elm))

    first, second = elm.results()
    assert (second.restates, second.reason, second.digest) == (first, "records_corrected", digest)
    assert (first.restates, first.reason, first.is_restated) == (None, "", True)
    assert [figure.met_value for figure in Figure.objects.order_by("result__sequence")] == [300, 340]
    assert len(elm.receipts) == 3
    facts = Event.objects.filter(kind="result_received").order_by("pk").last()
    assert facts is not None
    assert (facts.facts["restates"], facts.facts["reason"]) == (first.digest, "records_corrected")


def test_a_second_restatement_is_set_aside(elm: Agent) -> None:
    _send(elm, pulse_table(340, 160), restates=_first(elm))

    _send(elm, pulse_table(350, 150), restates=_first(elm))

    assert elm.quarantined() == ("period_already_restated",)
    assert _explanations() == ["the result for 2026-03-31 has been restated"]
    assert len(elm.results()) == 2


def test_a_restatement_of_a_restatement_is_set_aside(elm: Agent) -> None:
    digest = _send(elm, pulse_table(340, 160), restates=_first(elm))

    _send(elm, pulse_table(350, 150), restates=Restatement(digest, REASON))

    assert elm.quarantined() == ("period_already_restated",)


def test_a_first_release_after_its_restatement_is_set_aside(elm: Agent) -> None:
    _send(elm, pulse_table(340, 160), restates=_first(elm))

    _send(elm, pulse_table(350, 150))

    assert elm.quarantined() == ("period_already_recorded",)


def test_a_restatement_without_its_first_release_is_set_aside_and_the_first_is_still_taken_in(tmp_path: Path) -> None:
    (elm,) = Federation(tmp_path).ready("Z90001")
    first = elm.seal([pulse_table()])

    _send(elm, pulse_table(340, 160), restates=Restatement(first.digest, REASON))
    elm.drop(first.data, 2)
    elm.federation.receive()

    assert elm.quarantined() == ("nothing_to_restate",)
    assert _explanations() == ["no result for 2026-03-31 is recorded that could be restated"]
    assert [result.is_restated for result in elm.results()] == [False]


def test_a_restatement_of_another_file_is_set_aside(elm: Agent) -> None:
    _send(elm, pulse_table(340, 160), restates=Restatement("ab" * 32, REASON))

    assert elm.quarantined() == ("restates_another_file",)
    assert _explanations() == ["it restates another file than the one recorded for 2026-03-31"]


def test_a_restatement_of_another_practices_file_is_set_aside(tmp_path: Path) -> None:
    elm, oak = Federation(tmp_path).ready("Z90001", "Z90002")
    for agent in (elm, oak):
        sealed = agent.seal([pulse_table()])
        agent.drop(sealed.data, 2)
    elm.federation.receive()
    before = oak.results()[0].digest

    again = oak.seal([pulse_table(340, 160)], sequence=3, previous=before, restates=_first(elm))
    oak.drop(again.data, 3)
    oak.federation.receive()

    assert oak.quarantined() == ("restates_another_file",)


def test_a_restatement_under_another_version_is_set_aside(elm: Agent) -> None:
    federation = elm.federation
    federation.propose(federation.terms(version=2))
    elm.say()
    federation.receive()
    federation.publish()

    _send(elm, pulse_table(340, 160), restates=_first(elm))

    assert elm.quarantined() == ("restates_another_version",)
    assert _explanations() == ["the result for 2026-03-31 is under another version"]


def test_a_first_release_of_a_period_that_another_version_has_is_set_aside(elm: Agent) -> None:
    """A new version of an agreement is not a way to release a period anew."""
    federation = elm.federation
    federation.propose(federation.terms(version=2))
    elm.say()
    federation.receive()
    federation.publish()

    _send(elm, pulse_table(340, 160))

    assert elm.quarantined() == ("period_already_recorded",)


def test_a_restatement_with_a_search_that_the_first_did_not_answer_is_set_aside(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    elm = federation.enrol("Z90001")
    files = {one: read_search(search_files(one)) for one in ("pulse-rhythm-65", OTHER_SEARCH)}
    terms = federation.terms()
    every = tuple(replace(terms.searches[0], search_id=one) for one in files)
    codelists = {name: found.digest for one in files.values() for name, found in one.codelists.items()}
    federation.propose(replace(terms, searches=every, codelists=codelists))
    elm.say()
    federation.receive()
    federation.publish(*files)
    _send(elm, pulse_table())
    assert elm.quarantined() == ()

    _send(elm, pulse_table(340, 160), table_of(files[OTHER_SEARCH], 300, 200), restates=_first(elm))

    assert elm.quarantined() == ("restates_other_searches",)
    assert _explanations() == [f"it answers searches that the first did not: {OTHER_SEARCH}"]


def test_the_database_itself_holds_one_first_and_one_restatement(elm: Agent) -> None:
    _send(elm, pulse_table(340, 160), restates=_first(elm))

    for result in elm.results():
        columns = {field.attname: getattr(result, field.attname) for field in Result._meta.fields}
        with pytest.raises(IntegrityError, match="UNIQUE"), transaction.atomic():
            Result(**{name: value for name, value in columns.items() if name != "id"}).save()


def test_a_restatement_says_why(elm: Agent) -> None:
    (first,) = elm.results()
    columns = {field.attname: getattr(first, field.attname) for field in Result._meta.fields if field.attname != "id"}
    receipt = Receipt.objects.get(sequence=1)

    with pytest.raises(IntegrityError, match="a_restatement_says_why"), transaction.atomic():
        Result(**columns | {"restates_id": first.pk, "receipt_id": receipt.pk}).save()


def test_the_migrations_make_the_tables_that_the_models_say(elm: Agent) -> None:
    said = io.StringIO()
    call_command("makemigrations", "hub", dry_run=True, check_changes=True, stdout=said)
    assert "No changes detected" in said.getvalue()


def test_results_of_before_there_were_restatements_are_kept_and_stay_written_once(elm: Agent) -> None:
    executor = MigrationExecutor(connection)
    with redirect_stdout(io.StringIO()):
        executor.migrate([("hub", "0002_written_once")])
        _cannot_be_changed()
        MigrationExecutor(connection).migrate([("hub", "0005_restatements")])

    _cannot_be_changed()
    (result,) = elm.results()
    assert (result.restates, result.reason, result.is_restated) == (None, "", False)
    _send(elm, pulse_table(340, 160), restates=_first(elm))
    assert elm.quarantined() == ()


def _cannot_be_changed() -> None:
    for statement in ("UPDATE hub_result SET id = id", "DELETE FROM hub_result"):
        with (
            pytest.raises(DatabaseError, match="a result is written once"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("step", STEPS)
def test_a_restatement_is_recorded_exactly_once_though_the_hub_is_killed(elm: Agent, step: str) -> None:
    first = elm.results()[0]
    sealed = elm.seal([pulse_table(340, 160)], sequence=3, previous=first.digest, restates=_first(elm))
    elm.drop(sealed.data, 3)

    _receive_until_killed(elm.federation, step)
    elm.federation.receive()

    assert [(one.digest, one.restates) for one in elm.results()] == [(first.digest, None), (sealed.digest, first)]
    assert Figure.objects.count() == 2
    assert Event.objects.filter(kind="result_received", facts__restates=first.digest).count() == 1
    assert elm.quarantined() == ()
    assert len(elm.receipts) == 3
    assert list(elm.in_folder.iterdir()) == []
