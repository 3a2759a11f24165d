"""A supplier's folder as raw tables: which deliveries there are, in which order they came, and what is in their files.

`open_extract` looks at names and refuses what is missing; rows are read when a question is asked, and only the columns
that it needs.
"""

from __future__ import annotations

from searches.extract.opening import Extract, open_extract

__all__ = ["Extract", "open_extract"]
