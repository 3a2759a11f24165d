"""Results that a hub took in under earlier disclosure rules are shown as they came; nothing new comes so."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from governance import payload, suppress
from governance.cells import ReceivedTable, Shape
from governance.errors import DisclosureError
from governance.suppress import ENGINE_VERSION, as_received
from hub.inbox import opened_message, opened_tables
from hub.pages.practice import _rules_words
from searches.document import read_search
from tests.federation import Agent, Federation, pulse_table, search_files


@contextmanager
def earlier_rules() -> Iterator[None]:
    """Agent and hub as they were under version 1."""
    with patch.object(payload, "ENGINE_VERSION", 1), patch.object(suppress, "ENGINE_VERSION", 1):
        yield


def sent(elm: Agent) -> None:
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    elm.federation.receive()


def test_a_stored_result_of_earlier_rules_is_shown_as_it_was_received_and_says_so(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    with earlier_rules():
        sent(elm)
    (result,) = elm.results()

    (table,) = opened_tables(result)

    assert (table.engine_version, table.totals) == (1, pulse_table().totals)
    assert _rules_words(table) == "gp-bench, version 1 of the rules: checked under that version when received"
    assert _rules_words(pulse_table()) == f"gp-bench, version {ENGINE_VERSION} of the rules"


def test_what_comes_in_now_under_earlier_rules_is_set_aside(tmp_path: Path) -> None:
    """Else a dishonest agent would name old rules to be looked at by none."""
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    with patch.object(payload, "ENGINE_VERSION", 1):
        elm.spool(elm.seal([pulse_table()]))
    elm.deliver()
    federation.receive()

    assert elm.quarantined() == ("breaks_profile",)
    assert elm.results() == []


def received(tmp_path: Path) -> ReceivedTable:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    sent(elm)
    return opened_message(elm.results()[0]).tables[0]


def test_as_received_is_for_earlier_rules_and_the_search_as_declared(tmp_path: Path) -> None:
    shape, table = Shape.of(read_search(search_files())), received(tmp_path)
    old = replace(table, engine_version=1)

    assert as_received(old, shape).engine_version == 1
    for wrong in (table, replace(old, search_id="another"), replace(old, rows=old.rows[:-1])):
        with pytest.raises(DisclosureError, match="is not an earlier release of pulse-rhythm-65"):
            as_received(wrong, shape)
