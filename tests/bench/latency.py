"""Device change to subscription frame on the demo plant's own servers, at 100 changes a second.

MQTT: from just before the publish to the frame at a WebSocket client, beside a bare aiomqtt subscriber to the same
messages in the same run (the floor: broker and client library alone). OPC UA: from the receipt of the server's
notification to the frame; what lies before is the device's publishing interval (100 ms here), which is no work of ours.
"""

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import aiomqtt

from app.client import GraphqlClient
from app.model.time import iso, parse_iso
from tests.e2e.processes import PlantProcess, load_demo, running_plant, running_server, until

RUNS = 5
RATE = 100
SECONDS = 8.0
SETTLE_SECONDS = 3.0
TOPIC = "plant/building_a/sensor_567"
FLOW = 'subscription { propertyChanged(twinIds: ["sensor_567"]) { value { number } } }'
PUMPS = """subscription { propertyChanged(twinIds: ["pump_123", "pump_124"]) {
    initial value { reportedAt } } }"""
VALUE = '{ twin(twinId: "sensor_567") { property(name: "flow_rate") { value { known } } } }'


def main() -> None:
    asyncio.run(_bench())


async def _bench() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with running_plant() as plant, running_server(Path(folder)) as server, server.client as client:
            await _load(client, plant)
            runs = [await _run(client, plant) for _ in range(RUNS)]
    print(
        f"device change to subscription frame, {RATE} changes/s over MQTT, {RUNS} runs of {SECONDS:g} s, milliseconds"
    )
    print(f"{'':44}{'p50':>8}{'p99':>8}   p99 of each run")
    for what in ("MQTT publish to frame", "MQTT publish to bare aiomqtt subscriber", "OPC UA notification to frame"):
        _report(what, [run[what] for run in runs])
    ratios = [
        _percentile(run["MQTT publish to frame"], 50) / _percentile(run["MQTT publish to bare aiomqtt subscriber"], 50)
        for run in runs
    ]
    print(
        f"ratio to the bare subscriber at p50: {statistics.median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    )


def _report(what: str, runs: list[list[float]]) -> None:
    p50 = statistics.median(_percentile(run, 50) for run in runs)
    each = [_percentile(run, 99) for run in runs]
    spread = " ".join(f"{p99:.1f}" for p99 in each)
    print(f"{what:44}{p50:8.2f}{statistics.median(each):8.2f}   {spread}   (n = {sum(map(len, runs))})")


def _percentile(samples: list[float], percent: int) -> float:
    return statistics.quantiles(samples, n=100, method="inclusive")[percent - 1]


async def _load(client: GraphqlClient, plant: PlantProcess) -> None:
    await load_demo(client, plant)

    async def arrives() -> bool:
        return bool((await client.execute(VALUE))["twin"]["property"]["value"]["known"])

    await until(arrives, "the sensor's first value")


async def _run(client: GraphqlClient, plant: PlantProcess) -> dict[str, list[float]]:
    sent: dict[float, float] = {}
    frames: list[float] = []
    bare: list[float] = []
    opcua: list[float] = []

    async def frame_reader() -> None:
        async for data in client.subscribe(FLOW):
            began = sent.get(data["propertyChanged"]["value"]["number"])
            if began is not None:
                frames.append((time.perf_counter() - began) * 1e3)

    async def pump_reader() -> None:
        async for data in client.subscribe(PUMPS):
            push = data["propertyChanged"]
            if not push["initial"] and push["value"]["reportedAt"]:
                opcua.append(time.time() * 1e3 - parse_iso(push["value"]["reportedAt"]) / 1e3)

    host, port = plant.mqtt.removeprefix("mqtt://").split(":")

    async def bare_reader() -> None:
        async with aiomqtt.Client(host, int(port)) as subscriber:
            await subscriber.subscribe(TOPIC, qos=1)
            async for message in subscriber.messages:
                if message.topic.value != TOPIC:  # the demo's broker also sends what is retained below the topic
                    continue
                assert isinstance(message.payload, bytes)
                began = sent.get(json.loads(message.payload)["flow_rate"])
                if began is not None:
                    bare.append((time.perf_counter() - began) * 1e3)

    readers = [asyncio.ensure_future(work) for work in (frame_reader(), bare_reader(), pump_reader())]
    async with aiomqtt.Client(host, int(port)) as publisher:
        await asyncio.sleep(SETTLE_SECONDS)
        opcua.clear()
        due = time.perf_counter()
        for number in range(int(RATE * SECONDS)):
            value = 50.0 + number / 1e6
            sent[value] = time.perf_counter()
            await publisher.publish(TOPIC, _payload(value), qos=1)
            due += 1 / RATE
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await asyncio.sleep(0.5)
    for reader in readers:
        reader.cancel()
    for ended in await asyncio.gather(*readers, return_exceptions=True):
        assert isinstance(ended, asyncio.CancelledError), ended
    for samples in (frames, bare):
        assert len(samples) > 0.9 * RATE * SECONDS, f"only {len(samples)} of {RATE * SECONDS:g} arrived"
    return {
        "MQTT publish to frame": frames,
        "MQTT publish to bare aiomqtt subscriber": bare,
        "OPC UA notification to frame": opcua,
    }


def _payload(value: float) -> bytes:
    now = iso(time.time_ns() // 1000)
    return json.dumps({"flow_rate": value, "timestamp": now, "quality": "good"}).encode()
