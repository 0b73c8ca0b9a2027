"""One message to a broker, on a connection of its own: for whoever tells people, not devices.

MQTT 5, because there a broker says whether it took the message: one that the rights forbid is acknowledged too, with a
reason, and by 3.1.1 without.
"""

import asyncio
import ssl
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from app.connectors.mqtt_session import Timing, close_client, connect_client
from app.errors import Misconfigured, Unavailable

_DENIED = frozenset({0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""Unsupported protocol, client id not valid, bad user name or password, not authorized, banned, bad method."""
_REFUSED = 0x80


class _Client(aiomqtt.Client):
    """Remembers how the broker acknowledged the last message, which aiomqtt leaves out."""

    answer: ReasonCode | None = None

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Any) -> None:
        self.answer = reason_code
        super()._on_publish(client, userdata, mid, reason_code, properties)


async def publish(
    hostname: str,
    port: int,
    topic: str,
    payload: bytes,
    *,
    key: str,
    client_id: str,
    user: str,
    password: str,
    tls: ssl.SSLContext | None,
    timeout_seconds: float,
) -> None:
    """At QoS 1, with `key` as the user property idempotency-key; the broker has it when this returns. Raises
    Unavailable, and Misconfigured (TARGET_DENIED) where the broker does not let us."""
    where = f"{'mqtt' if tls is None else 'mqtts'}://{hostname}:{port}"
    timing = Timing(connect_seconds=timeout_seconds, answer_seconds=timeout_seconds)
    client = _Client(
        hostname,
        port,
        username=user or None,
        password=password or None,
        identifier=client_id,
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=timeout_seconds,
        tls_context=tls,
        logger=aiomqtt.client.MQTT_LOGGER.getChild("notify"),
    )
    client._client.connect_timeout = timeout_seconds
    try:
        await connect_client(client, where, timing)
    except Unavailable as error:
        cause = error.__cause__
        if isinstance(cause, aiomqtt.MqttCodeError) and _number(cause.rc) in _DENIED:
            raise _denied(error.message) from error
        raise
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.UserProperty = ("idempotency-key", key)
    properties.ContentType = "application/json"
    try:
        async with asyncio.timeout(timeout_seconds):
            await client.publish(topic, payload, qos=1, properties=properties)
    except (aiomqtt.MqttError, TimeoutError) as error:
        raise Unavailable(f"{where} did not take the message: {error or 'no answer in time'}") from error
    finally:
        await close_client(client, timing)
    if client.answer is not None and client.answer.value >= _REFUSED:
        told = f"{where} did not take the message on {topic}: {client.answer}"
        if client.answer.value in _DENIED:
            raise _denied(told)
        raise Unavailable(told, code="TARGET_UNAVAILABLE")


def _denied(message: str) -> Misconfigured:
    return Misconfigured(message, code="TARGET_DENIED", hint="look at the target's user, password and topic")


def _number(code: int | ReasonCode | None) -> int:
    return code.value if isinstance(code, ReasonCode) else code or 0
