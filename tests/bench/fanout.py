"""Pushes to 1,000 subscribers, beside a bare `websockets` broadcaster of the same bytes.

What is measured is from the committed change on: changes are made inside the server's process, and the value of each
carries when. The clients are one process of their own that reads frames and decodes none but a few.

    make bench SUITE=fanout
"""

import asyncio
import multiprocessing
import re
import selectors
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from importlib.metadata import version
from multiprocessing.connection import Connection as Pipe
from typing import Any

import uvicorn
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_bare
from websockets.typing import Subprotocol

from app.frames import FrameProtocol
from tests.api.parts import Installation
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, alternated, percentile
from tests.bench.websockets import Frames

CLIENTS = 1000
RATE = 1000
SECONDS = 4.0
_TICK = 0.005
_BARE = "bare `websockets`"
_SAMPLE = 25
"""Of so many reads one is looked into for its time."""
_STAMP = re.compile(rb'"number":([0-9.]+)')
QUERY = (
    'subscription { propertyChanged(twinIds: [\\"%s\\"], properties: [\\"speed\\"]) '
    "{ twinId sequence skipped value { number quality timestamp } } }"
)

_BEFORE = '{"type":"next","id":"1","payload":{"data":{"propertyChanged":{"twinId":"pump_1000","sequence":'
_BETWEEN = ',"skipped":0,"value":{"number":'
_BEHIND = ',"quality":"GOOD","timestamp":"2026-01-02T12:00:00.000000Z"}}}}}'
"""The message that ours sends, around its two numbers."""


# ------------------------------------------------------------ the clients, a process of their own


def _clients(pipe: Pipe, port: int, path: str, queries: Sequence[str | None]) -> None:
    """Connects, says so, and counts what comes between `start` and `stop`."""
    chosen = selectors.DefaultSelector()
    for query in queries:
        client = Frames(port, path, query)
        chosen.register(client.socket, selectors.EVENT_READ, client)
    chosen.register(pipe, selectors.EVENT_READ)
    pipe.send("connected")
    frames, reads, counting = 0, 0, False
    times: list[float] = []
    while True:
        for key, _ in chosen.select():
            if key.fileobj is pipe:
                if pipe.recv() == "start":
                    frames, counting = 0, True
                    times.clear()
                    continue
                pipe.send((frames, times))
                return
            count, found = key.data.read()
            frames += count
            reads += 1
            if counting and reads % _SAMPLE == 0 and (stamps := _STAMP.findall(found)):
                now = time.perf_counter()
                times += [now - float(stamp) for stamp in stamps]


# ------------------------------------------------------------ the servers


async def _ours(hot: bool, run: "Run") -> None:
    installation = Installation()
    names = ["pump_123"] if hot else [f"pump_{1000 + number}" for number in range(run.clients)]
    installation.save(*(("twin", {"twin_id": name, "twin_type": "pump"}) for name in names))
    twins = names * (run.clients // len(names))

    class Server(uvicorn.Server):
        def install_signal_handlers(self) -> None:
            return None

    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen(2048)
        port = bound.getsockname()[1]
        config = uvicorn.Config(
            installation.app(port), lifespan="off", ws=FrameProtocol, log_config=None, ws_ping_interval=None
        )
        server = Server(config)
        running = asyncio.ensure_future(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)

        async def change(number: int) -> None:
            installation.store.journal.clear()
            installation.change(names[number % len(names)], "speed", time.perf_counter())

        await run.measure(port, "/graphql", [QUERY % twin for twin in twins], change)
        server.should_exit = True
        await running


async def _bare(hot: bool, run: "Run") -> None:
    """As the documentation of `websockets` has it, with the bytes that ours sends."""
    connections: list[ServerConnection] = []

    async def handler(connection: ServerConnection) -> None:
        connections.append(connection)
        await connection.wait_closed()

    async with serve_bare(
        handler,
        "127.0.0.1",
        0,
        compression=None,
        ping_interval=None,
        subprotocols=[Subprotocol("graphql-transport-ws")],
    ) as server:
        port = next(iter(server.sockets)).getsockname()[1]

        async def change(number: int) -> None:
            now = time.perf_counter()
            text = f"{_BEFORE}{number}{_BETWEEN}{now!r}{_BEHIND}"
            broadcast(connections if hot else [connections[number % run.clients]], text)
            if hot:
                await asyncio.sleep(0)  # the loop hands it to the kernel

        await run.measure(port, "/", [None] * run.clients, change)


class Run:
    """What so many clients got in so many seconds: frames a second, and the times of some of them."""

    def __init__(self, clients: int, seconds: float) -> None:
        self.clients = clients
        self._seconds = seconds
        self.frames = 0.0
        self.times: list[float] = []

    async def measure(
        self, port: int, path: str, queries: Sequence[str | None], change: Callable[[int], Awaitable[None]]
    ) -> None:
        here, there = multiprocessing.Pipe()
        clients = multiprocessing.get_context("spawn").Process(target=_clients, args=(there, port, path, queries))
        clients.start()
        there.close()  # or nobody hears that they have ended
        try:
            await _said(here)
            await asyncio.sleep(1.0)
            here.send("start")
            began = time.perf_counter()
            number = 0
            while (now := time.perf_counter()) < began + self._seconds:
                due = int((now - began) * RATE)
                while number < due and time.perf_counter() < began + self._seconds:
                    await change(number)
                    number += 1
                await asyncio.sleep(_TICK)
            took = time.perf_counter() - began
            here.send("stop")
            frames, self.times = await _said(here)
            self.frames = frames / took
        finally:
            clients.terminate()
            await asyncio.to_thread(clients.join)


async def _said(pipe: Pipe) -> Any:
    return await asyncio.to_thread(pipe.recv)


# ------------------------------------------------------------ figures


def run(quick: bool) -> Report:
    rounds, clients, seconds = (1, 100, 1.0) if quick else (LEAST_ROUNDS, CLIENTS, SECONDS)
    figures: list[Figure] = []
    for key, hot, what in (("hot", True, "all of one hot twin"), ("many", False, "each of another twin")):
        ours, bare = _alternated(hot, rounds, clients, seconds)
        told = f"{clients:,} subscribers, {what}, {RATE:,} changes/s"
        figures.append(
            Figure(
                key=key,
                what=told,
                unit="frames/s",
                rounds=tuple(one.frames for one in ours),
                beside=(Beside(what=_BARE, rounds=tuple(one.frames for one in bare)),),
            )
        )
        figures += [
            Figure(
                key=f"{key}_p{percent}",
                what=f"the same: from a change to its frame, p{percent}",
                unit="ms",
                rounds=tuple(percentile(one.times, percent) * 1000 for one in ours),
                beside=(Beside(what=_BARE, rounds=tuple(percentile(one.times, percent) * 1000 for one in bare)),),
            )
            for percent in (50, 99)
        ]
    return Report(figures=tuple(figures), versions={"websockets": version("websockets")})


def _alternated(hot: bool, rounds: int, clients: int, seconds: float) -> tuple[list[Run], list[Run]]:
    def by(serve: Callable[[bool, Run], Coroutine[None, None, None]]) -> Callable[[int], Run]:
        def measure(round: int) -> Run:
            run = Run(clients, seconds)
            uvloop.run(serve(hot, run))
            return run

        return measure

    ours, bare = alternated(rounds, by(_ours), by(_bare))
    return ours, bare


SUITE = Suite(
    title="Pushes to many",
    about=(
        f"{CLIENTS:,} subscribers and {RATE:,} changes a second in all: all subscribers of the same property of one "
        "twin, or each of another twin. They are made within each server's process: ingest and journal, which are in "
        "The headline, are not in it. Beside it a bare `websockets` broadcaster of the same bytes. Delivered are "
        "frames that a client took from its socket; the time is from the change to the client's having its frame. The "
        "hot twin asks for a million frames a second, more than either can do on one core: there the figure is how "
        "many arrive (the server lets the newest through and counts the rest as skipped; the broadcaster, which does "
        "not, sends a message once all that went before are with the kernel)."
    ),
    run=run,
)
