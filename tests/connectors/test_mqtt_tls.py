"""MQTT with TLS, against a Mosquitto that asks for it: whom we trust, who we are, and with what words either fails."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from app.connectors.keys import Keys
from app.connectors.mqtt import MqttConnector
from app.errors import Misconfigured, Unavailable
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.servers.authority import Made, made
from tests.servers.mosquitto import Mosquitto

USER = ("operator", "correct horse")
ROOT = made("broker_ca", ca=True, hosts=[], uri="")
BROKER = made("broker", by=ROOT, uri="")


class Place:
    """A certificates folder, and brokers with TLS."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder = folder
        self.keys = Keys.of(folder / "certificates", folder / "secrets")
        self._program = program
        self.brokers: list[Mosquitto] = []
        for name in ("certificates/trusted", "secrets"):
            (folder / name).mkdir(parents=True)

    async def broker(
        self, certificate: Made = BROKER, *, user: tuple[str, str] | None = None, clients: Made | None = None
    ) -> Mosquitto:
        """`clients`: the authority of certificates that a client must have."""
        folder = self.folder / f"broker{len(self.brokers)}"
        file, key = certificate.write(folder, "server")
        lines = [f"certfile {file}", f"keyfile {key}"]
        if clients is not None:
            (folder / "clients.pem").write_bytes(clients.pem)
            lines += [f"cafile {folder / 'clients.pem'}", "require_certificate true"]
        server = Mosquitto(folder, self._program, user, tls=lines)
        await server.start()
        self.brokers.append(server)
        return server

    def trust(self, certificate: Made, name: str = "broker_ca") -> None:
        (self.folder / "certificates" / "trusted" / f"{name}.pem").write_bytes(certificate.pem)

    def connector(self, endpoint: str, authentication: dict[str, Any] | None = None) -> MqttConnector:
        twin = pump(endpoint, {"flow_rate": {"topic": "flow"}}, protocol="mqtt", authentication=authentication)
        return MqttConnector("broker", endpoint, [twin], client_id="server", clock=SystemClock(), keys=self.keys)

    async def let_in(self, endpoint: str, authentication: dict[str, Any] | None = None) -> str:
        sink = FakeSink()
        device = self.connector(endpoint, authentication)
        async with running(device, sink):
            await until(sink.alive, "it is let in")
            return device.security

    async def refused(self, endpoint: str, authentication: dict[str, Any] | None = None) -> Unavailable:
        with pytest.raises(Unavailable) as caught:
            await self.connector(endpoint, authentication).run(FakeSink())
        assert caught.value.hint, caught.value
        return caught.value


@pytest_asyncio.fixture
async def place(tmp_path: Path, mosquitto_program: str) -> AsyncIterator[Place]:
    found = Place(tmp_path, mosquitto_program)
    yield found
    for broker in found.brokers:
        await broker.stop()


async def test_values_come_over_tls_from_a_broker_whose_authority_is_trusted(place: Place) -> None:
    place.trust(ROOT)
    broker = await place.broker()
    mapping = {"flow_rate": {"topic": "flow", "pointer": "/value"}, "speed": {"topic": "speed", "write_topic": "flow"}}
    twin = pump(broker.endpoint, mapping, protocol="mqtt")
    device = MqttConnector("b", broker.endpoint, [twin], client_id="s", clock=SystemClock(), keys=place.keys)
    sink = FakeSink()
    async with running(device, sink):
        await until(sink.alive, "connected")
        assert device.security == "TLS"
        assert (await device.write("pump_123", "speed", 12.5)).status == "accepted"
        await until(lambda: sink.value("flow_rate") == 12.5, "what was published arrives")


async def test_a_user_name_with_a_password_and_a_client_certificate_go_together(place: Place) -> None:
    place.trust(ROOT)
    client = made("plant client", by=ROOT, uri="")
    client.write(place.folder / "certificates" / "own", "plant_client")
    (place.folder / "secrets" / "broker").write_text("correct horse\n")
    broker = await place.broker(user=USER, clients=ROOT)
    authentication = {
        "type": "password",
        "username": "operator",
        "password_file": "broker",
        "certificate_id": "plant_client",
        "ca_id": "broker_ca",
    }
    assert await place.let_in(broker.endpoint, authentication) == (
        "TLS, client certificate 'plant client', user 'operator'"
    )
    (place.folder / "secrets" / "broker").write_text("wrong horse")
    with pytest.raises(Unavailable) as caught:
        await place.connector(broker.endpoint, authentication).run(FakeSink())
    assert caught.value.code == "ACCESS_DENIED"
    assert "horse" not in str(caught.value)
    (place.folder / "secrets" / "broker").write_text("correct horse")
    await place.let_in(broker.endpoint, authentication)

    del authentication["certificate_id"]
    error = await place.refused(broker.endpoint, authentication)
    assert error.code == "CLIENT_CERTIFICATE_REFUSED"
    made("stranger", uri="").write(place.folder / "certificates" / "own", "stranger")
    error = await place.refused(broker.endpoint, {**authentication, "certificate_id": "stranger"})
    assert error.code == "CLIENT_CERTIFICATE_REFUSED"
    assert "'stranger'" in error.message


async def test_an_unknown_broker_is_refused_and_its_certificate_kept_for_a_person_to_trust(place: Place) -> None:
    broker = await place.broker(made("self_signed", uri=""))
    error = await place.refused(broker.endpoint)
    assert error.code == "SERVER_CERTIFICATE_UNTRUSTED"
    (copy,) = (place.folder / "certificates" / "rejected").iterdir()
    assert copy.name in error.hint
    copy.rename(place.folder / "certificates" / "trusted" / copy.name)
    await place.let_in(broker.endpoint)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ends_in_days": -0.5}, "EXPIRED"),
        ({"begins_in_days": 2.0}, "NOT_YET_VALID"),
        ({"hosts": ["broker.factory.local"]}, "WRONG_HOST"),
    ],
)
async def test_a_broker_whose_certificate_is_wrong_is_refused_with_the_reason(
    place: Place, wrong: Any, code: str
) -> None:
    place.trust(ROOT)
    broker = await place.broker(made("broker", by=ROOT, uri="", **wrong))
    error = await place.refused(broker.endpoint)
    assert error.code == f"SERVER_CERTIFICATE_{code}"


async def test_with_ca_id_nobody_else_vouches_for_the_broker(place: Place) -> None:
    place.trust(ROOT)
    place.trust(made("another_ca", ca=True, hosts=[], uri=""), "another_ca")
    broker = await place.broker()
    await place.let_in(broker.endpoint, {"ca_id": "broker_ca"})
    assert (await place.refused(broker.endpoint, {"ca_id": "another_ca"})).code == "SERVER_CERTIFICATE_UNTRUSTED"
    error = await place.refused(broker.endpoint, {"ca_id": "anothr_ca"})
    assert (error.code, error.hint) == ("CA_NOT_FOUND", "did you mean 'another_ca'?")


async def test_a_port_without_tls_is_told_as_such(place: Place, broker: Mosquitto) -> None:
    error = await place.refused(broker.endpoint.replace("mqtt:", "mqtts:"))
    assert error.code in ("TLS_FAILED", "UNAVAILABLE")


async def test_nothing_switches_the_checks_off(place: Place) -> None:
    broker = await place.broker()
    for name in ("insecure", "verify", "tls_insecure", "skip_verify"):
        error = await place.refused(broker.endpoint, {"type": "none", name: True})
        assert error.code == "SERVER_CERTIFICATE_UNTRUSTED"
    with pytest.raises(Misconfigured) as caught:
        await place.connector("mqtt://127.0.0.1:1", {"ca_id": "broker_ca"}).run(FakeSink())
    assert caught.value.code == "TLS_NEEDED"


async def test_a_password_without_tls_is_shown_for_what_it_is(place: Place, mosquitto_program: str) -> None:
    (place.folder / "secrets" / "broker").write_text("correct horse")
    folder = place.folder / "plain"
    folder.mkdir()
    broker = Mosquitto(folder, mosquitto_program, USER)
    await broker.start()
    place.brokers.append(broker)
    authentication = {"type": "password", "username": "operator", "password_file": "broker"}
    assert await place.let_in(broker.endpoint, authentication) == "none, user 'operator', PASSWORD IN PLAIN TEXT"
