"""A published search, read again into the value that the rest of the code works with."""

from __future__ import annotations

from functools import lru_cache

from hub.models import PublishedSearch
from searches.document import SearchFiles, read_search
from searches.search import Search


def search_of(published: PublishedSearch) -> Search:
    """The search of a published row; parsed once per content."""
    return _search(published.digest, tuple(published.files.items()), tuple(published.codelists.items()))


@lru_cache(maxsize=1024)
def _search(_digest: str, files: tuple[tuple[str, str], ...], codelists: tuple[tuple[str, str], ...]) -> Search:
    return read_search(SearchFiles(dict(files), dict(codelists)))
