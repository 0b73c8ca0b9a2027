"""Ingest end to end beside a bare client of the same library, in the same run: what durability, rules and pushes cost.

MQTT: QoS 1 messages that the broker already holds more of than anybody takes, so each side goes as fast as it can: the
server (journaled, decided by a behavior a twin, written to the graph, pushed to one subscriber of a tenth of the twins)
beside an aiomqtt subscriber that counts. OPC UA: changes of one asyncua server, the server beside an asyncua
subscription that counts. Everything runs on the same two cores, publisher, broker, device and graph included; rounds
alternate. Then a minute at four fifths of the rate that was measured: nothing may be lost, and memory is read every ten
seconds.

    make bench SUITE=ingest
"""

import asyncio
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path

import aiomqtt
import psutil
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node

from app.graph.embedded import EmbeddedEngine
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

ROUNDS, TWINS = 5, 100
WARM_SECONDS, SECONDS = 3.0, 8.0
FLOOD = 20_000.0
"""Messages a second, more than anybody takes."""
VARIABLES, CHANGES = 100, 20_000.0
Measure = Callable[[Path, GraphAddress], Coroutine[None, None, float]]
SOAK_SECONDS, SOAK_SHARE = 60.0, 0.8
FOLLOW = "subscription($ids: [ID!]!) { propertyChanged(twinIds: $ids) { value { number } } }"


def main() -> None:
    if sys.argv[1:2] == ["part"]:
        asyncio.run(PARTS[sys.argv[2]](*sys.argv[3:]))
    else:
        asyncio.run(_bench())


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        engine = EmbeddedEngine(Path(folder, "graph"))
        await engine.start()
        try:
            graph = GraphAddress(engine.uri, engine.user, engine.password, engine.database)
            rate = await _compare("MQTT messages at QoS 1", Path(folder, "mqtt"), graph, _mqtt, _bare_mqtt)
            await _soak(Path(folder, "soak"), graph, SOAK_SHARE * rate)
            await _compare("OPC UA changes", Path(folder, "opcua"), graph, _opcua, _bare_opcua)
        finally:
            await engine.stop()


async def _compare(what: str, folder: Path, graph: GraphAddress, ours: Measure, bare: Measure) -> float:
    """Rounds in turn; the lowest rate of ours."""
    rates: list[float] = []
    floors: list[float] = []
    for number in range(ROUNDS):
        for measure, found in ((ours, rates), (bare, floors)) if number % 2 else ((bare, floors), (ours, rates)):
            found.append(await measure(folder / f"{measure.__name__}{number}", graph))
    ratios = [rate / floor for rate, floor in zip(rates, floors, strict=True)]
    print(
        f"{what}: server {_spread(rates)} a second, bare subscriber {_spread(floors)}, "
        f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    return min(rates)


async def _soak(folder: Path, graph: GraphAddress, rate: float) -> None:
    await graph.clean()
    async with _fed(folder, graph, rate) as place:
        assert place.server is not None
        process, resident = psutil.Process(place.server.process.pid), []
        for _ in range(round(SOAK_SECONDS / 10)):
            await asyncio.sleep(10)
            resident.append(process.memory_info().rss / 2**20)
        began = time.perf_counter()
        await place.publisher.stop()
        await place.settled()
        behind = time.perf_counter() - began
        await place.stop()
        await verify(place)
    print(
        f"{place.publisher.total:,} messages in {SOAK_SECONDS:.0f} s, {rate:,.0f} a second: none lost, all in the "
        f"graph {behind:.1f} s after the last; server {', '.join(f'{size:.0f}' for size in resident)} MB"
    )


def _spread(rates: list[float]) -> str:
    return f"{statistics.median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"


def _broker() -> str:
    program = mosquitto.program()
    assert program is not None, "mosquitto is not installed (apt-get install mosquitto)"
    return program


async def _mqtt(folder: Path, graph: GraphAddress) -> float:
    await graph.clean()
    async with _fed(folder, graph, FLOOD) as place:
        await asyncio.sleep(WARM_SECONDS)
        rate = await _rate(place) / 2  # a message has two samples
        place.publisher.abandon()
        await place.kill()
    return rate


@contextlib.asynccontextmanager
async def _fed(folder: Path, graph: GraphAddress, rate: float) -> AsyncIterator[Installation]:
    """A server with the counters, a subscriber of a tenth of them, and messages on their way."""
    async with installed(folder, graph, _broker(), twins=TWINS, rate=rate) as place:
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
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def _rate(place: Installation) -> float:
    """Samples a second that became durable."""
    first, began = await _journaled(place), time.perf_counter()
    await asyncio.sleep(SECONDS)
    return (await _journaled(place) - first) / (time.perf_counter() - began)


async def _journaled(place: Installation) -> int:
    return int((await place.ledger())["journaled"])


async def _bare_mqtt(folder: Path, graph: GraphAddress) -> float:
    folder.mkdir(parents=True)
    broker = Mosquitto(folder, _broker(), options="max_queued_messages 0\nmax_inflight_messages 1000\n")
    await broker.start()
    topics = [topic(twin_id) for twin_id in twin_ids(TWINS)]
    publisher = Publisher(broker.port, topics, FLOOD)
    try:
        async with _part("mqtt", str(broker.port)) as counting:
            publisher.start()
            rate = await _answer(counting)
    finally:
        publisher.abandon()
        await broker.stop()
    return rate


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
        self._warm = 0.0

    def one(self) -> bool:
        """True once it has said the rate."""
        now = time.perf_counter()
        self._warm = self._warm or now
        if now - self._warm < WARM_SECONDS:
            return False
        self._began = self._began or now
        self._count += 1
        if now - self._began < SECONDS:
            return False
        print(self._count / (now - self._began), flush=True)
        return True


async def _opcua(folder: Path, graph: GraphAddress) -> float:
    await graph.clean()
    async with _device() as device, installed(folder, graph, _broker(), twins=1, rate=1) as place:
        await place.start()
        async with place.client as client:
            await client.execute(SAVE, {"documents": definitions(device.port, VARIABLES)})

        async def hears() -> bool:
            return await _journaled(place) > VARIABLES

        await until(hears, "the first changes")
        async with _followed(place, [f"opc_{index}" for index in range(VARIABLES // 10)]):
            await asyncio.sleep(WARM_SECONDS)
            rate = await _rate(place)
        await place.kill()
    return rate


async def _bare_opcua(folder: Path, graph: GraphAddress) -> float:
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


async def _answer(part: asyncio.subprocess.Process) -> float:
    assert part.stdout is not None
    return float(await asyncio.wait_for(part.stdout.readline(), 60))


PARTS = {"mqtt": _count_mqtt, "opcua": _count_opcua}


if __name__ == "__main__":
    main()
