"""What is written once stays as it is, whoever tries."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from hub.errors import HubError
from hub.inbox import opened_message, opened_tables
from hub.models import Event, Figure, Result
from hub.searches import search_of
from tests.federation import REFERENCE_DATE, SEARCH, Federation, pulse_table


def _recorded(tmp_path: Path) -> Result:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()
    return Result.objects.get()


def test_a_result_can_be_neither_changed_nor_deleted(tmp_path: Path) -> None:
    result = _recorded(tmp_path)
    result.sealed = b"other"

    with pytest.raises(HubError, match="a result is written once and never changed"):
        result.save()
    with pytest.raises(HubError, match="a result is written once and never deleted"):
        result.delete()


@pytest.mark.parametrize("model", [Result, Figure, Event])
def test_the_database_itself_refuses_to_change_or_delete_what_is_written_once(tmp_path: Path, model: type) -> None:
    _recorded(tmp_path)
    table = model._meta.db_table  # type: ignore[attr-defined]
    word = f"a {model.__name__.lower()} is written once"

    for statement in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match=word), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(DatabaseError, match=word), transaction.atomic():
        model.objects.update(id=1)  # type: ignore[attr-defined]


def test_there_is_one_result_for_a_practice_agreement_and_period(tmp_path: Path) -> None:
    first = _recorded(tmp_path)
    columns = {field.attname: getattr(first, field.attname) for field in Result._meta.fields if field.attname != "id"}

    with pytest.raises(IntegrityError, match="UNIQUE"), transaction.atomic():
        Result(**columns).save()


def test_a_stored_result_is_read_again_from_the_payload_that_the_practice_signed(tmp_path: Path) -> None:
    result = _recorded(tmp_path)

    message, (table,) = opened_message(result), opened_tables(result)

    assert (message.practice, message.reference_date, message.payload) == ("Z90001", REFERENCE_DATE, result.opened)
    assert (table.search_id, table.totals.met.value, table.totals.not_met.value) == (SEARCH, 300, 200)
    assert result.list_size_band == message.list_size_band == "4,000 to 7,999"


def test_a_published_search_is_read_again_as_a_search(tmp_path: Path) -> None:
    figure = _recorded(tmp_path).figures.get()

    search = search_of(figure.search)

    assert (search.id, search.digest) == (SEARCH, figure.search.digest)
