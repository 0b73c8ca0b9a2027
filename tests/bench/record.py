"""docs/benchmarks.json: the last report of each suite, with the commit and the machine it was measured on."""

from pathlib import Path

import msgspec

from tests.bench.figures import Report
from tests.bench.machine import Machine

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILE = DOCS / "benchmarks.json"


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One suite, as it was last run at full length."""

    commit: str
    """With a `+` where files under it had been changed."""
    at: str
    """UTC, to the minute."""
    seconds: float
    load_before: float
    """Of the minute before it began: what else the machine did (1.0 is one core)."""
    peak_mb: float
    """The most that all its processes held together: ours, peers, brokers, devices, clients and graph engines."""
    machine: Machine
    report: Report


def load(file: Path = FILE) -> dict[str, Measured]:
    if not file.exists():
        return {}
    return msgspec.json.decode(file.read_bytes(), type=dict[str, Measured])


def save(measured: dict[str, Measured], file: Path = FILE) -> None:
    ordered = {name: measured[name] for name in sorted(measured)}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(ordered), indent=1) + b"\n")
