"""What the agent's own TOML files may hold, checked by hand: the idle service reads them too, and stays small."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from agent.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Text:
    """A text that matches a pattern as a whole."""

    pattern: str
    expected: str

    def accepts(self, value: object) -> bool:
        """Is it one?"""
        return isinstance(value, str) and re.fullmatch(self.pattern, value) is not None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some words."""

    words: tuple[str, ...]

    @property
    def expected(self) -> str:
        """In words."""
        return f"one of: {', '.join(self.words)}"

    def accepts(self, value: object) -> bool:
        """Is it one?"""
        return value in self.words


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number in a range."""

    least: int
    most: int

    @property
    def expected(self) -> str:
        """In words."""
        return f"a whole number from {self.least} to {self.most}"

    def accepts(self, value: object) -> bool:
        """Is it one?"""
        return type(value) is int and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Texts:
    """A list of texts that each match a pattern."""

    each: Text

    @property
    def expected(self) -> str:
        """In words."""
        return f"a list, each {self.each.expected}"

    def accepts(self, value: object) -> bool:
        """Is it one?"""
        return isinstance(value, list) and all(self.each.accepts(item) for item in value)


@dataclass(frozen=True, slots=True)
class Pairs:
    """A table of any names, each with a value."""

    name: Text
    value: Text | Choice

    @property
    def expected(self) -> str:
        """In words."""
        return f"a table of: {self.name.expected}, with {self.value.expected}"

    def accepts(self, value: object) -> bool:
        """Is it one?"""
        return isinstance(value, dict) and all(
            self.name.accepts(name) and self.value.accepts(kind) for name, kind in value.items()
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table of these names.

    Args:
        fields: by name.
        optional: names that may be left out.
    """

    fields: Mapping[str, Field]
    optional: frozenset[str] = frozenset()
    expected = "a table"

    def accepts(self, value: object) -> bool:
        """Is it one? What is in it is for `check`."""
        return isinstance(value, dict)


Field = Text | Choice | Number | Texts | Pairs | Table


def check(values: Mapping[str, object], shape: Table, place: str, hint: str) -> None:
    """Refuse a name that is not in the shape, and a value that is not as it says.

    Args:
        values: as read.
        shape: of the table.
        place: what stands before each name in a message, such as `agent.toml: hub.`.
        hint: what to do next.

    Raises:
        ConfigError: on the first that is wrong.
    """
    for name in values:
        if name not in shape.fields:
            raise ConfigError(f"{place}{name} is not a setting", hint)
    for name, field in shape.fields.items():
        value = values.get(name)
        if name not in values and name in shape.optional:
            continue
        if not field.accepts(value):
            raise ConfigError(f"{place}{name} is not {field.expected}", hint)
        if isinstance(field, Table) and isinstance(value, dict):
            check(value, field, f"{place}{name}.", hint)
