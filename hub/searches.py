"""A published search, read again into the values that the rest of the code works with."""

from __future__ import annotations

from functools import lru_cache

from governance.cells import Shape
from hub.models import PublishedSearch
from searches.document import SearchFiles, read_search
from searches.search import Search


def search_of(published: PublishedSearch) -> Search:
    """The search of a published row; parsed once per content, so that the row's texts may be left unfetched."""
    return _search(published.digest, published.pk)


def shape_of(published: PublishedSearch) -> Shape:
    """The shape that a published search declares; worked out once per content."""
    return _shape(published.digest, published.pk)


@lru_cache(maxsize=4096)
def _shape(digest: str, row: int) -> Shape:
    return Shape.of(_search(digest, row))


@lru_cache(maxsize=1024)
def _search(_digest: str, row: int) -> Search:
    published = PublishedSearch.objects.only("files", "codelists").get(pk=row)
    return read_search(SearchFiles(published.files, published.codelists))
