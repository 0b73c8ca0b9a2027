"""`make bench`: the figures this project quotes, each beside a floor or a peer measured in the same run.

Every suite runs in a process of its own, one after the other; its report is printed, kept in docs/benchmarks.json, and
docs/benchmarks.md is made anew of that. What it is measured with or beside is fetched before it, into .cache; where
that can't be had, or a suite fails or does not come to an end, the others run, and the exit code is 1. By hand, on a
machine that does nothing else: never as a test.
"""

import argparse
import contextlib
import importlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from tests.bench import machine, plots, record, render
from tests.bench.figures import Report, Suite
from tests.servers.missing import NotHere

REPO = Path(__file__).resolve().parents[2]
SUITES: tuple[str, ...] = (
    "headline",
    "ingest",
    "latency",
    "catch_up",
    "journal",
    "engine",
    "flat",
    "timers",
    "explain",
    "dtsl",
    "graphql",
    "fanout",
    "topology",
    "impact",
    "find",
    "load",
    "start",
    "memory",
    "scale",
    "interference",
)
"""Modules of this folder, in the order of the page."""
LONGEST_SECONDS = 2_400.0
"""Of a suite; on two cores that do nothing else the longest takes a third of it."""
_CLEANS_UP_SECONDS = 60.0
_FILES = 8_192
"""Open at once in a process: the suites with a thousand subscribers come near to the usual 1,024."""


def suite(name: str) -> Suite:
    found: Suite = importlib.import_module(f"tests.bench.{name}").SUITE
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("names", nargs="*", metavar="SUITE", help=f"of {', '.join(SUITES)}; all where none is given")
    parser.add_argument("--quick", action="store_true", help="every part once and short, to see it work; keeps nothing")
    parser.add_argument("--page", action="store_true", help="run nothing: make docs/benchmarks.md of what is kept")
    parser.add_argument("--into", type=Path, help=argparse.SUPPRESS)  # what one suite gives, for the process above it
    given = parser.parse_args()
    unknown = [name for name in given.names if name not in SUITES]
    if unknown:
        sys.exit(f"there is no suite {', '.join(unknown)}; there are {', '.join(SUITES)}")
    if given.into:
        given.into.write_bytes(msgspec.json.encode(suite(given.names[0]).run(given.quick)))
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _allow_files()
    why = {} if given.page else {name: _run(name, quick=given.quick) for name in given.names or SUITES}
    if not given.quick:
        write_page()
    if without := [f"  {name} {told}" for name, told in why.items() if told]:
        sys.exit("\n".join(["of these there are no new figures:", *without]))


def write_page() -> None:
    suites = {name: suite(name) for name in SUITES}
    (record.DOCS / "benchmarks.md").write_text(render.page(record.load(), suites))


def _run(name: str, *, quick: bool) -> str:
    """Why it has no figures; nothing where it has."""
    began, load = time.monotonic(), os.getloadavg()[0]
    print(f"== {name} (load before it {load:.1f})", flush=True)
    try:
        for need in suite(name).needs:
            need()
    except NotHere as reason:
        print(f"{name} is left out: {reason}\n", flush=True)
        return f"was left out: {reason}"
    with tempfile.TemporaryDirectory() as folder:
        into = Path(folder, "report.json")
        command = [sys.executable, "-m", "tests.bench", name, "--into", str(into), *(["--quick"] if quick else [])]
        process = subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, process_group=0)
        with machine.Watch(process.pid) as watch:
            status = ended(process)
        if status is None:
            print(f"{name} was ended: it ran for more than {LONGEST_SECONDS / 60:.0f} minutes\n", flush=True)
            return f"did not come to an end within {LONGEST_SECONDS / 60:.0f} minutes"
        if status or not into.exists():
            print(f"{name} failed (exit code {status})\n", flush=True)
            return f"failed (exit code {status})"
        report = msgspec.json.decode(into.read_bytes(), type=Report)
    took = time.monotonic() - began
    print(f"{render.told(report)}\n   {took:.0f} s, at most {watch.peak_mb:,.0f} MB in all\n", flush=True)
    if quick:
        return ""
    found = record.Measured(
        commit=_commit(),
        at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        seconds=round(took, 1),
        load_before=round(load, 2),
        peak_mb=round(watch.peak_mb),
        machine=machine.here(),
        report=report,
    )
    record.save(record.load() | {name: found})
    for file in (record.DOCS / plots.FOLDER).glob(f"{name}_*.svg"):
        file.unlink()
    plots.draw(name, report)
    write_page()
    return ""


def ended(process: subprocess.Popen[bytes], seconds: float = LONGEST_SECONDS) -> int | None:
    """Its exit code; None where it took too long. Nothing that it started in its group runs on, however it ended, or
    however we do."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)  # it stops what it has started, and removes its folders
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_CLEANS_UP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _allow_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _commit() -> str:
    """As git tells it; what this command itself writes under docs/ does not count as a change."""
    head = _git("rev-parse", "--short=10", "HEAD")
    written = [":!docs/benchmarks.json", ":!docs/benchmarks.md", f":!docs/{plots.FOLDER}"]
    return f"{head}+" if head and _git("status", "--porcelain", "--", ".", *written) else head or "unknown"


def _git(*words: str) -> str:
    """What it says; nothing outside a clone."""
    found = subprocess.run(["git", *words], cwd=REPO, capture_output=True, text=True, check=False)
    return found.stdout.strip()


if __name__ == "__main__":
    main()
