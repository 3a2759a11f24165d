"""Which folder a command means, and how results are printed."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

from searches.document import library, library_folder, load_search
from searches.search import Search


def folder_of(options: Namespace) -> Path:
    """The folder that was given, or that of the packaged search of that name."""
    given: Path = options.folder
    return library_folder(given.name) if not given.is_dir() and str(given) in library() else given


def search_of(options: Namespace) -> Search:
    """The checked search that was given.

    Raises:
        SearchesError: it is refused.
    """
    return load_search(folder_of(options), options.codelists)


def print_json(value: object) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(value, indent=2, ensure_ascii=False))
