"""`gpfed-search test`: a search over its hand-made patients."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Mapping

from searches.commands.folders import folder_of, print_json, search_of
from searches.document import TESTS
from searches.errors import DocumentError
from searches.handmade.verdict import Verdict, verdicts


def run(options: Namespace) -> int:
    """Check what the search says of every hand-made patient.

    Returns:
        0 if all is as expected, 1 otherwise.
    """
    search = search_of(options)
    path = folder_of(options) / TESTS
    if not path.is_file():
        raise DocumentError(f"search {search.id} has no {TESTS}", "write hand-made patients and what each must get")
    found = verdicts(search, path.read_text(encoding="utf-8"))
    failed = [verdict for verdict in found if not verdict.holds]
    if options.json:
        print_json({"search": search.id, "checked": len(found), "failed": len(failed), "patients": _facts(found)})
    else:
        _print(found)
    print(f"{len(found)} checked, {len(failed)} not as expected", file=sys.stderr)
    return 1 if failed else 0


def _facts(found: tuple[Verdict, ...]) -> list[dict[str, object]]:
    return [
        {"name": one.name, "holds": one.holds, "expected": dict(one.expected), "found": dict(one.found)}
        for one in found
    ]


def _print(found: tuple[Verdict, ...]) -> None:
    for one in found:
        print(f"{'ok  ' if one.holds else 'FAIL'}  {one.name}: {_words(one.found)}")
        if not one.holds:
            print(f"      expected {_words(one.expected)}")


def _words(said: Mapping[str, str]) -> str:
    return ", ".join(value if name == "outcome" else f"{name} {value}" for name, value in said.items())
