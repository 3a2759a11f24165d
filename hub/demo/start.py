"""The demonstration from its first step to its last."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

from hub.config import config_text
from hub.demo.plan import plan
from hub.demo.server import Server, serving
from hub.demo.steps import Steps, two_at_a_time
from hub.demo.synthesise import synthesise
from hub.founding import found

HUB_CODE, HUB_NAME = "DEMO", "Demonstration hub"
FREE_PORTS: dict[str, str | int | bool] = {"sftp_port": 0, "web_port": 0}
"""Any free ones: a demonstration disturbs nothing."""


def start(folder: Path, arguments: argparse.Namespace) -> int:
    """Build, show, and serve until Ctrl-C (or until it is told to end, which is the same to it)."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # else the serving hub would outlive it
    steps = Steps()
    practices = plan(arguments.practices, arguments.patients, arguments.seed)
    with steps.step("hub", "1/7 making the hub, three people's keys and the agreement"):
        config = found(folder / "hub", config_text(HUB_CODE, HUB_NAME, FREE_PORTS))
        # Only now does Django know its database, so only now can what stands on the models be imported.
        from hub.demo.federation import Federation  # noqa: PLC0415
        from hub.demo.outcome import document, links, table  # noqa: PLC0415

        federation = Federation(folder, config, practices)
        federation.begin()
    with steps.step("synthesise", f"2/7 writing the extracts of {len(practices)} practices"):
        largest_first = sorted(practices, key=lambda practice: -practice.patients)
        two_at_a_time(lambda practice: synthesise(folder, practice), largest_first)
    with serving(config.folder, folder / "serve.log") as server:
        federation.run(server.mailbox, steps)
        with steps.step("compare", "7/7 comparing"):
            shown = table(config, practices[0].code)
        print(shown)
        _show_seconds(steps)
        if arguments.json:
            text = json.dumps(document(practices, folder, steps.seconds), indent=1)
            arguments.json.write_text(text + "\n", encoding="utf-8")
        if not arguments.no_serve:
            _serve(server, links(config, practices, server.pages))
    print(f"everything is kept in {folder}", file=sys.stderr)
    return 0


def _show_seconds(steps: Steps) -> None:
    parts = [f"{name} {seconds:.1f}" for name, seconds in steps.seconds.items()]
    print(f"\nseconds: {', '.join(parts)}; in all {sum(steps.seconds.values()):.1f}")


def _serve(server: Server, addresses: str) -> None:
    try:
        print(addresses, flush=True)
        print("serving until Ctrl-C", file=sys.stderr, flush=True)
        server.wait()
    except KeyboardInterrupt:
        print(file=sys.stderr)
