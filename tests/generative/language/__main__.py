"""Write docs/reports/generative.md: `python -m tests.generative.language [--searches N] [--populations N] [--seed S]`.

Exit codes: 0 every engine agrees with the evaluator on everything, in every layout, 1 one does not. That every
construct is generated is what the suite's own test holds, over more searches than are asked here.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.generative.language.report import written
from tests.generative.language.running import Run

REPORT = Path(__file__).resolve().parents[3] / "docs" / "reports" / "generative.md"
SEARCHES, POPULATIONS, SEED = 150, 25, 20_261_122


def main() -> int:
    """Ask, compare, and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.generative.language", description=__doc__)
    parser.add_argument("--searches", type=int, default=SEARCHES)
    parser.add_argument("--populations", type=int, default=POPULATIONS, help="for each of four reference dates")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=REPORT, help="where to write the report")
    chosen = parser.parse_args()
    run = Run.of(chosen.searches, chosen.populations, chosen.seed)
    run.everything()
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(written(run), encoding="utf-8")
    return 1 if run.differences else 0


if __name__ == "__main__":
    sys.exit(main())
