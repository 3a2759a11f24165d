"""`python -m tests.simulation NAME`: run one of the long simulations and write its report under docs/reports/."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.simulation import adversary, usefulness, years

REPORTS = Path(__file__).resolve().parents[2] / "docs" / "reports"
RUNS: dict[str, Callable[[Path, Path], bool]] = {
    "years": years.write,
    "usefulness": usefulness.write,
    "adversary": adversary.write,
}


def main() -> int:
    """Run one; 1 when a number falls short."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=RUNS)
    parser.add_argument("--reports", type=Path, default=REPORTS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return 0 if RUNS[chosen.name](Path(folder), chosen.reports) else 1


if __name__ == "__main__":
    sys.exit(main())
