"""Probing a real OPC UA server: what is there, what is cut, and who is let in."""

from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from app.connectors.keys import NO_KEYS
from app.connectors.probe.found import Found
from app.connectors.probe.opcua import OBJECTS, Limits, probe_opcua
from app.errors import TwinOverlayError
from tests.servers.mosquitto import free_port
from tests.servers.opcua import NAMESPACE, OpcUaServer, serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def _probe(plc: OpcUaServer, root: str = OBJECTS, **limits: int) -> Found:
    return await probe_opcua(plc.endpoint, root, None, Limits(**limits), NO_KEYS)


async def _describe(plc: OpcUaServer) -> None:
    """What the shared server's variables say of themselves, once."""
    flow = plc.variables["FlowRate"]
    if len(await flow.get_properties()) == 0:
        unit = ua.EUInformation()
        unit.DisplayName = ua.LocalizedText("m³/h")
        await flow.add_property(0, "EngineeringUnits", unit)
        await flow.add_property(0, "EURange", ua.Range(Low=0.0, High=100.0))
        names = [ua.LocalizedText(name) for name in ("off", "starting", "running")]
        await plc.variables["Status"].add_property(0, "EnumStrings", names)
        assert plc.pump is not None
        loop = await (await plc.pump.add_folder(plc.index, "Around")).add_folder(plc.index, "AndAround")
        await loop.add_reference(plc.pump, ua.NodeId(ua.Int32(ObjectIds.Organizes)))
        await plc.pump.add_variable(plc.index, "Curve", [1.0, 2.0])


async def test_variables_come_with_type_value_unit_range_and_access(plc: OpcUaServer) -> None:
    await _describe(plc)
    found = await _probe(plc)
    assert found.namespaces[plc.index] == NAMESPACE
    by_name = {item.name: item for item in found.properties}
    assert len(by_name) == len(found.properties), "a cycle is gone through once"
    flow = by_name["FlowRate"]
    assert (flow.owner, flow.data_type, flow.device_type, flow.value) == (("Pump123",), "float", "Double", "42.5")
    assert (flow.unit, flow.minimum, flow.maximum) == ("m³/h", 0.0, 100.0)
    assert flow.mapping == {"node_id": f"ns={plc.index};s=Pump123.FlowRate"}
    status = by_name["Status"]
    assert (status.data_type, status.enum_values, status.value) == (
        "enum",
        ("off", "starting", "running"),
        "2 (running)",
    )
    types = {name: item.data_type for name, item in by_name.items()}
    assert types["Count"] == "integer"
    assert types["Enabled"] == "boolean"
    assert types["StartedAt"] == "datetime"
    assert types["Mode"] == "string"
    assert types["Blob"] is None
    curve = by_name["Curve"]
    assert (curve.data_type, curve.items, curve.device_type) == ("array", "float", "array of Double")
    assert {by_name["Speed"].access, by_name["FlowRate"].access} <= {"read", "read-write"}
    assert not any(item.owner[:1] == ("Server",) for item in found.properties)


async def test_methods_come_with_their_arguments_and_events_with_their_fields(plc: OpcUaServer) -> None:
    found = await _probe(plc)
    methods = {item.name: item for item in found.methods}
    assert set(methods) >= {"Start", "SetSpeed", "Reset"}
    assert [item.data_type for item in methods["SetSpeed"].inputs] == ["float", "integer"]
    assert [item.data_type for item in methods["Start"].outputs] == ["boolean"]
    assert found.objects[("Pump123",)] == f"ns={plc.index};s=Pump123"


async def test_a_root_is_where_it_begins_by_index_or_namespace(plc: OpcUaServer) -> None:
    by_index = await _probe(plc, f"ns={plc.index};s=Pump123")
    by_uri = await _probe(plc, f"nsu={NAMESPACE};s=Pump123")
    assert {item.owner[0] for item in by_index.properties} == {"Pump123"}
    assert by_uri.properties == by_index.properties


async def test_what_goes_past_the_limits_is_cut_with_a_note(plc: OpcUaServer) -> None:
    few = await _probe(plc, nodes=4)
    assert len(few.properties) + len(few.methods) <= 4
    assert "cut at 4 nodes" in few.notes[0]
    flat = await _probe(plc, depth=1)
    assert flat.properties == []
    assert "cut at depth 1" in flat.notes[0]


@pytest.mark.parametrize(
    ("address", "root", "code"),
    [
        ("{}", "ns=9;s=nothing", "NODE_NOT_FOUND"),
        ("{}", "nsu=urn:nobody;s=x", "NAMESPACE_NOT_FOUND"),
        ("{}", "somewhere", "NODE_ID_INVALID"),
        ("opc.tcp://", OBJECTS, "ENDPOINT_INVALID"),
        ("opc.tcp://127.0.0.1:x", OBJECTS, "ENDPOINT_INVALID"),
        ("opc.tcp://user:word@127.0.0.1", OBJECTS, "CREDENTIALS_IN_ENDPOINT"),
        ("opc.tcp://127.0.0.1:{closed}", OBJECTS, "DEVICE_UNREACHABLE"),
    ],
)
async def test_what_is_not_there_is_said_plainly(plc: OpcUaServer, address: str, root: str, code: str) -> None:
    with pytest.raises(TwinOverlayError) as refused:
        await probe_opcua(address.format(plc.endpoint, closed=free_port()), root, None, Limits(), NO_KEYS)
    assert refused.value.code == code
    assert "word" not in str(refused.value).replace("password", "")


PROTECTED = {"allow_plain_password": False}


async def test_a_server_that_wants_a_name_is_told_with_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    authentication: dict[str, Any] = {"type": "password", "username": "ann", "password_env": "PROBE_TEST"}
    authentication["allow_plain_password"] = True
    async with serving(user=("ann", "right")) as plc:
        for who in (None, authentication):
            monkeypatch.setenv("PROBE_TEST", "wrong")
            with pytest.raises(TwinOverlayError) as refused:
                await probe_opcua(plc.endpoint, OBJECTS, who, Limits(), NO_KEYS)
            assert refused.value.code == "ACCESS_DENIED"
            assert "--user" in refused.value.hint
        monkeypatch.setenv("PROBE_TEST", "right")
        with pytest.raises(TwinOverlayError) as refused:
            await probe_opcua(
                plc.endpoint, OBJECTS, {**authentication, "allow_plain_password": False}, Limits(), NO_KEYS
            )
        assert refused.value.code == "PASSWORD_UNPROTECTED"
        assert "--certificate" in refused.value.hint
        found = await probe_opcua(plc.endpoint, OBJECTS, authentication, Limits(), NO_KEYS)
        assert found.properties


async def test_a_server_that_only_talks_encrypted_is_told_so(tmp_path: Path) -> None:
    from asyncua.crypto.cert_gen import setup_self_signed_certificate
    from asyncua.server.server import Server
    from cryptography.x509.oid import ExtendedKeyUsageOID

    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.der"
    await setup_self_signed_certificate(
        key, certificate, "urn:test", "localhost", [ExtendedKeyUsageOID.SERVER_AUTH], {"countryName": "DE"}
    )
    await server.load_certificate(str(certificate))
    await server.load_private_key(str(key))
    server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
    async with server:
        assert server.bserver is not None
        with pytest.raises(TwinOverlayError) as refused:
            await probe_opcua(f"opc.tcp://127.0.0.1:{server.bserver.port}", OBJECTS, None, Limits(), NO_KEYS)
    assert refused.value.code == "SECURITY_NOT_OFFERED"
