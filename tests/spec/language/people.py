"""The drawn people in a real database, and what it answers about them."""

from __future__ import annotations

from searches.canon import TABLES
from searches.engines import Engine
from tests.engine_servers import Database, text_columns
from tests.spec.language.asked import Asked
from tests.spec.language.drawn import Section, rows_of


class People:
    """A database that holds the people of one section at a time, as the text that a supplier's files are."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._held: Section | None = None

    def differences(self, section: Section, asked: Asked, engine: Engine) -> list[str]:
        """What the database answers otherwise than it is drawn."""
        self.hold(section)
        return asked.differences(self.database.query(asked.sql(engine)))

    def hold(self, section: Section) -> None:
        """Have the people of this section, and of no other."""
        if self._held is section:
            return
        for name, rows in rows_of(section).items():
            if self._held is not None:
                self.database.drop(name)
            columns = [column.name for column in TABLES[name].columns]
            written = [(*(row.get(column) for column in columns), 1, at) for at, row in enumerate(rows, 1)]
            self.database.create(name, text_columns(columns), written)
        self._held = section
