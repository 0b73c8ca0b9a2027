"""Brokers and OPC UA servers that restart, links that go silent, a subscription that tells nothing any more.

All at once on one server: MQTT counters at QoS 1 (nothing that the broker took may be missing) and OPC UA counters
(the last value must be there again, soon after the fault ends). Every fault is done to both sides while load goes on.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.processes import until
from tests.faults.account import verify
from tests.faults.installation import Installation, installed
from tests.faults.opcua_device import Device, definitions
from tests.faults.plant import SAVE
from tests.servers.graph import GraphAddress
from tests.servers.proxy import Proxy, proxied


@dataclass(frozen=True)
class Lengths:
    rounds: int
    """Of all faults, in any order."""
    fault_seconds: float
    rate: float
    seed: int


BY_HAND = Lengths(rounds=10, fault_seconds=8.0, rate=1_000.0, seed=1)
IN_CI = Lengths(rounds=1, fault_seconds=2.0, rate=500.0, seed=2)
VARIABLES, CHANGES_A_SECOND = 20, 100.0
READ_BACK_SECONDS = 5.0
"""How often the server compares what a subscription told it with what is there."""
CONVERGES_WITHIN_SECONDS = 60.0
"""Back-off of at most 30 s with its jitter, and reading everything back."""


@dataclass
class Site:
    place: Installation
    device: Device
    to_broker: Proxy
    to_device: Proxy
    lengths: Lengths

    async def broker_restarts(self) -> None:
        await self.place.broker.stop()
        await asyncio.sleep(self.lengths.fault_seconds)
        await self.place.broker.start()

    async def device_restarts(self) -> None:
        await self.device.kill()
        await asyncio.sleep(self.lengths.fault_seconds)
        await self.device.start()

    async def links_fall_silent(self) -> None:
        for proxy in (self.to_broker, self.to_device):
            proxy.silence()
        await asyncio.sleep(3 * self.lengths.fault_seconds)
        for proxy in (self.to_broker, self.to_device):
            proxy.speak()

    async def links_are_cut(self) -> None:
        for _ in range(5):
            for proxy in (self.to_broker, self.to_device):
                proxy.cut()
            await asyncio.sleep(self.lengths.fault_seconds / 5)

    async def subscription_falls_silent(self) -> None:
        """And stays so: only whoever reads notices."""
        await self.device.say("mute")
        await asyncio.sleep(self.lengths.fault_seconds)

    async def converged(self, after: str) -> float:
        """Seconds until the server has the device's last values, which have stopped meanwhile."""
        numbers = await self.device.frozen()
        wanted = {f"opc_{index}": number for index, number in enumerate(numbers)}
        began = time.monotonic()

        async def heard() -> bool:
            return await self.place.values("opc_") == wanted

        await until(heard, f"that every last value is there after '{after}'", CONVERGES_WITHIN_SECONDS)
        await self.device.say("unmute")
        await self.device.say("go")
        return time.monotonic() - began


async def run(folder: Path, graph: GraphAddress, broker_program: str, lengths: Lengths) -> dict[str, object]:
    chance = random.Random(lengths.seed)
    slowest: dict[str, float] = {}
    async with _site(folder, graph, broker_program, lengths) as site:
        faults: list[Callable[[], Awaitable[None]]] = [
            site.broker_restarts,
            site.device_restarts,
            site.links_fall_silent,
            site.links_are_cut,
            site.subscription_falls_silent,
        ]
        for _ in range(lengths.rounds):
            for fault in chance.sample(faults, len(faults)):
                await fault()
                name = fault.__name__.replace("_", " ")
                slowest[name] = max(slowest.get(name, 0.0), await site.converged(name))
        await site.device.frozen()
        await site.place.publisher.stop()
        await site.place.settled()
        await site.place.stop()
        found = await verify(site.place)
    return {
        "faults": lengths.rounds * len(faults),
        "messages": site.place.publisher.total,
        "repeated by the publisher": site.place.publisher.repeated,
        "records": found.entries,
        **{f"last values there after ({name}), at most s": round(seconds, 1) for name, seconds in slowest.items()},
    }


@contextlib.asynccontextmanager
async def _site(folder: Path, graph: GraphAddress, broker: str, lengths: Lengths) -> AsyncIterator[Site]:
    device = Device(VARIABLES, CHANGES_A_SECOND)
    often = {"TWIN_OVERLAY_CONNECTORS__READ_BACK_SECONDS": str(READ_BACK_SECONDS)}
    async with installed(folder, graph, broker, rate=lengths.rate, environment=often) as place:
        await device.start()
        try:
            async with (
                proxied("127.0.0.1", place.broker.port) as to_broker,
                proxied("127.0.0.1", device.port) as to_device,
            ):
                await place.start()
                await place.define(f"mqtt://127.0.0.1:{to_broker.port}")
                async with place.client as client:
                    await client.execute(SAVE, {"documents": definitions(to_device.port, VARIABLES)})
                place.publisher.start()
                yield Site(place, device, to_broker, to_device, lengths)
        finally:
            if device.process is not None and device.process.returncode is None:
                device.process.kill()
                await device.process.wait()
