"""The MQTT connector against a real Mosquitto broker."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiomqtt
import pytest
import pytest_asyncio

from app.connectors.mqtt import MqttConnector
from app.connectors.mqtt_session import Acknowledgements, Timing
from app.errors import Misconfigured, Unavailable
from app.model.connection import TwinConnection
from app.model.events import Sample
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers.mosquitto import Mosquitto, free_port

TOPIC = "plant/pump_123"


@pytest_asyncio.fixture
async def device(broker: Mosquitto) -> AsyncIterator[aiomqtt.Client]:
    """The other side of the broker."""
    async with aiomqtt.Client("127.0.0.1", broker.port, identifier="device") as client:
        yield client


def twin(broker: Mosquitto, properties: dict[str, Any] | None = None, **given: Any) -> TwinConnection:
    mapped = {"flow_rate": {"topic": TOPIC, "pointer": "/flow"}} if properties is None else properties
    return pump(broker.endpoint, mapped, protocol="mqtt", **given)


def connector(*twins: TwinConnection, client_id: str = "server") -> MqttConnector:
    endpoint = twins[0].connectivity.endpoint
    timing = Timing(keepalive_seconds=1, answer_seconds=2)
    return MqttConnector("broker", endpoint, twins, client_id=client_id, clock=SystemClock(), timing=timing)


async def test_one_message_is_one_reading_of_all_twins_on_its_topic(broker: Mosquitto, device: aiomqtt.Client) -> None:
    sink = FakeSink()
    first = twin(
        broker,
        {
            "flow_rate": {"topic": TOPIC, "pointer": "/flow", "timestamp_pointer": "/at", "quality_pointer": "/q"},
            "status": {"topic": TOPIC, "pointer": "/state/0"},
        },
    )
    second = twin(broker, {"speed": {"topic": TOPIC, "pointer": "/rpm", "qos": 2}}, twin_id="pump_124")
    async with running(connector(first, second), sink):
        await until(sink.alive, "the twin is alive")
        message = {"flow": 7.5, "at": 1_767_323_045, "q": "uncertain", "state": ["running"], "rpm": 900}
        await device.publish(TOPIC, json.dumps(message), qos=2)
        await until(lambda: sink.readings, "the message arrives")
    (reading,) = sink.readings
    assert reading.source == "broker"
    assert reading.samples == (
        Sample("pump_123", "flow_rate", 7.5, 1_767_323_045_000_000, "uncertain", "uncertain"),
        Sample("pump_123", "status", "running", reading.received_at),
        Sample("pump_124", "speed", 900.0, reading.received_at),
    )


async def test_a_plain_payload_needs_no_pointer(broker: Mosquitto, device: aiomqtt.Client) -> None:
    sink = FakeSink()
    plain = twin(broker, {"flow_rate": {"topic": "a", "qos": 0}, "mode": {"topic": "b"}})
    async with running(connector(plain), sink):
        await until(sink.alive, "the twin is alive")
        await device.publish("a", "12.25")
        await device.publish("b", "by hand", qos=1)
        await until(lambda: len(sink.samples) == 2, "both arrive")
    assert (sink.value("flow_rate"), sink.value("mode")) == (12.25, "by hand")


async def test_bad_payloads_are_counted_and_the_next_good_one_arrives(
    broker: Mosquitto, device: aiomqtt.Client
) -> None:
    sink = FakeSink()
    async with running(connector(twin(broker)), sink):
        await until(sink.alive, "the twin is alive")
        in_latin_1 = '{"flow": 2, "unit": "°C"}'.encode("latin-1")
        for payload in ("no json", "{}", '{"flow": "much"}', '{"flow": NaN}', "[" * 50_000, b"\xff\x00", in_latin_1):
            await device.publish(TOPIC, payload, qos=1)
        await device.publish(TOPIC, '{"flow": 3}', qos=1)
        await until(lambda: sink.value("flow_rate") == 3.0, "the good one arrives")
    assert sink.rejected == {"BadPayload": 4, "MissingPointer": 1, "TypeMismatch": 1, "NotFinite": 1}
    assert f"topic '{TOPIC}': pump_123.flow_rate: there is nothing at '/flow'" in sink.details


async def test_what_was_not_committed_comes_again_after_the_connection_is_lost(
    broker: Mosquitto, device: aiomqtt.Client
) -> None:
    never = FakeSink(durable=False)
    async with running(connector(twin(broker)), never):
        await until(never.alive, "the twin is alive")
        for number in range(5):
            await device.publish(TOPIC, json.dumps({"flow": number}), qos=1)
        await until(lambda: len(never.samples) == 5, "all arrive")
        never.uncommitted[0]()
        never.uncommitted[1]()
        again = FakeSink()
        await device.publish("unrelated", "")
    for number in range(5, 8):
        await device.publish(TOPIC, json.dumps({"flow": number}), qos=1)
    never.uncommitted[2]()  # too late: this id means nothing on the next connection

    async with running(connector(twin(broker)), again):
        await until(lambda: len(again.samples) >= 6, "the uncommitted and the missed ones arrive")
    assert [sample.value for sample in again.samples] == [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]

    third = FakeSink()
    async with running(connector(twin(broker)), third):
        await device.publish(TOPIC, '{"flow": 100}', qos=1)
        await until(lambda: third.samples, "something arrives")
    assert [sample.value for sample in third.samples] == [100.0], "the committed ones do not come again"


async def test_acknowledgements_go_out_in_the_order_of_arrival_as_many_at_once_as_are_durable() -> None:
    sent: list[list[int]] = []
    acknowledgements = Acknowledgements(lambda mids: sent.append(list(mids)))
    committed = {mid: acknowledgements.expect(mid) for mid in (1, 2, 3, 4, 5)}
    for mid in (3, 1):
        committed[mid]()
    await until(lambda: sent == [[1]], "the first goes alone")
    committed[4]()
    committed[2]()
    await until(lambda: sent == [[1], [2, 3, 4]], "the others follow together")
    committed[5]()
    acknowledgements.close()
    await asyncio.sleep(0)
    assert sent == [[1], [2, 3, 4]]


async def test_a_full_sink_loses_nothing(broker: Mosquitto, device: aiomqtt.Client) -> None:
    sink = FakeSink()
    async with running(connector(twin(broker)), sink):
        await until(sink.alive, "the twin is alive")
        sink.full = True
        for number in range(300):  # far more than a broker sends without acknowledgement
            await device.publish(TOPIC, json.dumps({"flow": number}), qos=1)
        await until(lambda: sink.asked_in_vain, "the sink says no")
        assert sink.samples == []
        sink.make_room()
        await until(lambda: len(sink.samples) >= 300, "all arrive")
    assert [sample.value for sample in sink.samples] == [float(number) for number in range(300)]
    assert sink.rejected == {}


async def test_a_twin_with_availability_lives_by_its_topic(broker: Mosquitto, device: aiomqtt.Client) -> None:
    sink = FakeSink()
    availability = {"topic": f"{TOPIC}/state", "online": "here", "offline": "gone"}
    watched, other = twin(broker, availability=availability), twin(broker, twin_id="pump_124")
    async with running(connector(watched, other), sink):
        await until(lambda: sink.alive("pump_124"), "one without availability lives with the broker")
        path = sink.path()
        assert path is not None
        assert (path.alive, path.reason) == (False, f"no word yet on its availability topic '{TOPIC}/state'")
        await device.publish(f"{TOPIC}/state", "here", qos=1, retain=True)
        await until(sink.alive, "the birth message is heard")
        await device.publish(f"{TOPIC}/state", "gone", qos=1, retain=True)
        await until(sink.silent, "the last will is heard")
        path = sink.path()
        assert path is not None
        assert path.reason == "its availability topic says 'gone'"
        await device.publish(f"{TOPIC}/state", "perhaps", qos=1)
        await until(lambda: sink.rejected["BadPayload"] == 1, "any other word is counted")
        await device.publish(f"{TOPIC}/state", "here", qos=1, retain=True)
        await until(sink.alive, "it is back")

    again = FakeSink()
    async with running(connector(watched, client_id="another"), again):
        await until(again.alive, "the retained word is enough")


async def test_events_come_from_their_topic(broker: Mosquitto, device: aiomqtt.Client) -> None:
    sink = FakeSink()
    raising = twin(broker, events={"fault_occurred": {"topic": f"{TOPIC}/events", "pointer": "/fault"}})
    async with running(connector(raising), sink):
        await until(sink.alive, "the twin is alive")
        await device.publish(f"{TOPIC}/events", '{"other": {}}', qos=1)
        await device.publish(f"{TOPIC}/events", '{"fault": {"code": 5}}', qos=1)
        await until(lambda: sink.events, "the event arrives")
    (event,) = sink.events
    assert (event.twin_id, event.name, event.parameters) == ("pump_123", "fault_occurred", {"code": 5})
    assert sink.rejected == {}


async def test_writes_and_calls_are_published_as_json(broker: Mosquitto, device: aiomqtt.Client) -> None:
    server = connector(
        twin(
            broker,
            {
                "speed": {"topic": "a", "write_topic": "set/speed"},
                "mode": {"topic": "b"},
                "profile": {"topic": "c", "write_topic": "set/profile"},
            },
            methods={"start": {"topic": "commands"}, "reset": {}},
        )
    )
    await device.subscribe([("set/speed", 1), ("set/profile", 1), ("commands", 1)])
    async with running(server, FakeSink()):
        assert (await server.write("pump_123", "speed", 1500.5)).status == "accepted"
        assert (await server.write("pump_123", "profile", [1.5, 2.0])).status == "accepted"
        assert (await server.call("pump_123", "start", {"ramp": 3})).status == "accepted"
        heard = {}
        async for message in device.messages:
            heard[message.topic.value] = json.loads(message.payload)
            if len(heard) == 3:
                break
        assert heard == {
            "set/speed": {"value": 1500.5},
            "set/profile": {"value": [1.5, 2.0]},
            "commands": {"method": "start", "arguments": {"ramp": 3}},
        }

        refused = await server.write("pump_123", "mode", "x")
        assert (refused.status, refused.error) == ("refused", "pump_123.mode has no write_topic in its mapping")
        refused = await server.call("pump_123", "reset", {})
        assert (refused.status, refused.error) == ("refused", "pump_123.reset has no topic in its mapping")
        assert (await server.write("pump_123", "speed", float("nan"))).status == "refused"
    assert (await server.write("pump_123", "speed", 1.0)).status == "failed"


async def test_mappings_that_cannot_be_used_are_shown_and_the_others_go_on(
    broker: Mosquitto, device: aiomqtt.Client
) -> None:
    sink = FakeSink()
    mixed = twin(
        broker,
        {
            "flow_rate": {"topic": TOPIC, "pointer": "/flow"},
            "speed": {"topic": "plant/+/speed"},
            "count": {},
            "mode": {"topic": TOPIC, "pointer": "mode"},
        },
    )
    async with running(connector(mixed), sink):
        await device.publish(TOPIC, '{"flow": 3}', qos=1)
        await until(lambda: sink.value("flow_rate") == 3.0, "the good one arrives")
    assert sink.rejected == {"BadTopic": 1, "NoTopic": 1, "BadPointer": 1}
    shown = {name: sample.reason for name in ("speed", "count", "mode") if (sample := sink.last(name))}
    assert shown == {"speed": "BadTopic", "count": "NoTopic", "mode": "BadPointer"}


async def test_a_topic_that_is_mapped_no_more_is_given_back(broker: Mosquitto, device: aiomqtt.Client) -> None:
    async with running(connector(twin(broker, {"flow_rate": {"topic": "old"}})), FakeSink()):
        pass
    sink = FakeSink()
    async with running(connector(twin(broker)), sink):
        await device.publish("old", "1", qos=1)
        await device.publish(TOPIC, '{"flow": 3}', qos=1)
        await until(lambda: sink.value("flow_rate") == 3.0, "the mapped one arrives")
    assert [sample.value for sample in sink.samples] == [3.0]
    assert sink.rejected == {"UnknownTopic": 1}


async def test_a_message_of_a_topic_that_is_mapped_no_more_is_acknowledged_once_its_count_is_journaled(
    broker: Mosquitto, device: aiomqtt.Client
) -> None:
    async with running(connector(twin(broker, {"flow_rate": {"topic": "old"}})), FakeSink()):
        pass
    await device.publish("old", "1", qos=1)
    never, again, after = FakeSink(durable=False), FakeSink(), FakeSink()
    async with running(connector(twin(broker)), never):
        await until(lambda: never.uncommitted, "it is offered")
    async with running(connector(twin(broker)), again):
        await until(lambda: again.readings, "it was not acknowledged, so it comes again")
        await device.publish(TOPIC, '{"flow": 3}', qos=1)
        await until(lambda: again.value("flow_rate") == 3.0, "the mapped one arrives")
    async with running(connector(twin(broker)), after):
        await device.publish(TOPIC, '{"flow": 4}', qos=1)
        await until(lambda: after.value("flow_rate") == 4.0, "the mapped one arrives")
    assert (never.samples, never.rejected, again.rejected) == ([], {"UnknownTopic": 1}, {"UnknownTopic": 1})
    assert after.rejected == {}, "it was acknowledged"


async def test_the_broker_gone_ends_the_connection_with_a_reason(broker: Mosquitto) -> None:
    async with running(connector(twin(broker)), FakeSink()) as task:
        await broker.stop()
        await asyncio.wait({task}, timeout=10)
    error = task.exception()
    assert isinstance(error, Unavailable)
    assert broker.endpoint in error.message


async def test_a_write_waits_for_no_broker_that_is_gone(broker: Mosquitto) -> None:
    server = connector(twin(broker, {"speed": {"topic": "a", "write_topic": "b"}}))
    async with running(server, FakeSink()) as task:
        broker.pause()
        writing = asyncio.create_task(server.write("pump_123", "speed", 1.0))
        await asyncio.wait({writing, task}, return_when=asyncio.FIRST_COMPLETED, timeout=10)
        answer = await asyncio.wait_for(writing, 5)
        assert (answer.status, answer.answered) == ("failed", False)
        assert answer.error.startswith("pump_123.speed was not confirmed by the broker: "), "it may have it"
        await asyncio.wait({task}, timeout=10)
        assert isinstance(task.exception(), Unavailable), "a broker that does not answer is noticed"
        broker.resume()


async def test_nobody_there_is_unavailable_with_the_reason() -> None:
    endpoint = f"mqtt://127.0.0.1:{free_port()}"
    with pytest.raises(Unavailable, match=f"cannot connect to {endpoint}: .*refused"):
        await connector(pump(endpoint, {"speed": {"topic": "a"}}, protocol="mqtt")).run(FakeSink())


async def test_a_broker_that_never_answers_is_given_up_and_nothing_left_behind() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    endpoint = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    lonely = pump(endpoint, {"speed": {"topic": "a"}}, protocol="mqtt")
    timing = Timing(answer_seconds=0.3, close_seconds=0.2)
    quick = MqttConnector("broker", endpoint, [lonely], client_id="x", clock=SystemClock(), timing=timing)
    with pytest.raises(Unavailable):
        await quick.run(FakeSink())
    server.close()
    await server.wait_closed()
    await until(lambda: len(asyncio.all_tasks()) == 1, "no task is left")


@pytest.mark.parametrize(
    ("endpoint", "code"),
    [
        ("http://h", "ENDPOINT_INVALID"),
        ("mqtt://", "ENDPOINT_INVALID"),
        ("mqtt://h:port", "ENDPOINT_INVALID"),
        ("mqtt://user:secret@h", "CREDENTIALS_IN_ENDPOINT"),
    ],
)
async def test_an_endpoint_that_cannot_be_used_is_misconfigured(endpoint: str, code: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        await connector(pump(endpoint, {"speed": {"topic": "a"}}, protocol="mqtt")).run(FakeSink())
    assert caught.value.code == code
    assert "secret" not in str(caught.value)
