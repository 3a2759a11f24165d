"""What the hub takes in, and what it sets aside, told as attacks."""

from __future__ import annotations

from pathlib import Path

from tests.federation import Federation, pulse_table


def test_a_true_result_is_recorded_once_with_figure_event_and_receipt(tmp_path: Path) -> None:
    federation = Federation(tmp_path)
    (elm,) = federation.ready("Z90001")
    elm.spool(elm.seal([pulse_table()]))
    elm.deliver()

    turn = federation.receive()

    assert (turn.received, turn.quarantined, turn.failed) == (1, 0, 0)
    (result,) = elm.results()
    assert [(figure.met_value, figure.not_met_value) for figure in result.figures.all()] == [(300, 200)]
    assert elm.receipts == ("00000001.receipt", "00000002.receipt")
