"""Messages are read out of the bytes as paho reads them, however they arrive; what is no message is left to paho."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from paho.mqtt._packet import decode_publish
from paho.mqtt.enums import MQTTProtocolVersion

from app.connectors.mqtt_wire import Buffered, Publish

_PUBLISHES = st.builds(
    Publish,
    topic=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200),
    payload=st.binary(max_size=300),
    qos=st.integers(0, 2),
    retain=st.booleans(),
    mid=st.integers(1, 65_535),
    dup=st.booleans(),
)


def number(length: int) -> bytes:
    found = b""
    while True:
        length, byte = length >> 7, length & 0x7F
        if not length:
            return found + bytes((byte,))
        found += bytes((byte | 0x80,))


def packet(message: Publish, properties: bytes | None) -> bytes:
    topic = message.topic.encode()
    body = len(topic).to_bytes(2, "big") + topic
    body += message.mid.to_bytes(2, "big") if message.qos else b""
    body += number(len(properties)) + properties if properties is not None else b""
    body += message.payload
    return bytes((0x30 | message.dup << 3 | message.qos << 1 | message.retain,)) + number(len(body)) + body


def source(data: bytes, size: int) -> Callable[[int], bytes]:
    """A socket that has so many bytes at a time."""
    at = 0

    def receive(most: int) -> bytes:
        nonlocal at
        if at >= len(data):
            raise BlockingIOError
        at, found = at + min(size, most), data[at : at + min(size, most)]
        return found

    return receive


def as_paho_reads(buffered: Buffered, version: MQTTProtocolVersion) -> Publish:
    def exactly(size: int) -> bytes:
        found = b""
        while len(found) < size:
            found += buffered(size - len(found))
        return found

    (head,), length, place = exactly(1), 0, 0
    while True:
        (byte,) = exactly(1)
        length |= (byte & 0x7F) << 7 * place
        place += 1
        if byte < 0x80:
            break
    found = decode_publish(head, exactly(length), version)
    return Publish(found.topic.decode(), bytes(found.payload), found.qos, found.retain, found.mid, found.dup)


@settings(max_examples=200)
@given(
    st.lists(_PUBLISHES, max_size=5),
    st.sampled_from([None, b"", b"\x26\x00\x01k\x00\x01v" * 20]),
    st.sampled_from([1, 7, 100, 65_536]),
)
def test_what_is_read_is_what_was_sent_wherever_the_chunks_end(
    messages: list[Publish], properties: bytes | None, size: int
) -> None:
    sent = [message if message.qos else replace(message, mid=0) for message in messages]
    version = MQTTProtocolVersion.MQTTv311 if properties is None else MQTTProtocolVersion.MQTTv5
    buffered = Buffered(source(b"".join(packet(message, properties) for message in messages), size))
    found, fast = [], 0
    for message in sent:
        here = buffered.publish(properties=properties is not None)
        assert here is None or here.qos < 2
        fast += here is not None
        found.append(here or as_paho_reads(buffered, version))
        assert message == found[-1]
    assert not buffered
    if size == 65_536:
        assert fast == sum(message.qos < 2 for message in sent)


@pytest.mark.parametrize(
    "packet",
    [
        b"\x40\x02\x00\x01",
        b"\xd0\x00",
        b"\x34\x06\x00\x01a\x00\x01x",
        b"\x32\x04\x00\x01a\x00",
        b"\x30\x03\x00\x05a",
        b"\x30\x03\x00\x00x",
        b"\x30\x04\x00\x01\xffx",
        b"\x30\xff\xff\xff\xff\x01",
    ],
    ids=[
        "an acknowledgement",
        "a pong",
        "QoS 2",
        "no room for the identifier",
        "a topic longer than its packet",
        "no topic",
        "a topic that is no text",
        "an endless length",
    ],
)
def test_what_is_no_whole_message_is_left_for_paho(packet: bytes) -> None:
    buffered = Buffered(source(packet, 100))
    assert buffered.publish(properties=False) is None
    assert buffered(100) == packet


def test_the_end_of_a_connection_is_left_for_paho() -> None:
    buffered = Buffered(lambda most: b"")
    assert buffered.publish(properties=False) is None
    assert buffered(1) == b""
