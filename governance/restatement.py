"""A restatement: a second release for a period that was released before, labelled so; there is no third.

The figures of an audit are often wrong until somebody has put the records right. A restatement goes through everything
that a release goes through; it names the file that it restates, by its digest, and why, by one of a few words. Both
sides keep the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class RestatementReason(StrEnum):
    """Why a period is released again: a closed list, so that no text can leave. New ones are added at the end."""

    RECORDS_CORRECTED = "records_corrected"
    EXTRACT_WAS_INCOMPLETE = "extract_was_incomplete"
    OPT_OUTS_CORRECTED = "opt_outs_corrected"
    SEARCH_CORRECTED = "search_corrected"

    @property
    def words(self) -> str:
        """For people: `records corrected`."""
        return self.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Restatement:
    """What a restatement says of itself.

    Args:
        file: SHA-256 (hex) of the sealed file that it restates.
        reason: why.
    """

    file: str
    reason: RestatementReason

    def to_json(self) -> dict[str, object]:
        """As it stands in the payload."""
        return {"file": self.file, "reason": str(self.reason)}
