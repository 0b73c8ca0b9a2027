"""The graph falls silent, cuts the line, or loses the one answer that counts: nothing waits for ever or is by half."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from app.errors import Conflict, Unavailable
from app.graph.store import GraphStore
from tests.contract.samples import T0, batch, change, plant, pump_type, reading, stored
from tests.servers.graph import GraphAddress
from tests.servers.proxy import BOLT_COMMIT, Loss, Proxy

ANSWER_SECONDS = 2.0
LONGEST_SECONDS = 5.0 + ANSWER_SECONDS
"""The driver takes its 5 s to ask a connection that nobody used for as long, and does not let itself be interrupted."""
Line = tuple[Proxy, GraphStore]


@pytest.fixture
async def line(store: GraphStore, graph: GraphAddress) -> AsyncIterator[Line]:
    """A second store on the same, empty database, through a proxy."""
    async with graph.behind_proxy() as (proxy, address):
        found = await address.connect(answer_seconds=ANSWER_SECONDS)
        yield proxy, found
        await found.close()


async def test_a_graph_that_falls_silent_is_given_up_and_reached_again_once_it_speaks(line: Line) -> None:
    proxy, store = line
    await store.save(plant())
    await asyncio.gather(*(store.cursor() for _ in range(5)))  # several lines, all of which will be dead
    proxy.silence()
    for ask in (store.write(batch(0, 1)), store.cursor(), store.ping(), store.save(change(1, stored(pump_type(), 2)))):
        began = time.monotonic()
        with pytest.raises(Unavailable) as caught:
            await ask
        assert caught.value.code == "GRAPH_UNAVAILABLE"
        assert time.monotonic() - began < LONGEST_SECONDS
    proxy.speak()
    began = time.monotonic()
    await _again(lambda: store.write(batch(0, 1, properties=(reading("pump_1", "temperature", 20.5),))))
    assert time.monotonic() - began < 2 * LONGEST_SECONDS
    assert await store.cursor() == 1


async def test_a_connection_that_died_while_nobody_used_it_costs_one_request_at_most(line: Line) -> None:
    proxy, store = line
    await asyncio.gather(*(store.cursor() for _ in range(5)))
    proxy.cut()
    await _again(store.cursor)
    assert [await store.cursor() for _ in range(5)] == [0] * 5


@pytest.mark.parametrize("lost", ["request", "answer"])
async def test_a_commit_of_which_nobody_knows_is_settled_by_the_cursor(line: Line, lost: Loss) -> None:
    proxy, store = line
    await store.save(plant())
    proxy.lose = lambda sent: lost if sent.endswith(BOLT_COMMIT) else ""
    written = batch(0, 5, properties=(reading("pump_1", "temperature", 20.5, T0),))
    with pytest.raises(Unavailable) as caught:
        await store.write(written)
    assert caught.value.code == "GRAPH_UNAVAILABLE"
    proxy.lose = lambda sent: ""
    assert await store.cursor() == (5 if lost == "answer" else 0)
    if lost == "answer":
        with pytest.raises(Conflict) as moved:
            await store.write(written)
        assert moved.value.code == "CURSOR_MOVED"
    else:
        await store.write(written)
        assert await store.cursor() == 5


async def _again(ask: Callable[[], Awaitable[object]]) -> None:
    """Until it works: what was open is dead, and each request may find one of those first."""
    for _ in range(6):
        try:
            await ask()
            return
        except Unavailable:
            continue
    raise AssertionError("it is not reached again")
