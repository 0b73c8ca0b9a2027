"""A process of its own that runs rules over a server's journal: `python -m app.past FOLDER`, asked and answering in
msgpack over its standard streams.

Restoring the plant of some hours ago takes its size in memory and seconds of a core: nothing for the server's process.
"""

import asyncio
import sys
import time
from pathlib import Path

import msgspec

from app.engine.account import explain_turn
from app.engine.beside import Comparing
from app.engine.engine import Apart, Engine
from app.engine.part import Part, reached
from app.engine.state import state_of
from app.errors import Invalid, TwinOverlayError, Unavailable
from app.journal.reading import JournalReader
from app.journal.turns import last_turn
from app.model.beside import Beside, Comparison
from app.model.events import Load
from app.model.explanation import Explanation
from app.model.plan import BehaviorKey, OwnerKey, Plan
from app.model.time import Micros

MOST_LOOKING_SECONDS = 20.0
_MARGIN_SECONDS = 30.0
"""On top of what a run may take: a child that hangs is ended."""


class _Refusal(msgspec.Struct, frozen=True):
    code: str
    message: str
    hint: str


class Past:
    """Implements ports.Past."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looking = asyncio.Lock()
        """One at a time: looking for something reads the disk as fast as that can be read."""

    async def explain(self, key: BehaviorKey, at: Micros) -> Explanation | None:
        """Raises NotFound (HISTORY_NOT_KEPT), Unavailable (HISTORY_TOO_LONG), and what reading the journal raises."""
        async with self._looking:
            found = await asyncio.to_thread(last_turn, self._folder, key, at, MOST_LOOKING_SECONDS)
        return explain_turn(found.fact, found.calls) if found is not None else None

    async def compare(self, comparison: Comparison) -> Beside:
        """Raises Unavailable (DRY_RUN_FAILED), and what reading the journal raises. A caller that is cancelled takes
        the process along."""
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "app.past",
            str(self._folder),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            asked = child.communicate(msgspec.msgpack.encode(comparison))
            answer, log = await asyncio.wait_for(asked, comparison.most_seconds + _MARGIN_SECONDS)
        except TimeoutError:
            raise _failed("it took too long") from None
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        if child.returncode != 0:
            lines = log.decode("utf-8", "replace").strip().splitlines()
            raise _failed(lines[-1] if lines else f"status {child.returncode}")
        found = msgspec.msgpack.decode(answer, type=tuple[Beside | None, _Refusal | None])
        if found[0] is None:
            assert found[1] is not None
            raise Unavailable(found[1].message, code=found[1].code, hint=found[1].hint)
        return found[0]


def _failed(why: str) -> Unavailable:
    return Unavailable(f"the dry run ended without an answer: {why}", code="DRY_RUN_FAILED")


def run(folder: Path, comparison: Comparison) -> Beside:
    """From the latest state that is old enough, else from the oldest. Raises what JournalReader does."""
    ends = time.monotonic() + comparison.most_seconds
    reader = JournalReader.open(folder)
    try:
        start = _start(reader, comparison.since)
        state, at = reader.state(start), reader.began(start)
        if at is None:
            return Beside(comparison.since, comparison.since, 0, True, ())
        comparing = _prepared(state, at, comparison)
        began = max(comparison.since, at)
        ended, entries, whole = began, 0, True
        for recorded in reader.entries(start):
            entry = recorded.entry
            if time.monotonic() > ends:
                whole = False
                break
            counted = entry.now >= comparison.since
            comparing.take(entry, counted)
            if counted:
                ended, entries = entry.now, entries + 1
        return Beside(began, ended, entries, whole, comparing.rows())
    finally:
        reader.close()


def _start(reader: JournalReader, since: Micros) -> int:
    starts = reader.starts()
    early = [start for start in starts if (at := reader.began(start)) is not None and at <= since]
    return early[-1] if early else starts[0]


def _prepared(state: bytes | None, at: Micros, comparison: Comparison) -> Comparing:
    """Both sides begin alike; then the one is given the change."""

    def whole() -> Engine:
        engine = Engine()
        if state is not None:
            engine.restore(state)
        engine.decide(Load(comparison.now), at)
        return engine

    named = {*_owners(comparison.now), *_owners(comparison.changed)}
    scratch = whole()
    near = reached(scratch.live, (), (), sys.maxsize, named)
    scratch.decide(Load(comparison.changed), at)
    far = reached(scratch.live, (), (), sys.maxsize, named)
    del scratch
    base = whole()
    part = Part(
        tuple(dict.fromkeys(id for id in (*near.twins, *far.twins) if id in base.live.twins)),
        tuple(dict.fromkeys(id for id in (*near.overlays, *far.overlays) if id in base.live.overlays)),
        near.behaviors,
    )
    apart = Apart(part, state_of(base.live, part))
    comparing = Comparing(apart.engine(), apart.engine())
    comparing.sides[1].decide(Load(comparison.changed), at, counted=False)
    return comparing


def _owners(plan: Plan) -> list[OwnerKey]:
    return [OwnerKey("twin", twin.twin_id) for twin in plan.twins] + [
        OwnerKey("overlay", overlay.overlay_id) for overlay in plan.overlays
    ]


def main() -> None:
    comparison = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Comparison)
    found: tuple[Beside | None, _Refusal | None]
    try:
        found = run(Path(sys.argv[1]), comparison), None
    except (TwinOverlayError, Invalid) as error:
        found = None, _Refusal(error.code, error.message, error.hint)
    sys.stdout.buffer.write(msgspec.msgpack.encode(found))


if __name__ == "__main__":
    main()
