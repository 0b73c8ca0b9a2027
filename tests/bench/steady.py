"""A steady stream over MQTT and its pushes: milliseconds from the publish of a message to the frame that tells of it.

Publisher and reader are the caller's own process, which has next to nothing to do: what puts a load on the server runs
in processes of its own. A message counts for the window in which it was published, and every one of them must come.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator

from tests.faults.installation import Installation
from tests.faults.plant import topic

FOLLOW = 'subscription($ids: [ID!]!) { propertyChanged(twinIds: $ids, properties: ["n"]) { twinId value { number } } }'
_COMES_WITHIN_SECONDS = 20.0


class Steady:
    """`followed` are the twins whose messages are timed; a value that a newer one has overtaken on its way counts as
    come with that one."""

    def __init__(self, place: Installation, followed: list[str]) -> None:
        self._place = place
        self._ids = followed
        self._twins = {topic(twin_id): twin_id for twin_id in followed}
        self._waiting: dict[str, deque[tuple[int, float, list[float]]]] = {twin_id: deque() for twin_id in followed}
        self._times: list[float] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Publishing, and reading what is pushed."""
        self._place.publisher.on_sent = self._sent
        reading = asyncio.create_task(self._read())
        self._place.publisher.start()
        try:
            yield
        finally:
            await self._place.publisher.stop()
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def window(self) -> AsyncIterator[list[float]]:
        """The times of what is published while it is open; whole once it is closed."""
        for waiting in self._waiting.values():
            waiting.clear()
        times: list[float] = []
        self._times = times
        yield times
        last = {twin_id: waiting[-1][0] for twin_id, waiting in self._waiting.items() if waiting}
        self._times = []
        until = time.perf_counter() + _COMES_WITHIN_SECONDS
        while any(waiting and waiting[0][0] <= last.get(id, 0) for id, waiting in self._waiting.items()):
            assert time.perf_counter() < until, "messages of this window did not come"
            await asyncio.sleep(0.01)

    def _sent(self, topic: str, number: int) -> None:
        twin_id = self._twins.get(topic)
        if twin_id is not None:
            self._waiting[twin_id].append((number, time.perf_counter(), self._times))

    async def _read(self) -> None:
        async with self._place.client as client:
            async for data in client.subscribe(FOLLOW, {"ids": self._ids}):
                now = time.perf_counter()
                push = data["propertyChanged"]
                waiting = self._waiting[push["twinId"]]
                number = push["value"]["number"]
                while waiting and number is not None and waiting[0][0] <= number:
                    _, began, times = waiting.popleft()
                    times.append((now - began) * 1e3)
