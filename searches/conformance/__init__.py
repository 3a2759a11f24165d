"""Does a database answer as it must? Asked of made-up people, whose answers are known, before anything is released.

    fixtures/<layout>.json   the people as raw rows of that layout, and who is who
    searches/, codelists/    golden searches: between them every word of the language
    answers.json             who must be where in each answer, worked out by the reference and confirmed by an evaluator
                             that shares nothing with the translator

A login at a site may only read, so the people are not stored: they travel inside the statement, as rows written out in
place of the raw tables. All else is as in a real run: the layout's SQL, the engine's writer, the batch, the session.
"""

from __future__ import annotations

from searches.conformance.checking import check, check_embedded
from searches.conformance.kit import FOLDER, golden_searches, kit_version
from searches.conformance.result import Conformance, Tried

__all__ = ["FOLDER", "Conformance", "Tried", "check", "check_embedded", "golden_searches", "kit_version"]
