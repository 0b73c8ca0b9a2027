"""Facts are resumed without a gap or a repeat, however the client and the server go away in between.

A few interruptions in the suite; RESUMES=100, or `python -m tests.faults resume`, for as many as wanted.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.typing import Subprotocol

from app.errors import TwinOverlayError
from app.journal.reading import JournalReader
from tests.e2e.processes import ServerProcess, start_server, until

RESUMES = int(os.environ.get("RESUMES", "6"))
RESTART_EVERY = 3
"""Of the interruptions, every so many is a kill of the server; the others cut the client's connection."""
SEED = int(os.environ.get("RESUME_SEED", "1"))
DEFINE = """mutation Define($documents: [DefinitionInput!]!) {
  saveDefinitions(input: {documents: $documents}) { created { id } } }"""
REPORT = "mutation Report($samples: [SampleInput!]!) { reportSamples(input: {samples: $samples}) { accepted } }"
FIELDS = {
    "alertChanged": "alerts",
    "behaviorChanged": "behaviors",
}
SUBSCRIBE = (
    "subscription($after: Long, $place: Int) { %s(after: $after, afterPlace: $place) { sequence place initial } }"
)
TYPE = {
    "type_id": "tank",
    "properties": [{"name": "level", "data_type": "float"}],
    "behaviors": [
        {
            "name": name,
            "conditions": [f"level >= {limit}"],
            "actions": [{"type": "alert", "severity": "warning", "message": name}],
        }
        for name, limit in (("high", 80.0), ("very_high", 90.0))
    ],
}
TWINS = [f"tank_{number}" for number in range(5)]


@dataclass
class Follower:
    """A client that knows nothing but the last push that it got of each topic."""

    place: dict[str, tuple[int, int | None]] = field(default_factory=lambda: dict.fromkeys(FIELDS, (0, None)))
    got: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {name: [] for name in FIELDS})
    connection: websockets.ClientConnection | None = None
    connections: int = 0

    async def follow(self, url: str) -> None:
        """Until the connection is gone."""
        with contextlib.suppress(OSError, websockets.WebSocketException):
            async with websockets.connect(
                f"ws{url.removeprefix('http')}/graphql",
                subprotocols=[Subprotocol("graphql-transport-ws")],
                proxy=None,
                close_timeout=0.2,
            ) as self.connection:
                await self.connection.send(json.dumps({"type": "connection_init"}))
                assert json.loads(await self.connection.recv())["type"] == "connection_ack"
                self.connections += 1
                for name, (sequence, place) in self.place.items():
                    payload = {"query": SUBSCRIBE % name, "variables": {"after": sequence, "place": place}}
                    await self.connection.send(json.dumps({"id": name, "type": "subscribe", "payload": payload}))
                async for raw in self.connection:
                    self._take(json.loads(raw))

    def _take(self, message: dict[str, Any]) -> None:
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        name = message["id"]
        push = message["payload"]["data"][name]
        assert not push["initial"], "a client that resumes is not shown how things stand"
        at = (push["sequence"], push["place"])
        self.got[name].append(at)
        self.place[name] = at

    def cut(self) -> None:
        """Without a word."""
        if self.connection is not None:
            self.connection.transport.abort()


def _facts(folder: Path, upto: int) -> dict[str, list[tuple[int, int]]]:
    """What really happened, as the journal has it."""
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in FIELDS}
    reader = JournalReader.open(folder / "journal")
    for recorded in reader.entries(0):
        entry = recorded.entry
        if entry.sequence <= upto:
            for name, kind in FIELDS.items():
                found[name] += [(entry.sequence, place) for place in range(len(getattr(entry.outcome, kind)))]
    reader.close()
    return found


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: ServerProcess | None = None
        self.up = asyncio.Event()

    async def start(self) -> None:
        self.server = await start_server(self.folder)
        self.up.set()

    async def kill(self) -> None:
        assert self.server is not None
        self.up.clear()
        await self.server.end(signal.SIGKILL)

    async def keep_following(self, follower: Follower) -> None:
        while True:
            await self.up.wait()
            assert self.server is not None
            await follower.follow(self.server.url)
            await asyncio.sleep(0.01)

    async def keep_happening(self) -> None:
        """Levels go up and down; several alerts change at one sequence now and then."""
        chance = random.Random(SEED)
        while True:
            await self.up.wait()
            assert self.server is not None
            with contextlib.suppress(TwinOverlayError):
                async with self.server.client as client:
                    while self.up.is_set():
                        samples = [
                            {"twinId": twin, "property": "level", "value": chance.choice((10.0, 85.0, 95.0))}
                            for twin in chance.sample(TWINS, chance.randint(1, 3))
                        ]
                        await client.execute(REPORT, {"samples": samples})
                        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def _running(*work: Any) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(item) for item in work]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.timeout(60 + 60 * RESUMES)
async def test_facts_resume_without_a_gap_or_a_repeat_over_cuts_and_kills(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    place, follower = Place(tmp_path), Follower()
    await place.start()
    assert place.server is not None
    async with place.server.client as client:
        documents = [{"kind": "TWIN_TYPE", "document": TYPE}]
        documents += [{"kind": "TWIN", "document": {"twin_id": twin, "twin_type": "tank"}} for twin in TWINS]
        await client.execute(DEFINE, {"documents": documents})
    async with _running(place.keep_following(follower)) as [following]:
        async with _running(place.keep_happening()) as [happening]:
            for number in range(1, RESUMES + 2):

                async def again(number: int = number) -> bool:
                    assert not following.done(), following.exception()
                    assert not happening.done(), happening.exception()
                    return follower.connections == number

                await until(again, "the follower is there again", 60)
                before = {name: len(got) for name, got in follower.got.items()}

                async def more(before: dict[str, int] = before) -> bool:
                    assert not following.done(), following.exception()
                    return all(len(got) > before[name] for name, got in follower.got.items())

                await until(more, "something of each topic came", 60)
                if number > RESUMES:
                    break
                await asyncio.sleep(chance.uniform(0.0, 0.3))
                if number % RESTART_EVERY:
                    follower.cut()
                else:
                    await place.kill()
                    await asyncio.sleep(chance.uniform(0.0, 0.5))
                    await place.start()
        async with place.server.client as client:
            last = (await client.execute("{ sequence }"))["sequence"]
        expected = _facts(tmp_path, last)

        async def all_there() -> bool:
            assert not following.done(), following.exception()
            return all(len(follower.got[name]) >= len(facts) for name, facts in expected.items())

        await until(all_there, "the follower has caught up", 60)
    assert await place.server.end() == 0
    assert follower.connections == RESUMES + 1
    for name, facts in expected.items():
        assert len(facts) > RESUMES
        assert follower.got[name][: len(facts)] == facts, "each once, in order, and none is missing"
    assert len({sequence for sequence, _ in expected["behaviorChanged"]}) < len(expected["behaviorChanged"])
