"""Ingest end to end beside a bare client of the same library, in the same run: what durability, rules and pushes cost.

MQTT: QoS 1 messages that the broker already holds more of than anybody takes, so each side goes as fast as it can: the
server (journaled, decided by a behavior a twin, written to the graph, pushed to one subscriber of a tenth of the twins)
beside an aiomqtt subscriber that counts. OPC UA: changes of one asyncua server, the server beside an asyncua
subscription that counts. Everything runs on the same cores, publisher, broker, device and graph included; rounds
alternate. Then a minute at four fifths of the rate that was measured: nothing may be lost, and memory is read every ten
seconds.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import aiomqtt
import psutil
import uvloop
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node

from tests.bench.engines import ENGINES
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite
from tests.e2e.processes import REPO, until
from tests.faults.account import verify
from tests.faults.installation import Installation, installed
from tests.faults.opcua_counters import NAMESPACE
from tests.faults.opcua_device import Device, definitions
from tests.faults.plant import SAVE, topic, twin_ids
from tests.faults.publisher import Publisher
from tests.servers import mosquitto
from tests.servers.graph import GraphAddress
from tests.servers.mosquitto import Mosquitto

TWINS = 100
WARM_SECONDS, SECONDS = 3.0, 8.0
FLOOD = 20_000.0
"""Messages a second, more than anybody takes."""
VARIABLES, CHANGES = 200, 20_000.0
"""As many a second as come through the queues of the device: ten a variable, every 100 ms."""
SOAK_SECONDS, SOAK_SHARE = 60.0, 0.8
_LOOKS = 6
FOLLOW = "subscription($ids: [ID!]!) { propertyChanged(twinIds: $ids) { value { number } } }"


@dataclass(frozen=True)
class Taken:
    rate: float
    """A second."""
    cost: float
    """Microseconds of the processor's time for each: the server's process alone, or the bare one's."""


Measure = Callable[[Path, GraphAddress], Coroutine[None, None, Taken]]


def run(quick: bool) -> Report:
    return asyncio.run(_bench(1 if quick else LEAST_ROUNDS, SOAK_SECONDS / 6 if quick else SOAK_SECONDS))


async def _bench(rounds: int, soak: float) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        async with ENGINES["embedded"](Path(folder, "graph")) as (graph, _):
            found = await _compare(Path(folder, "mqtt"), graph, _mqtt, _bare_mqtt, rounds)
            mqtt = _figures("mqtt", "MQTT messages of QoS 1, two samples each", found, "bare aiomqtt subscriber")
            soaked = await _soak(Path(folder, "soak"), graph, SOAK_SHARE * min(mqtt[0].rounds), soak)
            found = await _compare(Path(folder, "opcua"), graph, _opcua, _bare_opcua, rounds)
            opcua = _figures("opcua", "OPC UA changes", found, "bare asyncua subscription")
    return Report(figures=(*mqtt, *soaked.figures, *opcua), said=soaked.said)


def _figures(key: str, what: str, found: tuple[list[Taken], list[Taken]], floor: str) -> tuple[Figure, Figure]:
    ours, bare = found
    return (
        Figure(
            key=key,
            what=f"{what}, more of them than anybody takes",
            unit="a second",
            rounds=tuple(one.rate for one in ours),
            beside=(Beside(what=floor, rounds=tuple(one.rate for one in bare)),),
        ),
        Figure(
            key=f"{key}_cost",
            what="the same: processor time for each, of the server's process",
            unit="us",
            rounds=tuple(one.cost for one in ours),
            beside=(Beside(what=floor, rounds=tuple(one.cost for one in bare)),),
        ),
    )


async def _compare(
    folder: Path, graph: GraphAddress, ours: Measure, bare: Measure, rounds: int
) -> tuple[list[Taken], list[Taken]]:
    """Rounds in turn."""
    taken: list[Taken] = []
    floors: list[Taken] = []
    for number in range(rounds):
        for measure, found in ((ours, taken), (bare, floors)) if number % 2 else ((bare, floors), (ours, taken)):
            found.append(await measure(folder / f"{measure.__name__}{number}", graph))
    return taken, floors


async def _soak(folder: Path, graph: GraphAddress, rate: float, seconds: float) -> Report:
    await graph.clean()
    async with _fed(folder, graph, rate) as place:
        assert place.server is not None
        process, resident = psutil.Process(place.server.process.pid), []
        for _ in range(_LOOKS):
            await asyncio.sleep(seconds / _LOOKS)
            resident.append(process.memory_info().rss / 2**20)
        began = time.perf_counter()
        await place.publisher.stop()
        await place.settled()
        behind = time.perf_counter() - began
        await place.stop()
        found = await verify(place)
    total = place.publisher.total
    figures = (
        Figure(
            key="soak_lost",
            what=f"of {total:,} messages in {seconds:.0f} s, {rate:,.0f} a second, those that the journal has not",
            unit="messages",
            rounds=(total - found.tally.journaled / 2,),
        ),
        Figure(
            key="soak_growth",
            what="the server's memory in their last sixth over that in their first",
            unit="times",
            rounds=(resident[-1] / resident[0],),
            memory=resident[-1],
        ),
    )
    sizes = ", ".join(f"{size:.0f}" for size in resident)
    said = f"All of them are in the graph {behind:.1f} s after the last; the server took {sizes} MB meanwhile."
    return Report(figures=figures, said=(said,))


async def _mqtt(folder: Path, graph: GraphAddress) -> Taken:
    await graph.clean()
    async with _fed(folder, graph, FLOOD) as place:
        await asyncio.sleep(WARM_SECONDS)
        taken = await _taken(place, 2)
        place.publisher.abandon()
    return taken


@contextlib.asynccontextmanager
async def _fed(folder: Path, graph: GraphAddress, rate: float) -> AsyncIterator[Installation]:
    """A server with the counters, a subscriber of a tenth of them, and messages on their way."""
    async with installed(folder, graph, mosquitto.installed(), twins=TWINS, rate=rate) as place:
        await place.start()
        await place.define()
        async with _followed(place, place.twins[: TWINS // 10]):
            place.publisher.start()
            yield place


@contextlib.asynccontextmanager
async def _followed(place: Installation, ids: list[str]) -> AsyncIterator[None]:
    async def follow() -> None:
        async with place.client as client:
            async for _ in client.subscribe(FOLLOW, {"ids": ids}):
                pass

    following = asyncio.create_task(follow())
    try:
        yield
        assert place.server is not None
        if place.server.process.returncode is None:
            assert not following.done(), "the subscriber was cut off"
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _taken(place: Installation, samples: int) -> Taken:
    """What became durable, in messages of so many samples."""
    assert place.server is not None
    process = psutil.Process(place.server.process.pid)
    first, spent, began = await _journaled(place), process.cpu_times(), time.perf_counter()
    await asyncio.sleep(SECONDS)
    count = (await _journaled(place) - first) / samples
    took, now = time.perf_counter() - began, process.cpu_times()
    return Taken(count / took, (now.user + now.system - spent.user - spent.system) / count * 1e6)


async def _journaled(place: Installation) -> int:
    return int((await place.ledger())["journaled"])


async def _bare_mqtt(folder: Path, graph: GraphAddress) -> Taken:
    folder.mkdir(parents=True)
    broker = Mosquitto(folder, mosquitto.installed(), options="max_queued_messages 0\nmax_inflight_messages 1000\n")
    await broker.start()
    topics = [topic(twin_id) for twin_id in twin_ids(TWINS)]
    publisher = Publisher(broker.port, topics, FLOOD)
    try:
        async with _part("mqtt", str(broker.port)) as counting:
            publisher.start()
            taken = await _answer(counting)
    finally:
        publisher.abandon()
        await broker.stop()
    return taken


async def _count_mqtt(port: str) -> None:
    async with aiomqtt.Client("127.0.0.1", int(port), identifier="bare", clean_session=False) as client:
        await client.subscribe("plant/#", qos=1)
        counter = _Counter()
        async for _ in client.messages:
            if counter.one():
                return


class _Counter:
    """Counts for `SECONDS` after the first `WARM_SECONDS` in which anything came."""

    def __init__(self) -> None:
        self._count = 0
        self._began = 0.0
        self._spent = 0.0
        self._warm = 0.0

    def one(self) -> bool:
        """True once it has said the rate and the cost."""
        now = time.perf_counter()
        self._warm = self._warm or now
        if now - self._warm < WARM_SECONDS:
            return False
        if not self._began:
            self._began, self._spent = now, time.process_time()
        self._count += 1
        if now - self._began < SECONDS:
            return False
        spent = time.process_time() - self._spent
        print(json.dumps([self._count / (now - self._began), spent / self._count * 1e6]), flush=True)
        return True


async def _opcua(folder: Path, graph: GraphAddress) -> Taken:
    await graph.clean()
    async with _device() as device, installed(folder, graph, mosquitto.installed(), twins=1, rate=1) as place:
        await place.start()
        async with place.client as client:
            await client.execute(SAVE, {"documents": definitions(device.port, VARIABLES)})

        async def hears() -> bool:
            return await _journaled(place) > VARIABLES

        await until(hears, "the first changes")
        async with _followed(place, [f"opc_{index}" for index in range(VARIABLES // 10)]):
            await asyncio.sleep(WARM_SECONDS)
            taken = await _taken(place, 1)
    return taken


async def _bare_opcua(folder: Path, graph: GraphAddress) -> Taken:
    async with _device() as device, _part("opcua", str(device.port)) as counting:
        return await _answer(counting)


async def _count_opcua(port: str) -> None:
    done = asyncio.Event()
    counter = _Counter()

    class Handler:
        def datachange_notification(self, node: Node, value: object, data: object) -> None:
            if counter.one():
                done.set()

    async with Client(f"opc.tcp://127.0.0.1:{port}") as client:
        index = await client.get_namespace_index(NAMESPACE)
        nodes = [client.get_node(ua.NodeId(ua.String(f"C{at}"), ua.Int16(index))) for at in range(VARIABLES)]
        subscription = await client.create_subscription(100, Handler())
        await subscription.subscribe_data_change(nodes, queuesize=10)
        await done.wait()


@contextlib.asynccontextmanager
async def _device() -> AsyncIterator[Device]:
    device = Device(VARIABLES, CHANGES)
    await device.start()
    try:
        yield device
    finally:
        await device.kill()


@contextlib.asynccontextmanager
async def _part(name: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.ingest", "part", name, *arguments),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _answer(part: asyncio.subprocess.Process) -> Taken:
    assert part.stdout is not None
    return Taken(*json.loads(await asyncio.wait_for(part.stdout.readline(), 120)))


PARTS = {"mqtt": _count_mqtt, "opcua": _count_opcua}


SUITE = Suite(
    title="Ingest",
    about=(
        "Telemetry end to end, more of it published than anybody takes: the server journals, decides by a behavior a "
        "twin, writes to the graph and pushes a tenth of the twins to a subscriber. Beside it the floor of the same "
        "library on the same event loop (uvloop): a bare aiomqtt subscriber, a bare asyncua subscription with the same "
        "queues, that only count. Publisher or device, broker "
        "and graph engine share the cores. Then a minute at four fifths of the lowest rate: the journal is held "
        "against what the publisher knows, and the graph against the journal."
    ),
    run=run,
    needs=(mosquitto.installed,),
)


if __name__ == "__main__":
    uvloop.run(PARTS[sys.argv[2]](*sys.argv[3:]))  # as the server's loop is
