"""What the graph refuses, kept where a person can read it: a file, one JSON object a line, durable before it is let go.

The journal forgets, the file does not: of a property it has the last value that was tried, of everything else each row.
A row that was refused is tried again with its next value, yet not more than once a minute.
"""

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from app.errors import Unavailable
from app.model.time import SECOND, Micros, iso
from app.runtime.isolate import Bad, Kind, Part
from app.runtime.metrics import Metrics

log = logging.getLogger("twin_overlay.graph_writer")
AGAIN: Micros = 60 * SECOND
_MOST_BYTES = 16 * 1024 * 1024
_MOST_REMEMBERED = 10_000
_LONGEST_REASON = 1000


class SetAside:
    """Past 16 MiB the file becomes FILE.1, and the one before that goes."""

    def __init__(self, file: Path, metrics: Metrics) -> None:
        self.file = file
        self._metrics = metrics
        self._tried: dict[tuple[Kind, str], Micros] = {}
        self.count = _lines(file)
        """Lines of the file."""

    @property
    def any(self) -> bool:
        return bool(self._tried)

    def waits(self, part: Part, now: Micros) -> bool:
        """Whether it was refused a moment ago; such a one is not tried."""
        at = self._tried.get((part.kind, part.key))
        return at is not None and at <= now < at + AGAIN

    def known(self, part: Part) -> bool:
        """Whether it was ever refused in this run, as far as that is remembered."""
        return (part.kind, part.key) in self._tried

    def taken(self, part: Part) -> None:
        """It is in the graph after all."""
        self._tried.pop((part.kind, part.key), None)

    def skipped(self, part: Part) -> None:
        """A newer one of what `waits`."""
        self._metrics.set_aside.labels(part.kind).inc()

    async def keep(self, bad: Sequence[Bad], now: Micros) -> None:
        """Durable when this returns. Raises Unavailable (SET_ASIDE_FAILED)."""
        if not bad:
            return
        try:
            await asyncio.to_thread(self._append, "".join(_line(item, now) for item in bad))
        except OSError as error:
            raise Unavailable(
                f"what the graph refuses can't be kept in {self.file}: {error.strerror}",
                code="SET_ASIDE_FAILED",
                hint="make room on that disk",
            ) from error
        for item in bad:
            key = item.part.kind, item.part.key
            if key not in self._tried:
                log.error(
                    "the graph refuses one of the %s, %s; it is set aside in %s: %s",
                    item.part.kind,
                    item.part.key[:200],
                    self.file,
                    item.reason[:_LONGEST_REASON],
                )
            self._tried.pop(key, None)
            self._tried[key] = now
            self._metrics.set_aside.labels(item.part.kind).inc()
        while len(self._tried) > _MOST_REMEMBERED:
            del self._tried[next(iter(self._tried))]

    def _append(self, text: str) -> None:
        if self.file.exists() and self.file.stat().st_size > _MOST_BYTES:
            self.file.replace(self.file.with_name(self.file.name + ".1"))
            self.count = 0
        with self.file.open("a", encoding="utf-8") as output:
            output.write(text)
            output.flush()
            os.fsync(output.fileno())
        self.count += text.count("\n")


def _line(bad: Bad, now: Micros) -> str:
    kind, row = bad.part.kind, bad.part.row
    item: dict[str, Any] = {"at": iso(now), "kind": kind, "key": bad.part.key, "reason": bad.reason[:_LONGEST_REASON]}
    if kind == "properties":
        item["life"], row = row
    fields = msgspec.structs.asdict(row)
    return json.dumps(item | {"row": {name: msgspec.to_builtins(value) for name, value in fields.items()}}) + "\n"


def _lines(file: Path) -> int:
    with contextlib.suppress(OSError), file.open("rb") as lines:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: lines.read(1 << 20), b""))
    return 0
