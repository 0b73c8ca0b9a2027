"""OPC UA with certificates, against servers that ask for them: who is let in, who is refused, and with what words."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.server.user_managers import CertificateUserManager

from app.connectors.keys import Keys
from app.connectors.opcua import OpcUaConnector
from app.connectors.protocols import protocols
from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.errors import Unavailable
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.connectors.test_outages import supervised
from tests.servers.authority import Made, made, revocation_list
from tests.servers.opcua import NAMESPACE, OpcUaServer, Security, serving

USER = ("operator", "correct horse")
FLOW = {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate"}}
SECURE = ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt
CERTIFICATE = {"type": "certificate", "certificate_id": "pump_client_cert"}
"""As the specification writes it."""


class Place:
    """A certificates folder, with a client certificate in it, and connectors that use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.keys = Keys.of(folder / "certificates", folder / "secrets")
        self.client = made("client", uri="urn:test:client")
        self.client.write(folder / "certificates" / "own", "pump_client_cert")
        (folder / "secrets").mkdir()

    def trust(self, certificate: Made, where: str = "trusted") -> None:
        place = self.folder / "certificates" / where
        place.mkdir(parents=True, exist_ok=True)
        (place / "plc.der").write_bytes(certificate.der)

    def connector(self, endpoint: str, authentication: dict[str, Any] | None) -> OpcUaConnector:
        twin = pump(endpoint, FLOW, namespace=NAMESPACE, authentication=authentication)
        return OpcUaConnector("plc", endpoint, [twin], clock=SystemClock(), keys=self.keys)

    async def let_in(self, endpoint: str, authentication: dict[str, Any] | None) -> str:
        """How the connection was secured."""
        sink = FakeSink()
        device = self.connector(endpoint, authentication)
        async with running(device, sink):
            await until(sink.alive, "it is let in")
            assert sink.value("flow_rate") == 42.5
            return device.security

    async def refused(self, endpoint: str, authentication: dict[str, Any] | None) -> Unavailable:
        with pytest.raises(Unavailable) as caught:
            await self.connector(endpoint, authentication).run(FakeSink())
        assert caught.value.hint, caught.value
        return caught.value

    def rejected(self) -> list[str]:
        folder = self.folder / "certificates" / "rejected"
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@contextlib.asynccontextmanager
async def secured_by(
    certificate: Made, folder: Path, *policies: ua.SecurityPolicyType, user: tuple[str, str] | None = None, **more: Any
) -> AsyncIterator[OpcUaServer]:
    file, key = certificate.write(folder, "plc")
    security = Security(policies or (SECURE,), certificate=file, key=key, **more)
    async with serving(user=user, security=security) as server:
        yield server


def secured(
    place: Place, certificate: Made, *policies: ua.SecurityPolicyType, **more: Any
) -> AbstractAsyncContextManager[OpcUaServer]:
    return secured_by(certificate, place.folder / "plc", *policies, **more)


async def test_the_specifications_certificate_connects_signed_and_encrypted(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)
    async with secured(place, plc) as server:
        assert await place.let_in(server.endpoint, CERTIFICATE) == (
            "Basic256Sha256 SignAndEncrypt, user certificate 'client'"
        )


@pytest.mark.parametrize(
    ("offered", "wanted", "told"),
    [
        ("Basic256Sha256_Sign", {"security_mode": "Sign"}, "Basic256Sha256 Sign"),
        ("Aes256Sha256RsaPss_SignAndEncrypt", {}, "Aes256Sha256RsaPss SignAndEncrypt"),
        ("Aes128Sha256RsaOaep_SignAndEncrypt", {}, "Aes128Sha256RsaOaep SignAndEncrypt"),
    ],
)
async def test_each_policy_and_mode_can_be_had(place: Place, offered: str, wanted: Any, told: str) -> None:
    plc = made("plc")
    place.trust(plc)
    async with secured(place, plc, getattr(ua.SecurityPolicyType, offered)) as server:
        security = await place.let_in(server.endpoint, {"type": "none", "certificate_id": "pump_client_cert", **wanted})
    assert security == told


async def test_the_best_policy_is_taken_unless_one_is_named(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)
    best = ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt
    async with secured(place, plc, ua.SecurityPolicyType.NoSecurity, SECURE, best) as server:
        assert (await place.let_in(server.endpoint, CERTIFICATE)).startswith("Aes256Sha256RsaPss")
        named = {**CERTIFICATE, "security_policy": "Basic256Sha256"}
        assert (await place.let_in(server.endpoint, named)).startswith("Basic256Sha256")


async def test_a_user_name_and_password_go_over_a_secured_connection(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)
    (place.folder / "secrets" / "plc_password").write_text("correct horse\n")
    authentication = {
        "type": "password",
        "username": "operator",
        "password_file": "plc_password",
        "certificate_id": "pump_client_cert",
    }
    async with secured(place, plc, user=USER) as server:
        assert await place.let_in(server.endpoint, authentication) == (
            "Basic256Sha256 SignAndEncrypt, user 'operator', password encrypted"
        )
        (place.folder / "secrets" / "plc_password").write_text("wrong horse")
        error = await place.refused(server.endpoint, authentication)
        assert error.code == "ACCESS_DENIED"
        assert "horse" not in str(error)
        (place.folder / "secrets" / "plc_password").write_text("correct horse")
        await place.let_in(server.endpoint, authentication)  # a changed file is the next connection's


async def test_a_certificate_of_its_own_says_who_the_user_is(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)
    operator = made("operator", uri="")
    file, _ = operator.write(place.folder / "certificates" / "own", "operator")
    users = CertificateUserManager()
    await users.add_user(file, "operator")
    authentication = {**CERTIFICATE, "user_certificate_id": "operator"}
    async with secured(place, plc, tokens=(ua.X509IdentityToken,)) as server:
        server.server.iserver.user_manager = users  # type: ignore[assignment]  # asyncua types it too narrowly
        assert "user certificate 'operator'" in await place.let_in(server.endpoint, authentication)
        error = await place.refused(server.endpoint, CERTIFICATE)
        assert error.code == "ACCESS_DENIED"
        error = await place.refused(server.endpoint, {"type": "none", "certificate_id": "pump_client_cert"})
        assert error.code == "TOKEN_NOT_OFFERED"
        assert "it offers user certificate" in error.message


async def test_a_key_may_be_locked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plc = made("plc")
    place.trust(plc)
    place.client.write(place.folder / "certificates" / "own", "locked", password="sesame")
    monkeypatch.setenv("TEST_KEY_PASSWORD", "sesame")
    async with secured(place, plc) as server:
        locked = {**CERTIFICATE, "certificate_id": "locked"}
        await place.let_in(server.endpoint, {**locked, "key_password_env": "TEST_KEY_PASSWORD"})
        error = await place.refused(server.endpoint, locked)
        assert (error.code, "locked by a password" in error.message) == ("CERTIFICATE_KEY_UNREADABLE", True)
        monkeypatch.setenv("TEST_KEY_PASSWORD", "wrong")
        with pytest.raises(Unavailable) as caught:
            await place.connector(server.endpoint, {**locked, "key_password_env": "TEST_KEY_PASSWORD"}).run(FakeSink())
        assert caught.value.code == "CERTIFICATE_KEY_UNREADABLE"
        assert "sesame" not in str(caught.value)


# ---------------------------------------------------------------- whom we trust


async def test_an_unknown_server_is_refused_until_a_person_trusts_it(place: Place) -> None:
    plc = made("plc")
    async with secured(place, plc) as server:
        sink = FakeSink()
        supervisor = Supervisor(
            sink, SystemClock(), protocols=protocols(place.keys), back_off=BackOff(first_seconds=0.1, most_seconds=0.2)
        )
        supervisor.configure([pump(server.endpoint, FLOW, namespace=NAMESPACE, authentication=CERTIFICATE)])
        async with supervised(supervisor):
            await until(sink.silent, "refused")
            (health,) = supervisor.health()
            assert (health.status, health.last_error_code) == ("disconnected", "SERVER_CERTIFICATE_UNTRUSTED")
            assert "'plc' is self-signed and nobody here trusts it" in health.last_error
            (copy,) = place.rejected()
            assert copy in health.last_error
            assert (place.folder / "certificates" / "rejected" / copy).read_bytes() == plc.pem

            trusted = place.folder / "certificates" / "trusted"
            trusted.mkdir()
            (place.folder / "certificates" / "rejected" / copy).rename(trusted / copy)
            await until(sink.alive, "taken up by itself")
            (health,) = supervisor.health()
            assert health.security.startswith("Basic256Sha256 SignAndEncrypt")
            assert (health.last_error, health.last_error_code) == ("", "")


@pytest.mark.parametrize(
    ("wrong", "code", "words"),
    [
        ({"ends_in_days": -0.5}, "EXPIRED", "'plc' has expired at 20"),
        ({"begins_in_days": 2.0}, "NOT_YET_VALID", "'plc' is valid only from 20"),
        ({"hosts": ["plc1.factory.local"]}, "WRONG_HOST", "is for 'plc1.factory.local', not for '127.0.0.1'"),
        ({"hosts": []}, "WRONG_HOST", "is for no host, not for '127.0.0.1'"),
        ({"uri": "urn:other"}, "WRONG_URI", "calls itself 'urn:test:plc', and its certificate is for 'urn:other'"),
        ({"bits": 1024}, "KEY_TOO_SHORT", "has a key of 1024 bits"),
    ],
)
async def test_a_trusted_server_whose_certificate_is_wrong_is_refused_with_the_reason(
    place: Place, wrong: Any, code: str, words: str
) -> None:
    plc = made("plc", **wrong)
    place.trust(plc)
    async with secured(place, plc) as server:
        error = await place.refused(server.endpoint, CERTIFICATE)
    assert error.code == f"SERVER_CERTIFICATE_{code}"
    assert words in error.message
    assert error.message.startswith(server.endpoint)


async def test_another_host_name_can_be_expected(place: Place) -> None:
    plc = made("plc", hosts=["plc1.factory.local"])
    place.trust(plc)
    async with secured(place, plc) as server:
        await place.let_in(server.endpoint, {**CERTIFICATE, "server_host": "PLC1.factory.local"})
        assert (await place.let_in(server.endpoint, {**CERTIFICATE, "server_host": "*"})).endswith("ANY HOST NAME")


async def test_what_an_authority_in_the_list_issued_is_trusted_until_it_is_revoked(place: Place) -> None:
    root = made("root", ca=True, hosts=[], uri="")
    between = made("between", ca=True, hosts=[], uri="", by=root)
    plc = made("plc", by=between, serial=4711)
    folder = place.folder / "certificates"
    async with secured(place, plc) as server:
        error = await place.refused(server.endpoint, CERTIFICATE)
        assert error.code == "SERVER_CERTIFICATE_UNTRUSTED"
        assert "is issued by 'between'" in error.message

        place.trust(root)
        assert (await place.refused(server.endpoint, CERTIFICATE)).code == "SERVER_CERTIFICATE_UNTRUSTED"
        place.trust(between, "issuers")  # now the chain leads to the root
        await place.let_in(server.endpoint, CERTIFICATE)

        (folder / "issuers" / "between.crl").write_bytes(revocation_list(between, 4711))
        assert (await place.refused(server.endpoint, CERTIFICATE)).code == "SERVER_CERTIFICATE_REVOKED"
        (folder / "issuers" / "between.crl").write_bytes(revocation_list(root, 4711))
        await place.let_in(server.endpoint, CERTIFICATE)  # another's list says nothing of it


async def test_an_authority_among_the_issuers_alone_vouches_for_nobody(place: Place) -> None:
    root = made("root", ca=True, hosts=[], uri="")
    plc = made("plc", by=root)
    place.trust(root, "issuers")
    async with secured(place, plc) as server:
        error = await place.refused(server.endpoint, CERTIFICATE)
    assert error.code == "SERVER_CERTIFICATE_UNTRUSTED"
    assert "leads to 'root'" in error.message


async def test_a_certificate_that_may_issue_none_vouches_for_nobody(place: Place) -> None:
    other = made("other")
    plc = made("plc", by=other)
    place.trust(other)
    async with secured(place, plc) as server:
        assert (await place.refused(server.endpoint, CERTIFICATE)).code == "SERVER_CERTIFICATE_UNTRUSTED"


# ---------------------------------------------------------------- what the server offers


async def test_what_the_server_offers_is_said_where_nothing_fits(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)
    async with secured(place, plc, ua.SecurityPolicyType.Basic256Sha256_Sign) as server:
        error = await place.refused(server.endpoint, CERTIFICATE)
        assert error.code == "SECURITY_NOT_OFFERED"
        assert error.message.endswith("it offers Basic256Sha256 Sign")
        error = await place.refused(server.endpoint, None)
        assert error.code == "SECURITY_NOT_OFFERED"
        assert "does not offer security None; it offers Basic256Sha256 Sign" in error.message
    async with serving() as plain:
        error = await place.refused(plain.endpoint, CERTIFICATE)
        assert error.message.endswith("it offers None")


async def test_a_password_is_not_sent_in_plain_text_unless_allowed(place: Place) -> None:
    (place.folder / "secrets" / "p").write_text("correct horse")
    authentication = {"type": "password", "username": "operator", "password_file": "p"}
    async with serving(user=USER) as server:
        error = await place.refused(server.endpoint, authentication)
        assert error.code == "PASSWORD_UNPROTECTED"
        security = await place.let_in(server.endpoint, {**authentication, "allow_plain_password": True})
        assert security == "none, user 'operator', PASSWORD IN PLAIN TEXT"


async def test_a_password_is_encrypted_for_a_trusted_server_also_without_a_secured_connection(place: Place) -> None:
    (place.folder / "secrets" / "p").write_text("correct horse")
    plc = made("plc")
    authentication = {"type": "password", "username": "operator", "password_file": "p"}
    async with secured(place, plc, ua.SecurityPolicyType.NoSecurity, SECURE, user=USER) as server:
        assert (await place.refused(server.endpoint, authentication)).code == "SERVER_CERTIFICATE_UNTRUSTED"
        place.trust(plc)
        assert await place.let_in(server.endpoint, authentication) == (
            "none, user 'operator', password encrypted with Basic256Sha256"
        )


async def test_a_server_that_does_not_trust_us_is_told_of_as_such(place: Place) -> None:
    plc = made("plc")
    place.trust(plc)

    async def nobody(certificate: Any, application: Any) -> None:
        raise ua.uaerrors.BadCertificateUntrusted

    async with secured(place, plc, validator=nobody) as server:
        error = await place.refused(server.endpoint, CERTIFICATE)
    assert error.code == "CLIENT_CERTIFICATE_REFUSED"
    assert "may not trust this server's certificate 'client'" in error.message
    assert "pump_client_cert.pem" in error.hint


# ---------------------------------------------------------------- our own certificate


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"certificate_id": "pump_client_crt"}, "CERTIFICATE_NOT_FOUND"),
        ({"certificate_id": "old"}, "CERTIFICATE_EXPIRED"),
        ({"certificate_id": "early"}, "CERTIFICATE_NOT_YET_VALID"),
        ({"certificate_id": "keyless"}, "CERTIFICATE_KEY_NOT_FOUND"),
        ({"certificate_id": "mixed"}, "CERTIFICATE_KEY_MISMATCH"),
        ({"certificate_id": "broken"}, "CERTIFICATE_UNREADABLE"),
        ({"key_password_file": "nowhere"}, "SECRET_FILE_MISSING"),
    ],
)
async def test_an_own_certificate_that_cannot_be_used_says_why(place: Place, given: Any, code: str) -> None:
    own = place.folder / "certificates" / "own"
    made("old", ends_in_days=-0.5).write(own, "old")
    made("early", begins_in_days=1).write(own, "early")
    for name in ("keyless", "mixed"):
        (own / f"{name}.pem").write_bytes(made("old").pem)
    (own / "mixed.key").write_bytes(place.client.key_pem())
    (own / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nbroken")
    with pytest.raises(Unavailable) as caught:
        await place.connector("opc.tcp://127.0.0.1:1", {**CERTIFICATE, **given}).run(FakeSink())
    assert caught.value.code == code
    if code == "CERTIFICATE_NOT_FOUND":
        assert caught.value.hint == "did you mean 'pump_client_cert'?"
