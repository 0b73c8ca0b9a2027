"""The journal's disk fills up under QoS 1 load: nothing acknowledged is lost, alarms go on, and it recovers by itself.

The disk is a tmpfs that only root may mount. While it is full the broker keeps what the server does not take.
"""

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import until
from tests.faults.account import verify
from tests.faults.installation import Installation, installed
from tests.faults.plant import SAVE
from tests.servers.graph import GraphAddress
from tests.servers.small_disk import Ballast, small_disk

GUARD = {
    "type_id": "guard",
    "properties": [{"name": "armed", "data_type": "boolean", "access": "read-write"}],
    "behaviors": [
        {
            "name": "left_armed",
            "conditions": ["armed == true for 1s"],
            "actions": [{"type": "alert", "severity": "critical", "message": "left armed"}],
        }
    ],
}
ARM = """
mutation Arm($on: JSON!) { setProperty(input: {twinId: "guard_1", property: "armed", value: $on}) { value { json } } }
"""
ALERTS = "{ alerts(first: 50, where: {severity: [CRITICAL]}) { nodes { alertId active acknowledged } } }"
ACKNOWLEDGE = "mutation Ack($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { alert { acknowledged } } }"
REPORT = """
mutation { reportSamples(input: {samples: [{twinId: "guard_1", property: "armed", value: false}]}) { sequence } }
"""
DISK = "{ server { disk { state freeBytes reserveBytes problem } } }"


@dataclass(frozen=True)
class Lengths:
    rate: float
    times: int
    full_seconds: float
    disk_mb: int


BY_HAND = Lengths(rate=2_000.0, times=10, full_seconds=20.0, disk_mb=1024)
IN_CI = Lengths(rate=500.0, times=2, full_seconds=3.0, disk_mb=160)


async def run(folder: Path, graph: GraphAddress, broker_program: str, lengths: Lengths) -> dict[str, object]:
    """Figures of a run that went as it must."""
    journal = folder / "data" / "journal"
    environment = {
        "TWIN_OVERLAY_JOURNAL__RESERVE_MB": "8",
        "TWIN_OVERLAY_JOURNAL__LOW_SPACE_MB": "16",
        "TWIN_OVERLAY_JOURNAL__SEGMENT_MB": "4",
    }
    with small_disk(journal, lengths.disk_mb) as disk:
        async with installed(folder, graph, broker_program, rate=lengths.rate) as place:
            place.environment |= environment
            ballast = Ballast(disk)
            await place.start()
            await place.define()
            async with place.client as client:
                guard = {"twin_id": "guard_1", "twin_type": "guard"}
                documents = [{"kind": "TWIN_TYPE", "document": GUARD}, {"kind": "TWIN", "document": guard}]
                await client.execute(SAVE, {"documents": documents})
                place.publisher.start()
                alarms, recovered = [], []
                for _ in range(lengths.times):
                    await asyncio.sleep(1.0)
                    alarms.append(await _full(place, client, ballast, lengths.full_seconds))
                    began = time.monotonic()
                    ballast.remove()
                    await until(lambda: _is(place, 200, ""), "it recovers by itself", 20)
                    recovered.append(time.monotonic() - began)
                await place.publisher.stop()
                await place.settled()
            await place.stop()
            found = await verify(place)
    return {
        "messages": place.publisher.total,
        "records": found.entries,
        "samples": found.tally.journaled,
        "slowest alarm while full, seconds": round(max(alarms), 2),
        "slowest recovery, seconds": round(max(recovered), 2),
    }


async def _full(place: Installation, client: GraphqlClient, ballast: Ballast, seconds: float) -> float:
    """How long an alarm by timer took on the full disk."""
    began = time.monotonic()
    ballast.fill(leaving=512 * 1024)
    await until(lambda: _is(place, 503, "DISK_FULL"), "it says that the disk is full", 30)
    assert await place.metric("twin_overlay_journal_full") == 1.0
    before = await place.values()
    await client.execute(ARM, {"on": True})
    armed = time.monotonic()

    async def alarm() -> str | None:
        nodes = (await client.execute(ALERTS))["alerts"]["nodes"]
        return next((node["alertId"] for node in nodes if node["active"] and not node["acknowledged"]), None)

    found = await until(alarm, "an alarm by timer", 10)
    took = time.monotonic() - armed
    assert found is not None
    answer = await client.execute(ACKNOWLEDGE, {"id": found})
    assert answer["acknowledgeAlert"]["alert"]["acknowledged"]
    await client.execute(ARM, {"on": False})
    another = {"kind": "TWIN_TYPE", "document": {**GUARD, "type_id": "another"}}
    for what, variables in ((REPORT, None), (SAVE, {"documents": [another]})):
        assert await _code(client, what, variables) == "DISK_FULL"
    disk = (await client.execute(DISK))["server"]["disk"]
    assert disk["state"] == "RESERVE", disk
    await asyncio.sleep(max(0.0, seconds - (time.monotonic() - began)))
    assert await place.values() == before, "no reading was taken"
    return took


async def _code(client: GraphqlClient, document: str, variables: dict[str, Any] | None) -> str:
    try:
        await client.execute(document, variables)
    except TwinOverlayError as error:
        return error.code
    return ""


async def _is(place: Installation, status: int, problem: str) -> bool:
    assert place.server is not None
    async with httpx.AsyncClient(base_url=place.server.url, trust_env=False) as client:
        answer = await client.get("/readyz")
    return answer.status_code == status and problem in answer.json()["problems"].get("journal", "")
