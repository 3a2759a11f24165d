"""The extract of one invented practice, written by `gpfed-search synthesise`."""

from __future__ import annotations

from pathlib import Path

from hub.demo.plan import REFERENCE_DATE, PlannedPractice
from hub.demo.steps import program


def extract_folder(folder: Path, practice: PlannedPractice) -> Path:
    """Where a practice's nightly files lie."""
    return folder / "extracts" / practice.code


def synthesise(folder: Path, practice: PlannedPractice) -> None:
    """Write a practice's extract as its record system would deliver it."""
    program(
        *("searches", "synthesise", "--layout", practice.layout, "--patients", str(practice.patients)),
        *("--seed", str(practice.seed), "--practice", practice.code),
        *("--reference-date", REFERENCE_DATE.isoformat(), "--out", str(extract_folder(folder, practice))),
    )
