"""A published search, read again into the values that the rest of the code works with."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from governance.cells import Shape
from hub.models import PublishedSearch
from searches.codelist import NAME, parse_codelist
from searches.document import CODELISTS_FOLDER, SearchFiles, read_search
from searches.errors import CodelistError
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


def pins(folder: Path | None = None) -> Callable[[str], str]:
    """Finds the SHA-256 (hex) of the codes of a code list, as an agreement pins them.

    Args:
        folder: of NAME.csv; the packaged lists if not given.
    """
    where = folder or CODELISTS_FOLDER

    def pin(name: str) -> str:
        path = where / f"{name}.csv"
        if not NAME.fullmatch(name) or not path.is_file():
            raise CodelistError(f"there is no code list {name[:63]!r} in {where}", "say where it is with --codelists")
        return parse_codelist(name, path.read_text(encoding="utf-8")).digest

    return pin
