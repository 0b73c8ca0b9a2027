"""The plant's broker and sensors, as a real MQTT client sees them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

import aiomqtt
import pytest
from aiomqtt.exceptions import MqttConnectError

from app.demo.mqtt_broker import MqttBroker, Sensor
from app.errors import Misconfigured

TOPIC = "plant/building_a/sensor_567"
AVAILABILITY = TOPIC + "/availability"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    broker = MqttBroker()
    bound = await broker.start(0)
    try:
        yield bound
    finally:
        await broker.stop()


async def first(
    client: aiomqtt.Client, topic: str, holds: Callable[[aiomqtt.Message], bool] = lambda _: True
) -> aiomqtt.Message:
    async with asyncio.timeout(5):
        async for message in client.messages:
            if message.topic.matches(topic) and holds(message):
                return message
    raise AssertionError("the client's messages ended")


def text(message: aiomqtt.Message) -> str:
    assert isinstance(message.payload, bytes)
    return message.payload.decode()


async def test_a_sensor_publishes_its_value_with_time_and_quality_many_times_a_second(port: int) -> None:
    values = iter(range(1000))
    sensor = Sensor("sensor_567", "flow_rate", lambda: float(next(values)))
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe(TOPIC, qos=1)
        running = asyncio.ensure_future(sensor.run(port, 0.01))
        before = datetime.now(UTC)
        seen = [json.loads(text(await first(client, TOPIC))) for _ in range(10)]
        running.cancel()
        await asyncio.wait([running])
    assert [document["flow_rate"] for document in seen] == [float(value) for value in range(10)], "none lost"
    assert {document["quality"] for document in seen} == {"good"}
    times = [datetime.fromisoformat(document["timestamp"]) for document in seen]
    assert times == sorted(times)
    assert before - timedelta(seconds=1) < times[0] <= datetime.now(UTC)


async def test_availability_is_retained_for_whoever_comes_later_and_says_when_a_sensor_is_stopped(port: int) -> None:
    running = asyncio.ensure_future(Sensor("sensor_567", "flow_rate", lambda: 75.0).run(port, 0.05))
    async with aiomqtt.Client("127.0.0.1", port) as early:
        await early.subscribe(TOPIC, qos=1)
        await first(early, TOPIC)  # the sensor is up, its birth message long delivered
    async with aiomqtt.Client("127.0.0.1", port) as late:
        await late.subscribe(AVAILABILITY, qos=1)
        message = await first(late, AVAILABILITY)
        assert (text(message), message.retain) == ("online", True)
        running.cancel()
        await asyncio.wait([running])
        message = await first(late, AVAILABILITY, lambda message: not message.retain)
        assert text(message) == "offline"


async def test_a_sensor_whose_connection_dies_is_announced_offline_by_its_will(port: int) -> None:
    """The sensor speaks through a relay of ours, which then falls silent without a goodbye."""
    streams: list[asyncio.StreamWriter] = []
    pumps: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            writer.write(data)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", port)
        streams.extend((writer, broker_writer))
        pumps.append(asyncio.ensure_future(pump(reader, broker_writer)))
        pumps.append(asyncio.ensure_future(pump(broker_reader, writer)))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with aiomqtt.Client("127.0.0.1", port) as client:
        await client.subscribe([(TOPIC, 1), (AVAILABILITY, 1)])
        sensor = Sensor("sensor_567", "flow_rate", lambda: 75.0)
        running = asyncio.ensure_future(sensor.run(server.sockets[0].getsockname()[1], 0.05))
        assert text(await first(client, AVAILABILITY)) == "online"
        await first(client, TOPIC)
        for task in pumps:
            task.cancel()
        for stream in streams:
            stream.transport.abort()
        assert text(await first(client, AVAILABILITY)) == "offline"
        with pytest.raises(aiomqtt.MqttError):
            await running
    server.close()
    await server.wait_closed()


async def test_a_taken_port_is_one_clear_error(port: int) -> None:
    with pytest.raises(Misconfigured) as refused:
        await MqttBroker().start(port)
    assert (refused.value.code, str(port) in refused.value.message) == ("PORT_TAKEN", True)


async def test_who_speaks_mqtt_5_is_told_at_once_that_it_is_not_spoken_here(port: int) -> None:
    with pytest.raises(MqttConnectError, match="Unsupported protocol version"):
        async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5, timeout=5):
            pass
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()  # whoever only knocks does no harm
    async with aiomqtt.Client("127.0.0.1", port, identifier="x" * 300) as client:  # of a length that takes two bytes
        await client.subscribe(TOPIC, qos=1)
