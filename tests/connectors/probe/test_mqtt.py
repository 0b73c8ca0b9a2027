"""Probing a real broker: topics, payloads opened into pointers, retained messages, availability."""

import asyncio
import json
from pathlib import Path

import aiomqtt
import pytest

from app.connectors.keys import NO_KEYS
from app.connectors.probe.found import Found, FoundProperty
from app.connectors.probe.mqtt import probe_mqtt
from app.errors import TwinOverlayError
from tests.servers.mosquitto import Mosquitto, free_port

SECONDS = 1.0


async def _published(broker: Mosquitto, *messages: tuple[str, str | bytes], retain: bool = True) -> None:
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        for topic, payload in messages:
            await client.publish(topic, payload, qos=1, retain=retain)


async def _probe(broker: Mosquitto, topic: str = "#", most: int = 100) -> Found:
    return await probe_mqtt(broker.endpoint, topic, SECONDS, None, most, NO_KEYS)


def _at(found: Found, topic: str, pointer: str | None = None) -> FoundProperty:
    [item] = [
        item for item in found.properties if item.mapping["topic"] == topic and item.mapping.get("pointer") == pointer
    ]
    return item


async def test_a_json_payload_is_opened_and_says_when_and_how_good_it_is(broker: Mosquitto) -> None:
    message = {
        "flow": 75,
        "motor": {"speeds": [1.5, 2], "a/b~c": True},
        "since": "2026-01-02T03:04:05Z",
        "nothing": None,
        "timestamp": "2026-01-02T03:04:05Z",
        "quality": "good",
    }
    await _published(broker, ("plant/p1", json.dumps(message)))
    found = await _probe(broker)
    flow = _at(found, "plant/p1", "/flow")
    assert (flow.name, flow.owner, flow.data_type, flow.value) == ("flow", ("plant", "p1"), "integer", "75")
    assert flow.mapping == {
        "topic": "plant/p1",
        "pointer": "/flow",
        "timestamp_pointer": "/timestamp",
        "quality_pointer": "/quality",
        "qos": 1,
    }
    assert flow.remark == "1 message, retained"
    assert _at(found, "plant/p1", "/motor/speeds/0").data_type == "float"
    assert _at(found, "plant/p1", "/motor/a~1b~0c").name == "a/b~c"
    assert _at(found, "plant/p1", "/since").data_type == "datetime"
    assert _at(found, "plant/p1", "/nothing").data_type is None
    assert {item.mapping["pointer"] for item in found.properties} & {"/timestamp", "/quality"} == set()


async def test_payloads_that_are_no_objects_are_values_as_they_stand(broker: Mosquitto) -> None:
    await _published(
        broker, ("a/level", "1.5"), ("a/mode", "auto \x1b[31m"), ("a/raw", b"\xff\xfe"), ("a/deep", "[" * 9000)
    )
    found = await _probe(broker)
    assert _at(found, "a/level").data_type == "float"
    assert _at(found, "a/mode").data_type == "string"
    assert _at(found, "a/mode").value == "auto ?[31m", "nothing of a device's steers the terminal"
    assert _at(found, "a/raw").data_type is None
    assert _at(found, "a/deep").data_type == "string"


async def test_topics_that_say_whether_a_device_is_there_are_pointed_out(broker: Mosquitto) -> None:
    await _published(broker, ("p/1/status", "Online"), ("p/2/lwt", "0"), ("p/3/status", "running"))
    found = await _probe(broker)
    told = {(item.topic, item.online, item.offline) for item in found.availability}
    assert told == {("p/1/status", "Online", "Offline"), ("p/2/lwt", "1", "0")}
    assert _at(found, "p/1/status").data_type is None
    assert _at(found, "p/3/status").data_type == "string"


async def test_live_messages_are_counted_and_a_fraction_once_seen_is_remembered(broker: Mosquitto) -> None:
    listening = asyncio.ensure_future(_probe(broker, "live/#"))
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        while not listening.done():
            for payload in ("1.5", "2"):
                await client.publish("live/x", payload, qos=1)
            await client.publish("other/x", "1", qos=1)
    found = await listening
    level = _at(found, "live/x")
    assert level.data_type == "float"
    assert "retained" not in level.remark
    assert int(level.remark.split()[0]) > 1
    assert len(found.properties) == 1


async def test_silence_and_too_much_are_noted(broker: Mosquitto) -> None:
    assert (await _probe(broker, "nobody/#")).notes == ["no message on 'nobody/#' in 1 s"]
    await _published(broker, *((f"many/{number}", "1") for number in range(10)))
    found = await _probe(broker, most=4)
    assert len(found.properties) == 4
    assert "cut at 4 topics" in found.notes[0]


@pytest.mark.parametrize(
    ("address", "topic", "code"),
    [
        ("mqtt://127.0.0.1:{}", "#", "DEVICE_UNREACHABLE"),
        ("mqtts://127.0.0.1:{}", "#", "DEVICE_UNREACHABLE"),
        ("mqtt://", "#", "ENDPOINT_INVALID"),
        ("mqtt://ann:word@127.0.0.1", "#", "CREDENTIALS_IN_ENDPOINT"),
        ("mqtt://127.0.0.1:{}", "a/#/b", "TOPIC_INVALID"),
        ("mqtt://127.0.0.1:{}", "a+", "TOPIC_INVALID"),
        ("mqtt://127.0.0.1:{}", "", "TOPIC_INVALID"),
    ],
)
async def test_what_cannot_be_listened_to_is_said_plainly(address: str, topic: str, code: str) -> None:
    with pytest.raises(TwinOverlayError) as refused:
        await probe_mqtt(address.format(free_port()), topic, SECONDS, None, 10, NO_KEYS)
    assert refused.value.code == code


async def test_a_broker_that_wants_a_name_is_told_with_what_to_give(
    tmp_path: Path, mosquitto_program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker = Mosquitto(tmp_path, mosquitto_program, user=("ann", "right"))
    await broker.start()
    who = {"type": "password", "username": "ann", "password_env": "PROBE_TEST"}
    try:
        with pytest.raises(TwinOverlayError) as refused:
            await _probe(broker)
        assert refused.value.code == "ACCESS_DENIED"
        monkeypatch.setenv("PROBE_TEST", "right")
        assert (await probe_mqtt(broker.endpoint, "#", 0.2, who, 10, NO_KEYS)).properties == []
    finally:
        await broker.stop()
