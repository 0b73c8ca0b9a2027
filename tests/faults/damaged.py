"""The journal of a killed server is cut or has a bit flipped: what is lost is told, and the rest goes on as it must.

What the broker was acknowledged for is durable, so a lost record is lost for good: its numbers are gaps that a person
accepts, or that nobody needs. All that comes later is applied, and in the end graph, server and publisher agree.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from app.journal.segment import segment_file, segments_in
from tests.faults.installation import Installation, installed
from tests.faults.plant import topic
from tests.servers.graph import GraphAddress

_LAST_BYTES = 3 * (4096 + 24)
"""Of the log: the frames of its last commits."""
_VALUES = "MATCH (p:Property {name: 'n'}) RETURN p.key AS key, p.value AS value"


@dataclass(frozen=True)
class Lengths:
    rounds: int
    rate: float
    seed: int


BY_HAND = Lengths(rounds=50, rate=1_000.0, seed=1)
IN_CI = Lengths(rounds=4, rate=300.0, seed=2)


async def run(folder: Path, graph: GraphAddress, broker_program: str, lengths: Lengths) -> dict[str, object]:
    """Figures of a run that went as it must."""
    chance = random.Random(lengths.seed)
    told, silent, began = 0, 0, time.monotonic()
    async with installed(folder, graph, broker_program, rate=lengths.rate) as place:
        await place.start()
        await place.define()
        place.publisher.start()
        for number in range(lengths.rounds):
            await asyncio.sleep(chance.uniform(0.5, 2.0))
            await place.kill()
            damage = _cut if number % 2 else _flip
            damage(place.data_dir / "journal", chance)
            if await _starts(place):
                silent += 1
            else:
                told += 1
                await place.start("--accept-journal-gap")
        await asyncio.sleep(3 * len(place.twins) / lengths.rate)  # each counts on behind what was lost of it
        await place.publisher.stop()
        await place.settled()
        await place.stop()
        taken = {f"{twin_id}/n": place.publisher.taken[topic(twin_id)] for twin_id in place.twins}
        assert {row["key"]: row["value"] for row in await graph.run(_VALUES)} == taken
    return {
        "damaged": lengths.rounds,
        "refused until a person accepted the gap": told,
        "nothing missing that anybody needs": silent,
        "messages": place.publisher.total,
        "seconds": round(time.monotonic() - began),
    }


async def _starts(place: Installation) -> bool:
    try:
        await place.start()
    except AssertionError as ended:  # the server says why and what to do
        if "--accept-journal-gap" not in str(ended):
            raise
        return False
    return True


def _newest(folder: Path) -> tuple[Path, int]:
    """A file with the last records, and how long it is."""
    file = segment_file(folder, segments_in(folder)[-1])
    log = file.with_name(f"{file.name}-wal")
    found = log if log.exists() and log.stat().st_size else file
    return found, found.stat().st_size


def _cut(folder: Path, chance: random.Random) -> None:
    file, size = _newest(folder)
    with file.open("r+b") as content:
        content.truncate(max(0, size - chance.randrange(1, _LAST_BYTES)))


def _flip(folder: Path, chance: random.Random) -> None:
    file, size = _newest(folder)
    with file.open("r+b") as content:
        at = chance.randrange(size)
        content.seek(at)
        [byte] = content.read(1)
        content.seek(at)
        content.write(bytes([byte ^ (1 << chance.randrange(8))]))
