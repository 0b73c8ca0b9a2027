"""A message on a broker's topic, QoS 1: delivered is what the broker has acknowledged.

How one is published is given to this room: the MQTT library is the connectors'.
"""

import ssl
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from app.errors import Misconfigured, TwinOverlayError
from app.notification_settings import MqttTarget
from app.notify.message import Message
from app.notify.secrets import Secrets


class Publish(Protocol):
    async def __call__(
        self,
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
        """Connect, publish, disconnect. Raises Unavailable, and Misconfigured where the broker lets us not."""


@dataclass(frozen=True, slots=True)
class _Broker:
    hostname: str
    port: int
    secure: bool


class MqttChannel:
    def __init__(self, target: MqttTarget, installation: str, publish: Publish) -> None:
        parts = urlsplit(target.url)
        secure = parts.scheme == "mqtts"
        self._target = target
        self._broker = _Broker(parts.hostname or "", parts.port or (8883 if secure else 1883), secure)
        self._client_id = f"twin-overlay-{installation}-notify-{target.name}"
        self._publish = publish
        self._secrets = Secrets()

    @property
    def address(self) -> str:
        return f"{self._target.topic} at {self._target.url}"

    async def send(self, message: Message) -> str:
        target = self._target
        try:
            await self._publish(
                self._broker.hostname,
                self._broker.port,
                target.topic,
                msgspec.json.encode(message.document),
                key=message.key,
                client_id=self._client_id,
                user=target.user,
                password=self._secrets.read(target.password) if target.password is not None else "",
                tls=self._trusted() if self._broker.secure else None,
                timeout_seconds=target.timeout_seconds,
            )
        except TwinOverlayError as error:
            error.message = self._secrets.struck(error.message)
            raise
        return ""

    def _trusted(self) -> ssl.SSLContext:
        target = self._target
        try:
            context = ssl.create_default_context(cafile=target.ca_file)
            if target.certificate_file is not None:
                context.load_cert_chain(target.certificate_file, target.key_file)
        except OSError as error:
            raise Misconfigured(f"a certificate file of the target cannot be used: {error}") from error
        return context
