"""The page of an agreement as a file: HTML always, PDF where WeasyPrint and Pango are there."""

from __future__ import annotations

from pathlib import Path

from governance.agreement import Agreement
from governance.agreement_text import page_of
from governance.errors import FormatError

_HINT = 'pip install "gpfed[pdf]" and the system\'s Pango; or give a name ending in .html and print it in a browser'


def write_page(agreement: Agreement, path: Path) -> None:
    """Write the page of an agreement; a name ending in .pdf makes a PDF.

    Raises:
        FormatError: the file cannot be written, or a PDF cannot be made here.
    """
    page = page_of(agreement)
    data = _pdf(page) if path.suffix.lower() == ".pdf" else page.encode("utf-8")
    try:
        path.write_bytes(data)
    except OSError as error:
        raise FormatError(f"{path} cannot be written: {error.strerror}") from error


def _pdf(page: str) -> bytes:
    try:
        # Optional, and it loads the system's text engine.
        from weasyprint import HTML  # noqa: PLC0415
    except ImportError as error:
        raise FormatError("a PDF needs WeasyPrint, which is not installed", _HINT) from error
    except OSError as error:
        raise FormatError("a PDF needs Pango, which this machine does not have", _HINT) from error
    made: bytes = HTML(string=page).write_pdf(pdf_variant="pdf/ua-1")
    return made
