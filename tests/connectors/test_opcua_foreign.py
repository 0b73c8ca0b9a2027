"""What is promised of OPC UA, against a server of another make: asyncua's own might share our client's mistakes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from app.certificate import Wanted, create, trust
from app.connectors.keys import Keys
from app.connectors.opcua import OpcUaConnector
from app.connectors.opcua_session import Timing
from app.errors import Unavailable
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers import node_opcua, npm
from tests.servers.authority import made
from tests.servers.opcua import NAMESPACE
from tests.servers.proxy import proxied

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]
FLOW = {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 50}}
USER = ("operator", "correct horse")
CERTIFICATE = {"type": "certificate", "certificate_id": "pump_client_cert"}
PASSWORD = {"type": "password", "username": "operator", "password_file": "plc"}


class Foreign:
    def __init__(self, server: node_opcua.NodeOpcUa, keys: Keys) -> None:
        self.server = server
        self.keys = keys

    def connector(self, authentication: dict[str, Any] | None, endpoint: str = "", **timing: float) -> OpcUaConnector:
        endpoint = endpoint or self.server.endpoint
        twin = pump(endpoint, FLOW, namespace=NAMESPACE, authentication=authentication)
        return OpcUaConnector("plc", endpoint, [twin], clock=SystemClock(), keys=self.keys, timing=Timing(**timing))

    async def let_in(self, authentication: dict[str, Any] | None) -> str:
        sink = FakeSink()
        device = self.connector(authentication)
        async with running(device, sink):
            await until(sink.alive, "it is let in")
            await until(lambda: len(sink.readings) >= 2, "its subscription tells")
            return device.security


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def foreign(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Foreign]:
    npm.demanded(node_opcua.HERE)
    folder = tmp_path_factory.mktemp("foreign")
    certificates, told = folder / "certificates", list[str]()
    create(certificates, Wanted("pump_client_cert"), told.append)
    create(folder / "plc", Wanted("plc", hosts=["127.0.0.1"], application_uri="urn:test:plc"), told.append)
    file, key = folder / "plc" / "own" / "plc.pem", folder / "plc" / "own" / "plc.key"
    trust(certificates, str(file), False, told.append)
    (folder / "secrets").mkdir()
    (folder / "secrets" / "plc").write_text(USER[1])
    keys = Keys.of(folder / "certificates", folder / "secrets")
    async with node_opcua.serving(folder, file, key, USER) as server:
        yield Foreign(server, keys)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (None, "none"),
        ({"type": "none", "certificate_id": "pump_client_cert"}, "Aes256Sha256RsaPss SignAndEncrypt"),
        ({**CERTIFICATE, "security_policy": "Basic256Sha256", "security_mode": "Sign"}, "Basic256Sha256 Sign"),
        ({**CERTIFICATE, "security_policy": "Basic256Sha256"}, "Basic256Sha256 SignAndEncrypt"),
        ({**CERTIFICATE, "security_policy": "Aes128Sha256RsaOaep"}, "Aes128Sha256RsaOaep SignAndEncrypt"),
        (
            {**PASSWORD, "certificate_id": "pump_client_cert", "security_policy": "Basic256Sha256"},
            "Basic256Sha256 SignAndEncrypt, user 'operator', password encrypted",
        ),
        (PASSWORD, "none, user 'operator', password encrypted with "),
    ],
)
async def test_it_lets_us_in_in_every_way(foreign: Foreign, wanted: Any, told: str) -> None:
    assert (await foreign.let_in(wanted)).startswith(told)


async def test_it_refuses_a_wrong_password(foreign: Foreign) -> None:
    secret = foreign.keys.secrets.folder / "plc"
    secret.write_text("wrong horse")
    try:
        with pytest.raises(Unavailable) as caught:
            await foreign.connector({**PASSWORD, "certificate_id": "pump_client_cert"}).run(FakeSink())
    finally:
        secret.write_text(USER[1])
    assert caught.value.code == "ACCESS_DENIED"


async def test_it_refuses_a_certificate_that_may_not_be_used_so_and_we_say_whose(foreign: Foreign) -> None:
    made("lax", uri="urn:test:client").write(foreign.keys.own.folder, "lax")  # it says nothing of its use
    with pytest.raises(Unavailable) as caught:
        await foreign.connector({**CERTIFICATE, "certificate_id": "lax"}).run(FakeSink())
    assert caught.value.code == "CLIENT_CERTIFICATE_REFUSED", caught.value
    assert "'lax'" in caught.value.message


async def test_it_keeps_the_subscription_of_a_lost_connection_and_what_changed_meanwhile(foreign: Foreign) -> None:
    sink = FakeSink()
    async with proxied("127.0.0.1", foreign.server.port) as proxy:
        endpoint = f"opc.tcp://127.0.0.1:{proxy.port}"
        device = foreign.connector(CERTIFICATE, endpoint, read_back_seconds=0)
        task = asyncio.create_task(device.run(sink))
        await until(lambda: len(sink.readings) >= 2, "it has told")
        proxy.cut()
        await until(task.done, "the connection is lost")
        assert isinstance(task.exception(), Unavailable)
        for number in range(4):
            await foreign.server.set(100.5 + number)
            await asyncio.sleep(0.2)  # the pace of its changes, slower than it samples
        taken = len(sink.samples)
        async with running(device, sink):
            await until(lambda: len(sink.sources) == 2, "connected again")
            told = [sample.value for sample in sink.samples[taken:]]
            assert told[:4] == [100.5, 101.5, 102.5, 103.5]
            await foreign.server.set(7.5)
            await until(lambda: sink.value("flow_rate") == 7.5, "and it goes on")
    assert not sink.rejected


async def test_its_values_are_not_taken_for_silence(foreign: Foreign) -> None:
    sink = FakeSink()
    device = foreign.connector(CERTIFICATE, read_back_seconds=0.1)
    async with running(device, sink) as task:
        for number in range(60):
            await foreign.server.set(float(number))
            await asyncio.wait({task}, timeout=0.05)
        assert not task.done(), task.exception()
        await until(lambda: sink.value("flow_rate") == 59.0, "the last value")
    assert not sink.rejected
