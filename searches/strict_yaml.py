"""YAML without its traps: no key twice (the last would win in silence), no aliases (a small file could grow without end).

Dates become `date`, numbers stay numbers; `no`, `on` and `2025-13` are refused later, by the type of the field they stand
in.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from searches.errors import DocumentError

MAX_YAML_CHARACTERS = 200_000


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses what it would otherwise settle in silence."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.MarkedYAMLError(problem="an alias (*name) is refused", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def read_yaml(name: str, text: str) -> object:
    """Read one YAML document.

    Args:
        name: of the file, for messages.
        text: the whole file.

    Raises:
        DocumentError: it is too long, malformed, or holds an alias or a key twice.
    """
    if len(text) > MAX_YAML_CHARACTERS:
        raise DocumentError(f"{name} is longer than {MAX_YAML_CHARACTERS} characters")
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise DocumentError(f"{name}{place}: {error.problem}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date such as 2026-02-30 is a ValueError
        raise DocumentError(f"{name}: {str(error).splitlines()[0]}") from error
