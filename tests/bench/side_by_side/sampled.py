"""`twin-overlay serve` that looks at itself: `python -m tests.bench.side_by_side.sampled serve ...`.

A timer of the processor's time interrupts the main thread, and what that thread is in, by rooms of the program, gets
the processor time that the thread has had since the last look; threads beside it are told by their names. It needs no
debugger's rights and costs less than a hundredth. Every second the sums are written to the file that the environment
names.
"""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

import psutil

SAMPLES = "TWIN_OVERLAY_BENCH_SAMPLES"
_EVERY_SECONDS = 0.005
_ROOMS = {
    "app/connectors": "MQTT",
    "app/journal": "journal",
    "app/engine": "engine",
    "app/runtime/graph_writer": "graph writer",
    "app/runtime/coalesce": "graph writer",
    "app/graph": "graph writer",
    "app/api": "push",
    "app/frames": "push",
    "app/runtime/bus": "push",
    "app/runtime/thinning": "push",
    "app/runtime": "ingest",
}
"""By the path of the innermost file of ours; the first that fits. A library's time is that of whoever called it."""
OTHER = "event loop and other"
ROOMS = ("MQTT", "ingest", "engine", "journal", "graph writer", "push", OTHER)
_THREADS = {"journal": "journal", "asyncio": "graph writer"}
"""By the beginning of a thread's name: what runs in threads of the pool while nothing is asked is the graph writer."""


class _Sampler:
    def __init__(self) -> None:
        self._seconds: dict[str, float] = defaultdict(float)
        self._last = time.thread_time()
        self._known: dict[str, str] = {}

    def look(self, _: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        self._seconds[self._room(frame)] += now - self._last
        self._last = now

    def _room(self, frame: FrameType | None) -> str:
        while frame is not None:
            file = frame.f_code.co_filename
            room = self._known.get(file)
            if room is None:
                room = self._known[file] = next((room for part, room in _ROOMS.items() if f"/{part}" in file), "")
            if room:
                return room
            frame = frame.f_back
        return OTHER

    def told(self) -> dict[str, float]:
        found = defaultdict(float, self._seconds)
        names = {thread.native_id: thread.name for thread in threading.enumerate()}
        for thread in psutil.Process().threads():
            if thread.id != os.getpid():
                name = names.get(thread.id, "")
                room = next((room for begins, room in _THREADS.items() if name.startswith(begins)), OTHER)
                found[room] += thread.user_time + thread.system_time
        return dict(found)


def _write(sampler: _Sampler, file: Path) -> None:
    draft = file.with_suffix(".new")
    while True:
        draft.write_text(json.dumps(sampler.told()))
        draft.rename(file)
        time.sleep(1)


def main() -> None:
    from app.__main__ import main as command

    sampler = _Sampler()
    signal.signal(signal.SIGPROF, sampler.look)
    signal.setitimer(signal.ITIMER_PROF, _EVERY_SECONDS, _EVERY_SECONDS)
    threading.Thread(target=_write, args=(sampler, Path(os.environ[SAMPLES])), name="samples", daemon=True).start()
    try:
        command()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)  # as the interpreter ends nobody takes its signals any more


if __name__ == "__main__":
    main()
