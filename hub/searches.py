"""A published search, read again into the value that the rest of the code works with."""

from __future__ import annotations

from functools import lru_cache

from hub.models import PublishedSearch
from searches.document import SearchFiles, read_search
from searches.search import Search


def search_of(published: PublishedSearch) -> Search:
    """The search of a published row; parsed once per content, so that the row's texts may be left unfetched."""
    return _search(published.digest, published.pk)


@lru_cache(maxsize=1024)
def _search(_digest: str, row: int) -> Search:
    published = PublishedSearch.objects.only("files", "codelists").get(pk=row)
    return read_search(SearchFiles(published.files, published.codelists))
