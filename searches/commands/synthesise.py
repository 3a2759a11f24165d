"""`gpfed-search synthesise`: the folder of a practice that does not exist."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict

from searches.commands.folders import print_json
from searches.errors import ExtractError
from searches.synthetic import synthesise


def run(options: Namespace) -> int:
    """Write the folder.

    Raises:
        ExtractError: the folder holds something already; old deliveries would be read with the new ones.
    """
    if options.out.is_dir() and any(options.out.iterdir()):
        raise ExtractError(f"the folder {options.out.name} is not empty", "give an empty folder, or one to be made")
    print(f"writing {options.patients} patients as {options.layout}", file=sys.stderr)
    report = synthesise(
        options.layout, options.patients, options.seed, options.out, options.reference_date, options.practice
    )
    if options.json:
        print_json(asdict(report))
    else:
        print(f"{options.out}: {report.layout}, practice {report.practice}, {sum(report.rows.values())} rows")
    return 0
