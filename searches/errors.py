"""Everything that `searches` refuses, as one tree.

    SearchesError
    ├── DocumentError      a search's folder cannot be read as a search
    ├── RuleError          the SQL breaks a rule; carries line, column and a suggestion
    ├── CodelistError      a code list is missing, malformed or fails its check digits
    ├── LayoutError        a layout has no source for what is asked
    ├── ExtractError       a supplier's folder cannot be loaded
    ├── DatabaseError      a site's database does not answer, or is not as it was
    └── AnswerError        a search ran, but what it returned is not a valid answer

A message says what was refused, which item, what was expected and what was found. It never holds a value read from a
patient's record. What to do next is the `hint`.
"""

from __future__ import annotations


class SearchesError(Exception):
    """Base of every refusal of this package.

    Args:
        message: what was refused; lower case, no full stop.
        hint: what to do next, or an empty string.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class DocumentError(SearchesError):
    """A search's folder cannot be read as a search."""


class RuleError(SearchesError):
    """A search's SQL breaks a rule.

    Args:
        reason: which rule, in words.
        line: line of `search.sql`, from 1.
        column: column in that line, from 1.
        suggestion: the supported spelling, or an empty string.
    """

    def __init__(self, reason: str, line: int, column: int, suggestion: str = "") -> None:
        super().__init__(f"line {line}, column {column}: {reason}", suggestion)
        self.reason = reason
        self.line = line
        self.column = column
        self.suggestion = suggestion


class CodelistError(SearchesError):
    """A code list is missing, malformed, or holds a code that fails its check digit."""


class LayoutError(SearchesError):
    """A layout has no source for what a search asks; `reason` is a code such as `layout_has_no_appointments`."""

    def __init__(self, message: str, reason: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class ExtractError(SearchesError):
    """A supplier's folder cannot be loaded as the layout says."""

    exit_code = 13


class DatabaseError(SearchesError):
    """A site's database does not answer, or is not as it was; `reason` is a code such as `connection_lost`."""

    exit_code = 13

    def __init__(self, message: str, reason: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.reason = reason


class AnswerError(SearchesError):
    """A search ran, but its rows are not a valid answer (two rows that disagree, an undeclared value)."""
