"""One actor per graph: whoever took it last, the same on both engines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import pytest

from app.errors import Refused, Unavailable
from app.graph.store import GraphStore
from tests.contract.samples import T0, batch, change, plant, pump, reading, stored
from tests.e2e.processes import until
from tests.servers.graph import GraphAddress

_EVERYTHING = (
    "MATCH (n) WHERE NOT n:Migration RETURN count(n) AS nodes UNION ALL MATCH ()-[e]->() RETURN count(e) AS nodes"
)


@pytest.fixture
async def other(graph: GraphAddress, store: GraphStore) -> AsyncIterator[GraphStore]:
    second = await graph.connect()
    yield second
    await second.close()


def _writes(store: GraphStore) -> list[Callable[[], Awaitable[object]]]:
    script = partial(store.scripts.save, "s", "twin A {}", at=T0, author="ann", reason="", expected=None)
    gone = partial(store.scripts.delete, "s", at=T0, author="ann", reason="", expected=None)
    return [
        lambda: store.save(change(1, stored(pump("pump_9")))),
        lambda: store.write(batch(1, 2, properties=(reading("pump_1", "temperature", 2.0),))),
        script,
        gone,
    ]


async def test_each_actor_raises_the_epoch(store: GraphStore, other: GraphStore) -> None:
    assert [await store.take_over(), await other.take_over(), await store.take_over()] == [1, 2, 3]


async def test_a_superseded_actor_writes_nothing_more_and_says_so(
    store: GraphStore, other: GraphStore, graph: GraphAddress
) -> None:
    await store.take_over()
    await store.save(plant())
    await store.write(batch(0, 1, properties=(reading("pump_1", "temperature", 1.0),)))
    await other.take_over()
    before = await graph.run(_EVERYTHING)
    for write in _writes(store):
        with pytest.raises(Refused) as caught:
            await write()
        assert caught.value.code == "ACTOR_SUPERSEDED"
        assert "at epoch 2, this server took it at 1" in caught.value.message
    assert await graph.run(_EVERYTHING) == before
    assert await store.cursor() == 1
    assert (await store.load())[0] == 1
    for write in _writes(other):
        await write()
    assert await other.cursor() == 2


async def test_a_graph_that_was_replaced_under_its_actor_is_noticed(store: GraphStore, graph: GraphAddress) -> None:
    await store.take_over()
    await graph.clean()
    with pytest.raises(Refused) as caught:
        await store.save(plant())
    assert "without an epoch" in caught.value.message


async def test_a_take_over_in_the_middle_of_writes_leaves_the_new_actor_alone_with_the_graph(
    store: GraphStore, other: GraphStore
) -> None:
    await store.take_over()
    await store.save(plant())

    async def write_on() -> int:
        sequence = 0
        while True:
            try:
                await store.write(
                    batch(sequence, sequence + 1, properties=(reading("pump_1", "temperature", float(sequence)),))
                )
                sequence += 1
            except Unavailable:  # the two met, and it is this one that the embedded engine turned away
                await asyncio.sleep(0)
            except Refused:
                return sequence

    async def reached(sequence: int) -> bool:
        return await store.cursor() >= sequence

    async def take() -> int:
        await until(lambda: reached(5), "some are written")
        return await other.take_over()

    written, epoch = await asyncio.gather(write_on(), take())
    assert epoch == 2
    cursor = await other.cursor()
    assert 5 <= cursor <= written
    await other.write(batch(cursor, cursor + 1, properties=(reading("pump_1", "temperature", 0.5),)))
    assert await store.cursor() == cursor + 1
