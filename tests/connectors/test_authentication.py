"""A user name with a password from the environment, against servers that ask for one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.connectors.mqtt import MqttConnector
from app.connectors.opcua import OpcUaConnector
from app.errors import Unavailable
from app.model.connection import TwinConnection
from app.ports import Connector
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers.mosquitto import Mosquitto
from tests.servers.opcua import NAMESPACE, serving

USER = ("operator", "correct horse")
AUTHENTICATION = {"type": "password", "username": "operator", "password_env": "TEST_DEVICE_PASSWORD"}
PLAIN = {**AUTHENTICATION, "allow_plain_password": True}


def opcua(endpoint: str, authentication: dict[str, Any] | None) -> Connector:
    node = {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate"}}
    twin = pump(endpoint, node, namespace=NAMESPACE, authentication=authentication)
    return OpcUaConnector("plc", endpoint, [twin], clock=SystemClock())


def mqtt(endpoint: str, authentication: dict[str, Any] | None) -> Connector:
    twin: TwinConnection = pump(endpoint, {"flow_rate": {"topic": "a"}}, protocol="mqtt", authentication=authentication)
    return MqttConnector("broker", endpoint, [twin], client_id="server", clock=SystemClock())


@pytest_asyncio.fixture
async def guarded_plc() -> AsyncIterator[str]:
    async with serving(user=USER) as server:
        yield server.endpoint


@pytest_asyncio.fixture
async def guarded_broker(tmp_path: Path, mosquitto_program: str) -> AsyncIterator[str]:
    server = Mosquitto(tmp_path, mosquitto_program, USER)
    await server.start()
    yield server.endpoint
    await server.stop()


async def check(make: Any, endpoint: str, given: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DEVICE_PASSWORD", USER[1])
    sink = FakeSink()
    async with running(make(endpoint, given), sink):
        await until(sink.alive, "it is let in")
    monkeypatch.setenv("TEST_DEVICE_PASSWORD", "wrong horse")
    for authentication in (given, None):
        with pytest.raises(Unavailable) as caught:
            await make(endpoint, authentication).run(FakeSink())
        assert endpoint in caught.value.message
        assert "horse" not in str(caught.value)


async def test_an_opcua_server_lets_in_who_has_the_password(guarded_plc: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await check(opcua, guarded_plc, PLAIN, monkeypatch)


async def test_a_broker_lets_in_who_has_the_password(guarded_broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await check(mqtt, guarded_broker, AUTHENTICATION, monkeypatch)
