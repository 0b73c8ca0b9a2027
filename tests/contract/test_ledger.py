"""The loss ledger adds up over crashes with either graph behind it."""

import random
from pathlib import Path

from app.graph.store import GraphStore
from app.model.events import Load, Started
from tests.runtime.fakes import until
from tests.runtime.ledger_plant import PLAN, Broker, live_a_while, running


async def test_the_ledger_adds_up_at_every_moment_over_crashes(store: GraphStore, tmp_path: Path) -> None:
    chance, broker = random.Random(7), Broker()
    for run in range(4):
        async with running(tmp_path, store) as plant:
            plant.balanced()
            await plant.ingest.submit(Started())
            if not run:
                await plant.ingest.submit(Load(PLAN, starting=True))
            broker.reconnect(plant)
            await live_a_while(plant, broker, chance)
    async with running(tmp_path, store) as plant:
        await plant.ingest.submit(Started())
        broker.reconnect(plant)
        await until(lambda: not broker.open, 30)
        whole = (await plant.quiet()).total
    _, books = await store.books()
    assert sum(tally.applied for tally in books.tallies) == whole.applied
    assert sum(tally.written + tally.superseded for tally in books.tallies) == whole.applied
