"""`make bench`: what the agent costs a practice's machine and what a batch of searches costs, beside the targets.

A core install is made in a throw-away environment, measured, enrolled with a hub on this machine, and left idle.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
HUB = Path(sys.executable).with_name("gpfed-hub")
NOT_OURS = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
MEGABYTE = 1_000_000
IDLE_SECONDS = 5
REPORT = ROOT / "docs" / "reports" / "batch.md"
_ABOUT = """# What a batch of 500 indicators costs

Written by `make bench`. 500 indicators of six templates are asked of a practice of 10,000 patients, 3 million events
and 1.5 million issues of medication, both from fixed seeds, in the embedded database and over PostgreSQL
([how it works](../explanation/batching.md)). Times are seconds of the processor, the server's with the agent's, with
one thread, on a machine that others use meanwhile; memory is that of the agent's process, beside PostgreSQL of one that
does nothing but this batch. To check and translate is the median of the starter searches, after a first one.

"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report: what was measured, in which unit, and what it should be."""

    what: str
    value: float
    unit: str
    target: str


def install(folder: Path) -> Path:
    """Make a core install and return its bin folder."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--constraint", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
    return folder / "bin"


def installed(bin_folder: Path) -> Iterator[Figure]:
    """Size on disk and number of distributions, without pip and setuptools, which Python's venv brings."""
    site = next((bin_folder.parent / "lib").glob("python*/site-packages"))
    sizes = {
        entry.name: sum(path.stat().st_size for path in [entry, *entry.rglob("*")] if path.is_file())
        for entry in site.iterdir()
        if not entry.name.startswith(NOT_OURS)
    }
    duckdb = sum(size for name, size in sizes.items() if "duckdb" in name)
    distributions = sum(name.endswith(".dist-info") for name in sizes)
    yield Figure("installed, with DuckDB", sum(sizes.values()) / MEGABYTE, "MB", "at most 170")
    yield Figure("installed, without DuckDB", (sum(sizes.values()) - duckdb) / MEGABYTE, "MB", "at most 100")
    yield Figure("distributions", distributions, "", "at most 22")


def start_time(bin_folder: Path, state: Path) -> Figure:
    """Median seconds from the shell to the answer of `gpfed-agent status`."""
    command = [str(bin_folder / "gpfed-agent"), "--state", str(state), "status", "--json"]
    seconds = []
    for _ in range(5):
        begin = time.perf_counter()
        subprocess.run(command, capture_output=True, check=False)
        seconds.append(time.perf_counter() - begin)
    return Figure("start (gpfed-agent status, median of 5)", statistics.median(seconds), "s", "at most 1")


def idle_memory(bin_folder: Path, state: Path) -> Figure:
    """Resident memory of `gpfed-agent start`, some seconds after its first turn."""
    command = [str(bin_folder / "gpfed-agent"), "--state", str(state), "start"]
    agent = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(IDLE_SECONDS)
        if agent.poll() is not None:
            sys.exit(f"gpfed-agent start ended with {agent.returncode} instead of waiting")
        resident = psutil.Process(agent.pid).memory_info().rss
    finally:
        agent.terminate()
        agent.wait()
    return Figure("idle resident memory (gpfed-agent start)", resident / MEGABYTE, "MB", "at most 40, aim 20")


@contextmanager
def hub(folder: Path) -> Iterator[str]:
    """A hub on this machine with one invited practice; gives the enrolment code."""
    run = [str(HUB), "--hub", str(folder)]
    subprocess.run(
        [*run, "init", "--code", "BENCH", "--name", "Bench hub (synthetic)"], check=True, capture_output=True
    )
    serving = subprocess.Popen([*run, "serve", "--json", "--sftp-port", "0", "--web-port", "0"], stdout=subprocess.PIPE)
    try:
        assert serving.stdout is not None
        json.loads(serving.stdout.readline())
        added = subprocess.run(
            [*run, "practice", "add", "Z90001", "--name", "Bench practice (synthetic)", "--json"],
            check=True,
            capture_output=True,
        )
        yield json.loads(added.stdout)["code"]
    finally:
        serving.terminate()
        serving.wait()


def _measured(module: str) -> dict[str, Any]:
    """What a bench prints, run in a process of its own, whose memory is then its alone."""
    measured = subprocess.run([sys.executable, "-m", module], check=True, stdout=subprocess.PIPE, cwd=ROOT)
    found: dict[str, Any] = json.loads(measured.stdout)
    return found


def server() -> Iterator[Figure]:
    """500 indicators over one practice in PostgreSQL."""
    measured = _measured("tests.bench.server")
    for name, said in (("plain", "without an index"), ("indexed", "with one on codes")):
        found = measured[name]
        single = found["single"] * found["indicators"]
        sample = f"on a sample of {found['sample']}"
        yield Figure(f"PostgreSQL {said}: batch / one scan", found["batch"] / found["scan"], "x", "at most 15, aim 5")
        yield Figure(f"PostgreSQL {said}: one each / batch", single / found["batch"], "x", f"at least 4 ({sample})")
        yield Figure(f"PostgreSQL {said}: that differ", found["differences"], "", f"0 ({sample})")
        yield Figure(f"PostgreSQL {said}: peak memory, agent", found["peak"], "MB", "at most 300")


def batch() -> Iterator[Figure]:
    """500 indicators over one practice in the embedded database."""
    found = _measured("tests.bench.batch")
    scan, together, single = found["scan"], found["batch"], found["single"] * found["indicators"]
    sample = f"on a sample of {found['sample']}"
    yield Figure("500 indicators, of them by themselves", found["alone"], "", "0")
    yield Figure("500 indicators, features", found["features"], "", "")
    yield Figure("500 indicators / one scan of events", together / scan, "x", "at most 15, aim 5")
    yield Figure("one statement each / the batch", single / together, "x", f"at least 10 ({sample})")
    yield Figure("indicators that differ from their own", found["differences"], "", f"0 ({sample})")
    yield Figure("one scan of 3 million events", found["scan"] * 1000, "ms", "")
    yield Figure("planning 500 indicators", found["planning"] * 1000, "ms", "")
    yield Figure("peak memory while loading", found["peak_loading"], "MB", "at most 500")
    yield Figure("peak memory of the batch", found["peak_batch"], "MB", "at most 500")


def translation() -> Iterator[Figure]:
    """Check and translate one search, in every layout and engine."""
    for layout, by_engine in _measured("tests.bench.translation").items():
        for engine, milliseconds in by_engine.items():
            yield Figure(f"check and translate: {layout}, {engine}", milliseconds, "ms", "at most 20")


def ledger() -> Iterator[Figure]:
    """Gate and ledger of one release, with 4,000 cells at a practice of 10,000 patients, in a process of its own."""
    measured = subprocess.run(
        [sys.executable, "-m", "tests.bench.ledger"], check=True, stdout=subprocess.PIPE, cwd=ROOT
    )
    for case, found in json.loads(measured.stdout).items():
        of = f"{found['cells']:,.0f} cells, {found['counts']:,.0f} counts"
        yield Figure(f"gate and ledger, {case}", found["gate_and_ledger_seconds"], "s", f"at most 5 ({of})")
        yield Figure(f"the whole release, {case}", found["release_seconds"], "s", "")
        yield Figure(f"memory of gate and ledger, {case}", found["peak_megabytes"], "MB", "at most 100")


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("making a core install in a fresh environment", file=sys.stderr)
        bin_folder = install(folder / "venv")
        figures = list(installed(bin_folder))
        state, extract = folder / "agent", folder / "extract"
        extract.mkdir()
        with hub(folder / "hub") as code:
            enrol = ["enrol", code, "--layout", "emis_im1", "--extract", str(extract)]
            subprocess.run([str(bin_folder / "gpfed-agent"), "--state", str(state), *enrol], check=True)
            figures += [start_time(bin_folder, state), idle_memory(bin_folder, state)]
    print("asking 500 indicators of a practice of 3 million events", file=sys.stderr)
    of_batches = [*batch(), *server(), *translation()]
    REPORT.write_text(report(of_batches), encoding="utf-8")
    print("releasing 4,000 cells of a practice of 10,000 patients", file=sys.stderr)
    figures += ledger()
    print(f"{'measured on ' + str(os.cpu_count()) + ' cores':44} {'value':>10}      target")
    for figure in [*figures, *of_batches]:
        print(f"{figure.what:44} {figure.value:10.1f} {figure.unit:4} {figure.target}")
    return 0


def report(figures: Iterable[Figure]) -> str:
    """What batches cost, as a page."""
    rows = "".join(
        f"| {figure.what} | {figure.value:,.1f} {figure.unit}".rstrip() + f" | {figure.target} |\n"
        for figure in figures
    )
    return f"{_ABOUT}| | measured | target |\n|---|---|---|\n{rows}"


if __name__ == "__main__":
    sys.exit(main())
