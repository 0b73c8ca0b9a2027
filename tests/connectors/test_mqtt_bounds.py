"""How much an MQTT connection holds, what it asks of the broker, and how it knows what comes again."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio

from app.connectors.keys import Credentials
from app.connectors.mqtt import MqttConnector
from app.connectors.mqtt_session import (
    MAX_UNREAD_QOS0,
    MOST_UNACKNOWLEDGED,
    MQTT_5,
    RECEIVE_MAXIMUM,
    Timing,
    opened,
)
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers.mosquitto import Mosquitto
from tests.servers.raw_mqtt import Answer, RawBroker

TOPIC = "plant/pump_123"
PROPERTIES: dict[str, dict[str, Any]] = {
    "flow_rate": {"topic": TOPIC, "pointer": "/flow"},
    "temperature": {"topic": "plant/timed", "pointer": "/t", "timestamp_pointer": "/at"},
    "speed": {"topic": "plant/speed", "qos": 2},
    "mode": {"topic": "plant/mode", "qos": 0},
}


def connector(endpoint: str) -> MqttConnector:
    twin = pump(endpoint, PROPERTIES, protocol="mqtt")
    timing = Timing(keepalive_seconds=1, answer_seconds=2)
    return MqttConnector("broker", endpoint, [twin], client_id="server", clock=SystemClock(), timing=timing)


def flow(number: float) -> bytes:
    return json.dumps({"flow": number}).encode()


@pytest_asyncio.fixture
async def device(broker: Mosquitto) -> AsyncIterator[aiomqtt.Client]:
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="device") as client:
        yield client


async def test_a_broker_that_speaks_mqtt_5_is_spoken_to_in_it(broker: Mosquitto) -> None:
    async with opened("127.0.0.1", broker.port, "server", Credentials(), Timing(), lambda topic: None) as session:
        assert session.version is MQTT_5


@pytest.mark.parametrize("answer", ["refuses", "hangs up", "waits"])
async def test_a_broker_that_does_not_is_spoken_to_in_3_1_1(answer: Answer) -> None:
    sink = FakeSink()
    async with RawBroker(answer) as broker, running(connector(broker.endpoint), sink):
        await until(sink.alive, "the twin is alive")
        assert broker.connects == [5, 4]
        broker.publish(TOPIC, flow(3.0), 1)
        await until(lambda: broker.acknowledged == [1], "it is acknowledged")
    assert sink.value("flow_rate") == 3.0


async def test_quality_of_service_2_is_asked_for_as_1() -> None:
    sink = FakeSink()
    async with RawBroker() as broker, running(connector(broker.endpoint), sink):
        await until(sink.alive, "the twin is alive")
        assert broker.subscribed == {TOPIC: 1, "plant/timed": 1, "plant/speed": 1, "plant/mode": 0}


async def test_by_mqtt_5_the_broker_sends_no_more_than_we_hold(tmp_path: Path, mosquitto_program: str) -> None:
    broker = Mosquitto(tmp_path, mosquitto_program, options="max_inflight_messages 0\nmax_queued_messages 0\n")
    await broker.start()
    sink, more = FakeSink(durable=False), 200
    async with running(connector(broker.endpoint), sink):
        await until(sink.alive, "the twin is alive")
        async with aiomqtt.Client("127.0.0.1", broker.port, max_inflight_messages=5000) as device:
            for number in range(RECEIVE_MAXIMUM + more):
                await device.publish(TOPIC, flow(number), qos=1)
        await until(lambda: len(sink.readings) >= RECEIVE_MAXIMUM, "as much as we hold arrives")
        await broker_has_had_its_turn(broker)
        assert len(sink.readings) == RECEIVE_MAXIMUM
        sink.durable = True
        for committed in list(sink.uncommitted):
            committed()
        await until(lambda: len(sink.samples) == RECEIVE_MAXIMUM + more, "the others follow")
    assert [sample.value for sample in sink.samples] == [float(number) for number in range(RECEIVE_MAXIMUM + more)]
    await broker.stop()


async def broker_has_had_its_turn(broker: Mosquitto) -> None:
    """Whoever connects now and is answered knows that what could be sent before was."""
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("nothing")


async def test_by_3_1_1_the_socket_is_not_read_while_too_much_is_held_and_the_connection_stands() -> None:
    sink, count = FakeSink(durable=False), 2 * MOST_UNACKNOWLEDGED
    async with RawBroker() as broker, running(connector(broker.endpoint), sink) as task:
        await until(sink.alive, "the twin is alive")
        for number in range(1, count + 1):  # as no real broker would: without waiting for any acknowledgement
            broker.publish(TOPIC, flow(number), number)
        await until(lambda: len(sink.readings) > MOST_UNACKNOWLEDGED, "as much as we hold arrives")
        pings = broker.pings
        await until(lambda: broker.pings >= pings + 3, "pings go on, whose answers nobody reads")
        assert not task.done()
        assert len(sink.readings) == MOST_UNACKNOWLEDGED + 1
        assert broker.acknowledged == []
        sink.durable = True
        for committed in list(sink.uncommitted):
            committed()
        await until(lambda: len(broker.acknowledged) == count, "all of them are taken in the end")
        pings = broker.pings
        await until(lambda: broker.pings >= pings + 3, "and the connection goes on as before")
        assert not task.done()
    assert [sample.value for sample in sink.samples] == [float(number) for number in range(1, count + 1)]
    assert broker.acknowledged == list(range(1, count + 1))
    assert sink.rejected == {}


async def test_what_waited_at_the_broker_is_taken_though_its_answers_are_behind_it() -> None:
    sink, count = FakeSink(), 2 * MOST_UNACKNOWLEDGED
    async with RawBroker() as broker:
        broker.backlog = [(TOPIC, flow(number), number) for number in range(1, count + 1)]
        async with running(connector(broker.endpoint), sink):
            await until(lambda: len(broker.acknowledged) == count, "all of it is taken")
            await until(sink.alive, "the twin is alive")
    assert [sample.value for sample in sink.samples] == [float(number) for number in range(1, count + 1)]
    assert all(reading.delivery is not None and reading.delivery.again for reading in sink.readings)
    assert broker.connects == [5, 4], "in one connection"


async def test_quality_of_service_0_beyond_the_bound_is_counted_and_seen_on_the_twin() -> None:
    sink, more = FakeSink(), 50
    async with RawBroker() as broker, running(connector(broker.endpoint), sink):
        await until(sink.alive, "the twin is alive")
        sink.full = True
        broker.publish("plant/mode", b"first")
        await until(lambda: sink.asked_in_vain, "it waits for room")
        for number in range(MAX_UNREAD_QOS0 + more):
            broker.publish("plant/mode", str(number).encode())
        await until(lambda: sink.rejected["Overflow"] == more, "what is too much is counted")
        sink.make_room()
        await until(lambda: len(sink.samples) == MAX_UNREAD_QOS0 + 1, "all others are taken")
        broker.publish("plant/mode", b"after")
        broker.publish("plant/mode", b"last")
        await until(lambda: sink.value("mode") == "last", "it goes on")
    assert {sample.reason for sample in sink.samples[:-2]} == {None}
    assert [(sample.value, sample.reason) for sample in sink.samples[-2:]] == [("after", "SamplesLost"), ("last", None)]
    assert sink.details[0] == "topic 'plant/mode': a QoS 0 message, dropped while readings wait to be stored"


async def test_what_the_broker_had_kept_is_marked(broker: Mosquitto, device: aiomqtt.Client) -> None:
    await device.publish("plant/timed", json.dumps({"t": 1.0, "at": 1_767_323_045}), qos=1, retain=True)
    await device.publish("plant/mode", "kept", retain=True)
    sink = FakeSink()
    async with running(connector(broker.endpoint), sink):
        await until(lambda: len(sink.samples) == 2, "both arrive")
        await device.publish("plant/mode", "new", retain=True)
        await until(lambda: sink.value("mode") == "new", "a new one arrives")
    assert sorted((sample.value, sample.reason) for sample in sink.samples if sample.property == "mode") == [
        ("kept", "Retained"),
        ("new", None),
    ]
    kept = sink.last("temperature")
    assert kept is not None
    assert (kept.reason, kept.timestamp, kept.quality) == ("Retained", 1_767_323_045_000_000, "good")


async def test_a_message_that_was_bad_is_acknowledged_no_earlier_than_a_good_one() -> None:
    sink = FakeSink(durable=False)
    async with RawBroker() as broker, running(connector(broker.endpoint), sink):
        await until(sink.alive, "the twin is alive")
        broker.publish(TOPIC, b"no json", 1)
        await until(lambda: sink.rejected["BadPayload"] == 1, "it is counted")
        await until(lambda: sink.uncommitted, "it is offered")
        assert (sink.samples, broker.acknowledged) == ([], [])
        sink.uncommitted[0]()
        await until(lambda: broker.acknowledged == [1], "it is acknowledged")


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_repetition_has_the_number_and_the_content_of_the_first(
    broker: Mosquitto, device: aiomqtt.Client, restarted: bool
) -> None:
    never, again = FakeSink(durable=False), FakeSink()
    async with running(connector(broker.endpoint), never):
        await until(never.alive, "the twin is alive")
        for number in (1, 2, 2):
            await device.publish(TOPIC, flow(number), qos=1)
        await until(lambda: len(never.readings) == 3, "all arrive")
    if restarted:
        await broker.stop()
        await broker.start()
    async with running(connector(broker.endpoint), again):
        await until(lambda: len(again.readings) == 3, "all come again")
    first, repeated = ([reading.delivery for reading in sink.readings] for sink in (never, again))
    assert all(item is not None and not item.again for item in first)
    assert all(item is not None and item.again for item in repeated)
    assert [(item.message, item.digest) for item in first if item] == [
        (item.message, item.digest) for item in repeated if item
    ]
    assert len({item.message for item in first if item}) == 3
    assert len({item.digest for item in first if item}) == 2
