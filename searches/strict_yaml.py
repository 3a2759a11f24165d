"""YAML without its traps: no key twice (the last would win), no aliases (a small file could grow without end).

Dates become `date` and numbers stay numbers; as in YAML 1.2, only `true` and `false` are truth values, so that `on:` is
a field and `no` a text.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from typing import Any

import yaml

from searches.errors import DocumentError

MAX_YAML_CHARACTERS = 200_000


class _StrictLoader(yaml.SafeLoader):
    """A safe loader that refuses what it would otherwise settle in silence."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="an alias (*name) is refused", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


_BOOL = "tag:yaml.org,2002:bool"
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_StrictLoader.add_implicit_resolver(_BOOL, re.compile(r"(?:true|false)$"), ["t", "f"])


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
