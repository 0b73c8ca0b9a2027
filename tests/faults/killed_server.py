"""kill -9 of the server under QoS 1 load: nothing that the broker took is missing, and nothing is applied twice.

There are so many twins, and snapshots are so frequent, that most are taken in turns while they change.
"""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path

from tests.faults.account import verify
from tests.faults.installation import installed
from tests.servers.graph import GraphAddress


@dataclass(frozen=True)
class Lengths:
    kills: int
    rate: float
    seed: int
    """Of the moments; what is under way at each is chance all the same."""
    twins: int = 500
    snapshot_every: int = 50
    """Entries, each of some dozen messages."""


BY_HAND = Lengths(kills=100, rate=2_000.0, seed=1)
IN_CI = Lengths(kills=2, rate=500.0, seed=2)


async def run(folder: Path, graph: GraphAddress, broker_program: str, lengths: Lengths) -> dict[str, object]:
    """Figures of a run that went as it must."""
    chance = random.Random(lengths.seed)
    often = {"TWIN_OVERLAY_SNAPSHOT_EVERY_ENTRIES": str(lengths.snapshot_every)}
    plant = installed(folder, graph, broker_program, twins=lengths.twins, rate=lengths.rate, environment=often)
    async with plant as place:
        began = time.monotonic()
        await place.start()
        await place.define()
        place.publisher.start()
        for _ in range(lengths.kills):
            await asyncio.sleep(chance.uniform(0.2, 2.5))
            await place.kill()
            await place.start()
        await place.publisher.stop()
        took = time.monotonic() - began
        await place.settled()
        await place.stop()
        found = await verify(place)
    return {
        "kills": lengths.kills,
        "messages": place.publisher.total,
        "messages a second": round(place.publisher.total / took),
        "records": found.entries,
        "samples repeated and not taken twice": found.tally.duplicate,
        "seconds": round(took),
    }
