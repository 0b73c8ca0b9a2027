"""Pushes to 1,000 subscribers, beside a bare `websockets` broadcaster of the same bytes in the same run.

One hot twin: all 1,000 subscribe to the same property of one twin. Many twins: each subscribes to one of 1,000. Both
change 1,000 times a second in all, from inside the server's process: what is measured is from the committed change on.
Delivered are frames that a client took from its socket; the time is from the change to the client's having its frame,
which the value carries. The hot twin asks for a million frames a second, more than either can do on one core: there the
figure is how many arrive (the server lets the newest through and counts the rest as skipped; the broadcaster, which
does not, sends a message once all that went before are with the kernel). The clients are one process of their own that
reads frames and decodes none but a few.
"""

import asyncio
import multiprocessing
import os
import re
import selectors
import socket
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from multiprocessing.connection import Connection as Pipe
from typing import Any

import uvicorn
import uvloop
from websockets.asyncio.server import ServerConnection, broadcast
from websockets.asyncio.server import serve as serve_bare
from websockets.typing import Subprotocol

from app.frames import FrameProtocol
from tests.api.parts import Installation
from tests.bench.websockets import Frames

CLIENTS = 1000
RATE = 1000
SECONDS = 5.0
RUNS = 5
_TICK = 0.005
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
    names = ["pump_123"] if hot else [f"pump_{1000 + number}" for number in range(CLIENTS)]
    installation.save(*(("twin", {"twin_id": name, "twin_type": "pump"}) for name in names))
    twins = names * (CLIENTS // len(names))

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
            broadcast(connections if hot else [connections[number % CLIENTS]], text)
            if hot:
                await asyncio.sleep(0)  # the loop hands it to the kernel

        await run.measure(port, "/", [None] * CLIENTS, change)


class Run:
    def __init__(self) -> None:
        self.frames = 0.0
        self.times: list[float] = []

    async def measure(
        self, port: int, path: str, queries: Sequence[str | None], change: Callable[[int], Awaitable[None]]
    ) -> None:
        here, there = multiprocessing.Pipe()
        clients = multiprocessing.get_context("spawn").Process(target=_clients, args=(there, port, path, queries))
        clients.start()
        try:
            await _said(here)
            await asyncio.sleep(1.0)
            here.send("start")
            began = time.perf_counter()
            number = 0
            while (now := time.perf_counter()) < began + SECONDS:
                due = int((now - began) * RATE)
                while number < due and time.perf_counter() < began + SECONDS:
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


def main() -> None:
    figures: dict[tuple[str, str], list[Run]] = {}
    for _ in range(RUNS):
        for hot, what in ((True, "one hot twin"), (False, "1,000 twins")):
            for kind, serve in (("ours", _ours), ("bare websockets", _bare)):
                run = Run()
                uvloop.run(serve(hot, run))
                figures.setdefault((what, kind), []).append(run)
    print(
        f"{CLIENTS:,} subscribers, {RATE:,} changes/s, {RUNS} alternated runs of {SECONDS:g} s, {os.cpu_count()} cores"
    )
    print(f"{'':32}{'frames/s':>10}{'(spread)':>22}{'p50 ms':>9}{'p99 ms':>9}   p99 of each run")
    for (what, kind), runs in figures.items():
        each = [run.frames for run in runs]
        p99 = [_percentile(run.times, 99) for run in runs]
        p50 = statistics.median(_percentile(run.times, 50) for run in runs)
        spread = f"{min(each):,.0f} to {max(each):,.0f}"
        told = " ".join(f"{one:.1f}" for one in p99)
        median = statistics.median(each)
        print(f"{what + ', ' + kind:32}{median:10,.0f}{spread:>22}{p50:9.1f}{statistics.median(p99):9.1f}   {told}")
    for what in ("one hot twin", "1,000 twins"):
        ratios = [
            mine.frames / bare.frames
            for mine, bare in zip(figures[what, "ours"], figures[what, "bare websockets"], strict=True)
        ]
        median = statistics.median(ratios)
        print(f"{what}: {median:.0%} of the bare broadcaster's frames ({min(ratios):.0%} to {max(ratios):.0%})")


def _percentile(samples: list[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1] * 1e3 if len(samples) > 1 else 0.0
