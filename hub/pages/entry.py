"""In by a signed link, which is then left behind, and out again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from hub.errors import AccessError
from hub.settings import active_config
from hub.viewer import Viewer, enter, read_token, viewer_of

PracticeView = Callable[..., HttpResponse]


def arrive(request: HttpRequest, token: str) -> HttpResponse:
    """Check a link, remember who came in, and go on to an address that holds no token."""
    try:
        viewer = read_token(active_config(), token)
    except AccessError as error:
        request.session.flush()  # who follows a bad link is nobody, whoever they were before
        return closed(request, error.message, status=403)
    request.session.cycle_key()
    enter(request.session, viewer)
    return HttpResponseRedirect("/coverage/" if viewer.is_staff else "/practice/")


def home(request: HttpRequest) -> HttpResponse:
    """Whoever is in goes to their first page; others are told how to come in."""
    viewer = viewer_of(request.session)
    if viewer is None:
        return closed(request, "", status=200)
    return HttpResponseRedirect("/coverage/" if viewer.is_staff else "/practice/")


def leave(request: HttpRequest) -> HttpResponse:
    """Forget who came in."""
    request.session.flush()
    return closed(request, "", status=200)


def closed(request: HttpRequest, why: str, *, status: int) -> HttpResponse:
    """The page that shows nothing but how to come in."""
    return render(request, "closed.jinja", {"why": why}, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django gives both
    """The page for an address that leads nowhere; it says no more to one than to another."""
    return render(request, "not_found.jinja", {"viewer": viewer_of(request.session)}, status=404)


def for_practice(view: PracticeView) -> PracticeView:
    """Let only a practice in; the view is given its code."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        viewer = viewer_of(request.session)
        if viewer is None or viewer.is_staff:
            return closed(request, "", status=403)
        return view(request, viewer.practice_code, **parts)

    return guarded


def for_staff(view: PracticeView) -> PracticeView:
    """Let only the hub's staff in."""

    @wraps(view)
    def guarded(request: HttpRequest, **parts: str) -> HttpResponse:
        viewer: Viewer | None = viewer_of(request.session)
        if viewer is None or not viewer.is_staff:
            return closed(request, "", status=403)
        return view(request, **parts)

    return guarded
