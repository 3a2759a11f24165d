"""A column of a database's own type is read alike by every engine: a float of four bytes, a time, a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from struct import pack, unpack
from typing import Any

import pytest
from sqlglot import exp

from searches.engines import AS_NAMED, ENGINES
from searches.layouts import layout
from searches.layouts.expand import Bindings
from searches.layouts.written import Ground, over_raw
from tests.engine_servers import RUNNING, Database, Servers

CHOSEN = layout("opensafely_tpp")
NUMBERS = (
    *(0.0, 7.1, 58.0, 7.5, 0.1, 0.001, 0.0005, 0.0004, 0.0625, 0.1875, -0.0625, -1.5, 48.123, 123.4565, 1234.5675),
    *(123456.789, 9999999.0, 1e12, -1e12, 1e15, 1.1e16, -3e38, 1e-30),
)
"""Some halfway between two thousandths, and some that no DECIMAL(19, 3) holds."""

MOMENTS = tuple(
    datetime.fromisoformat(text)
    for text in (
        *("2025-06-01 00:00:00", "2025-06-01 23:59:59", "2024-02-29 00:00:01", "1900-01-01 00:00:00"),
        *("9999-12-31 00:00:00", "1900-01-02 00:00:00", "9999-12-30 00:00:00"),
    )
)


def of_four_bytes(value: float) -> float:
    found: float = unpack("f", pack("f", value))[0]
    return found


def to_three_decimals(value: float) -> Decimal | None:
    if value == 0 or abs(value) >= 1e16:
        return None
    return Decimal(of_four_bytes(value)).quantize(Decimal("0.001"), ROUND_HALF_UP)


@pytest.fixture(scope="module", params=RUNNING)
def database(request: pytest.FixtureRequest, servers: Servers) -> Iterator[Database]:
    with servers.database(request.param) as opened:
        for name, rows in tables().items():
            types = CHOSEN.raw[name].types
            columns = {column: types.get(column, "text") for column in rows[0]}
            opened.create(name, columns, [tuple(row.values()) for row in rows])
        yield opened


def tables() -> dict[str, list[dict[str, Any]]]:
    never = MOMENTS[4]
    entries = [
        {
            "CodedEvent_ID": place,
            "Patient_ID": 1,
            "ConsultationDate": MOMENTS[place % len(MOMENTS)],
            "CTV3Code": f"C10{'aA'[place % 2]}. ",
            "NumericValue": of_four_bytes(value),
        }
        for place, value in enumerate(NUMBERS)
    ]
    concepts = [
        {**{key: row[key] for key in row if key != "CTV3Code"}, "CodeSystemId": 0, "ConceptId": "44054006"}
        for row in entries[::2]
    ]
    spell = {"Registration_ID": 1, "Organisation_ID": 90001, "Patient_ID": 1, "StartDate": MOMENTS[2]}
    return {
        "Patient": [{"Patient_ID": 1, "DateOfBirth": date(1956, 2, 1), "DateOfDeath": never.date(), "Sex": "F"}],
        "RegistrationHistory": [{**spell, "EndDate": never}],
        "DirectionsAcknowledged": [{"Organisation_ID": 90001}],
        "CodedEvent": entries,
        "CodedEvent_SNOMED": concepts,
        "LatestBuildTime": [{"DtLatestBuild": MOMENTS[1]}],
    }


def found(database: Database, table: str, *columns: str) -> list[tuple[Any, ...]]:
    ground = Ground(CHOSEN, Bindings(date(9999, 12, 31), "90001"), ENGINES[database.name], AS_NAMED)
    return sorted(database.query(over_raw(ground, exp.select(*columns).from_(table))))


def test_a_float_of_four_bytes_is_its_three_decimals_or_nothing(database: Database) -> None:
    expected = [(place, to_three_decimals(value)) for place, value in enumerate(NUMBERS)]
    assert found(database, "event", "event_id", "value") == expected


def test_the_day_of_a_moment_is_itself_unless_it_stands_for_none(database: Database) -> None:
    days = [moment.date() for moment in MOMENTS]
    nothing = {date(1900, 1, 1), date(9999, 12, 31)}
    expected = [(place, days[place % len(days)]) for place in range(len(NUMBERS))]
    assert found(database, "event", "event_id", "event_date") == [
        (place, None if day in nothing else day) for place, day in expected
    ]


def test_codes_of_both_tables_are_one_row_with_their_case_and_without_blanks(database: Database) -> None:
    assert found(database, "event", "event_id", "code_ctv3", "code_snomed") == [
        (place, f"C10{'aA'[place % 2]}.", None if place % 2 else "44054006") for place in range(len(NUMBERS))
    ]


def test_the_database_says_of_which_day_it_is(database: Database) -> None:
    assert found(database, "as_of", "day") == [(date(2025, 6, 1),)]
