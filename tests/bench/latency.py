"""Device change to subscription frame on the demo plant's own servers, at 100 changes a second.

MQTT: from just before the publish to the frame at a WebSocket client, beside a bare aiomqtt subscriber to the same
messages in the same run (the floor: broker and client library alone). OPC UA: from the receipt of the server's
notification to the frame; what lies before is the device's publishing interval (100 ms here), which is no work of ours.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

import aiomqtt

from app.client import GraphqlClient
from app.model.time import iso, parse_iso
from tests.bench.figures import LEAST_ROUNDS, Beside, Figure, Report, Suite, percentile
from tests.e2e.processes import PlantProcess, load_demo, running_plant, running_server, until

RATE = 100
SECONDS = 8.0
SETTLE_SECONDS = 3.0
TOPIC = "plant/building_a/sensor_567"
FLOW = 'subscription { propertyChanged(twinIds: ["sensor_567"]) { value { number } } }'
PUMPS = """subscription { propertyChanged(twinIds: ["pump_123", "pump_124"]) {
    initial value { reportedAt } } }"""
VALUE = '{ twin(twinId: "sensor_567") { property(name: "flow_rate") { value { known } } } }'


MQTT, BARE, OPCUA = "MQTT, from the publish", "to a bare aiomqtt subscriber", "OPC UA, from the notification"


def run(quick: bool) -> Report:
    return asyncio.run(_bench(1 if quick else LEAST_ROUNDS))


async def _bench(rounds: int) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        async with running_plant() as plant, running_server(Path(folder)) as server, server.client as client:
            await _load(client, plant)
            runs = [await _run(client, plant) for _ in range(rounds)]
    figures = [
        Figure(
            key=f"{key}_p{percent}",
            what=f"{what} to the frame, p{percent}",
            unit="ms",
            rounds=tuple(percentile(run[what], percent) for run in runs),
            beside=tuple(
                Beside(what=BARE, rounds=tuple(percentile(run[BARE], percent) for run in runs))
                for _ in range(what == MQTT)
            ),
        )
        for key, what in (("mqtt", MQTT), ("opcua", OPCUA))
        for percent in (50, 99)
    ]
    return Report(figures=tuple(figures))


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
        MQTT: frames,
        BARE: bare,
        OPCUA: opcua,
    }


def _payload(value: float) -> bytes:
    now = iso(time.time_ns() // 1000)
    return json.dumps({"flow_rate": value, "timestamp": now, "quality": "good"}).encode()


SUITE = Suite(
    title="Latency",
    about=(
        f"Device change to subscription frame at {RATE} changes a second on the demo plant's own servers. MQTT: from "
        "just before the publish to the frame at a WebSocket client, beside a bare aiomqtt subscriber to the same "
        "messages in the same run. OPC UA: from the receipt of the server's notification to the frame; what lies "
        "before is the device's publishing interval, which is no work of ours."
    ),
    run=run,
)
