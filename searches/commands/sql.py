"""`gpfed-search sql`: the one statement that a search becomes in a record system."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from searches.commands.folders import print_json, search_of
from searches.engines import ENGINES, Site
from searches.layouts import layout
from searches.translate import ask, statement


def run(options: Namespace) -> int:
    """Translate a search and print it.

    Returns:
        0; a layout without a source for what is asked raises.
    """
    chosen = layout(options.layout)
    question = ask(search_of(options), chosen, options.reference_date)
    site = Site(options.schema, options.prefix)
    practice = options.practice or chosen.synthetic_practice
    local = statement(question, chosen, ENGINES[options.engine], practice, site)
    if options.json:
        print_json({"sql": local.sql, "receipt": asdict(local.receipt)})
        return 0
    print(local.sql)
    if options.receipt:
        for name, value in asdict(local.receipt).items():
            print(f"-- {name}: {value}")
    return 0
