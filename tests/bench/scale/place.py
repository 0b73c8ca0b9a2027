"""A server under a steady stream while something of it grows: its definitions, its costs, and what is told of them."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

import psutil

from tests.bench.figures import Curve, Figure, percentile
from tests.bench.steady import Steady
from tests.e2e.processes import REPO, until
from tests.faults.installation import CONNECTED, Installation
from tests.faults.plant import SAVE, topic
from tests.faults.publisher import Publisher

RATE = 1_000.0
TWINS = 1_000
"""Where it is not they that grow."""
WINDOW_SECONDS = 2.0
_WARM_SECONDS = 2.0
_BATCH = 500
_CONNECTS_WITHIN_SECONDS = 240.0
Documents = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Effort:
    rounds: int
    seconds: float
    """Of a round."""
    twins: tuple[int, ...]
    connectors: tuple[int, ...]
    subscribers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """Of a size; one of each a round."""

    server: tuple[float, ...]
    """Microseconds of the server's processor time, over a message."""
    bare: tuple[float, ...]
    """The same of the bare subscriber."""
    kernel: tuple[float, ...]
    """Of the server's, what was spent in calls to the system."""
    wakes: tuple[float, ...]
    """How often the server's loop went to sleep, a message."""
    p50: tuple[float, ...]
    """Milliseconds from publish to frame."""
    p99: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    figures: tuple[Figure, ...]
    curves: tuple[Curve, ...]


def ids(count: int, first: int = 0) -> list[str]:
    return [f"tank_{number:06}" for number in range(first, count)]


def types(endpoint: str = "") -> Documents:
    """A tank with a behavior that looks at every message and never fires, and a pair of them with another. Without an
    endpoint nothing connects."""
    mapped = {name: {"topic": topic("{twin_id}"), "pointer": f"/{name}", "qos": 1} for name in ("n", "level")}
    connectivity = {"protocol": "mqtt", "endpoint": endpoint, "mapping": {"properties": mapped}}
    over = [{"type": "alert", "severity": "warning", "message": "it flows over"}]
    tank = {
        "type_id": "tank",
        "properties": [{"name": "n", "data_type": "integer"}, {"name": "level", "data_type": "float"}],
        **({"connectivity": connectivity} if endpoint else {}),
        "behaviors": [{"name": "over", "conditions": ["level > 95"], "actions": over}],
    }
    pair = {
        "type_id": "pair",
        "twin_roles": [{"role": "first", "twin_type": "tank"}, {"role": "second", "twin_type": "tank"}],
        "behaviors": [{"name": "both", "conditions": ["first.level > 95 && second.level > 95"], "actions": over}],
    }
    return [{"kind": "TWIN_TYPE", "document": tank}, {"kind": "OVERLAY_TYPE", "document": pair}]


def tank(twin_id: str, **more: Any) -> dict[str, Any]:
    document = {
        "twin_id": twin_id,
        "twin_type": "tank",
        "description": "Holds what its line needs for an hour",
        "manufacturer": "Acme Tanks",
        "location": {"site": "Site 1", "building": f"Building {twin_id[-2:]}"},
        **more,
    }
    return {"kind": "TWIN", "document": document}


async def save(place: Installation, documents: Documents) -> None:
    async with place.client as client:
        for start in range(0, len(documents), _BATCH):
            part = documents[start : start + _BATCH]
            await client.execute(SAVE, {"documents": part}, timeout_seconds=600)


async def connected(place: Installation, count: int) -> None:
    """Until so many connections stand, each with all of its subscriptions."""

    async def stand() -> bool:
        async with place.client as client:
            found = (await client.execute(CONNECTED))["connectors"]
        return [item["status"] for item in found] == ["CONNECTED"] * count

    await until(stand, f"{count} connections", _CONNECTS_WITHIN_SECONDS)


def memory(pid: int) -> float:
    """MB."""
    return float(psutil.Process(pid).memory_info().rss / 2**20)


async def costs(place: Installation, twins: Sequence[str], effort: Effort) -> Costs:
    """With messages to these twins in turn, a tenth of whom is followed."""
    assert place.server is not None
    topics, before = [topic(twin_id) for twin_id in twins], place.publisher.sent  # a number that stands is no change
    place.publisher = Publisher(place.broker.port, topics, RATE, sent=before)
    steady = Steady(place, list(twins[:: min(10, len(twins))]))
    ours: list[float] = []
    floor: list[float] = []
    kernel: list[float] = []
    wakes: list[float] = []
    waits: list[list[float]] = []
    async with _bare(place) as bare, steady.running():
        await asyncio.sleep(_WARM_SECONDS)
        server = psutil.Process(place.server.process.pid)
        for _ in range(effort.rounds):
            spent, sent = (_spent(server), _spent(bare)), sum(place.publisher.sent.values())
            system, slept = server.cpu_times().system, server.num_ctx_switches().voluntary
            async with steady.window() as times:
                await asyncio.sleep(effort.seconds)
                count = sum(place.publisher.sent.values()) - sent
                ours.append((_spent(server) - spent[0]) / count * 1e6)
                floor.append((_spent(bare) - spent[1]) / count * 1e6)
                kernel.append((server.cpu_times().system - system) / count * 1e6)
                wakes.append((server.num_ctx_switches().voluntary - slept) / count)
            waits.append(times)
    return Costs(
        tuple(ours),
        tuple(floor),
        tuple(kernel),
        tuple(wakes),
        tuple(percentile(times, 50) for times in waits),
        tuple(percentile(times, 99) for times in waits),
    )


@contextlib.asynccontextmanager
async def _bare(place: Installation) -> AsyncIterator[psutil.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.scale.bare", str(place.broker.port)), cwd=REPO
    )
    try:
        yield psutil.Process(process.pid)
        assert process.returncode is None, "the bare subscriber has ended"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
