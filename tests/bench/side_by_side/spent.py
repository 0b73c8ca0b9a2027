"""Whose the processors' time was: of each process of the headline, and within the server of each room."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Times:
    """Processor seconds so far."""

    processes: Mapping[str, float]
    rooms: Mapping[str, float]

    def since(self, before: "Times") -> "Times":
        return Times(_less(self.processes, before.processes), _less(self.rooms, before.rooms))


def times(pids: Mapping[str, int], samples: Path | None = None) -> Times:
    """`samples` is what sampled.py writes."""
    found = {}
    for what, pid in pids.items():
        spent = psutil.Process(pid).cpu_times()
        found[what] = spent.user + spent.system
    return Times(found, json.loads(samples.read_text()) if samples is not None else {})


def resident_mb(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 2**20)


def _less(now: Mapping[str, float], before: Mapping[str, float]) -> dict[str, float]:
    return {what: seconds - before.get(what, 0.0) for what, seconds in now.items()}
