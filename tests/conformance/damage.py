"""A real server that answers wrongly, without a word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.databases import SiteServer


@contextmanager
def damaged(here: SiteServer) -> Iterator[None]:
    """One of the server's own functions is no longer what it was, as after an upgrade that went wrong."""
    here.admin.run("ALTER FUNCTION pg_catalog.lower(text) RENAME TO lower_before")
    here.admin.run("CREATE FUNCTION pg_catalog.lower(text) RETURNS text LANGUAGE sql AS 'SELECT $1'")
    try:
        yield
    finally:
        here.admin.run("DROP FUNCTION pg_catalog.lower(text)")
        here.admin.run("ALTER FUNCTION pg_catalog.lower_before(text) RENAME TO lower")
