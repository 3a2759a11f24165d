"""The style sheet and the icons, from a closed list: a path in an address never becomes a path on the disk."""

from __future__ import annotations

from pathlib import Path

from django.http import Http404, HttpRequest, HttpResponse

FOLDER = Path(__file__).parent.parent / "static"
TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8"}
NAMES = frozenset(
    path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file() and path.suffix in TYPES
)


def asset(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001 - a view is given its request
    """One file of the closed list.

    Raises:
        Http404: there is no such file.
    """
    if name not in NAMES:
        raise Http404("there is no such file")
    path = FOLDER / name
    return HttpResponse(
        path.read_bytes(), content_type=TYPES[path.suffix], headers={"Cache-Control": "public, max-age=3600"}
    )
