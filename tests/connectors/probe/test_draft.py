"""What was found, as documents: names, placeholders, namespaces, units, and what could not be matched."""

from typing import Any

import pytest

from app.commands.documents import definition_of
from app.connectors.probe.draft import Draft, Existing, draft
from app.connectors.probe.found import Found, FoundAvailability, FoundMethod, FoundParameter, FoundProperty
from app.errors import Invalid, NotFound

URIS = ("http://opcfoundation.org/UA/", "urn:server", "urn:pumps", "urn:other")


def _variable(node: str, *owner: str, data_type: Any = "float", **more: Any) -> FoundProperty:
    name = more.pop("name", node.rpartition(".")[2])
    return FoundProperty(name, owner, {"node_id": node}, data_type, "Double", "1", **more)


def _topic(topic: str, pointer: str | None = None, **more: Any) -> FoundProperty:
    levels = topic.split("/")
    mapping = {"topic": topic, "qos": 1} | ({"pointer": pointer} if pointer is not None else {})
    name, owner = (levels[-1], levels[:-1]) if pointer is None else (pointer[1:], levels)
    return FoundProperty(name, tuple(owner), mapping, "float", "number", "1", **more)


def _opcua(*properties: FoundProperty, **more: Any) -> Found:
    return Found("opc-ua", "opc.tcp://plc:4840", list(properties), namespaces=URIS, **more)


def _mqtt(*properties: FoundProperty, **more: Any) -> Found:
    return Found("mqtt", "mqtt://broker:1883", list(properties), **more)


def _sound(made: Draft) -> list[dict[str, Any]]:
    for document in made.documents:
        definition_of("twin" if "twin_id" in document else "twin_type", document)
    return made.documents


def _existing(units: dict[str, str | None], **document: Any) -> Existing:
    properties = [{"name": name, "data_type": "float"} for name in units]
    return Existing({"type_id": "pump", "properties": properties, **document}, units, [], [])


def test_an_id_that_the_device_writes_as_it_is_becomes_the_placeholder() -> None:
    found = _opcua(
        _variable("ns=2;s=Pump1.FlowRate", "Pump1", unit="m3/h", minimum=0.0, maximum=9.0),
        _variable("ns=2;s=Pump12.FlowRate", "Pump12"),
        objects={("Pump1",): "ns=2;s=Pump1", ("Pump12",): "ns=2;s=Pump12"},
        methods=[
            FoundMethod(
                "SetSpeed",
                ("Pump1",),
                {"node_id": "ns=2;s=Pump1.SetSpeed"},
                (FoundParameter("Rpm", "float", "Double"), FoundParameter("", None, "Point")),
                (FoundParameter("ok", "boolean", "Boolean"),),
            )
        ],
    )
    made = draft(found, "pump", twin_id="Pump1", authentication={"type": "password", "username": "a{b"})
    kind, twin = _sound(made)
    assert twin == {"twin_id": "Pump1", "twin_type": "pump"}
    assert kind["properties"] == [
        {
            "name": "flow_rate",
            "data_type": "float",
            "unit": "m3/h",
            "min_value": 0.0,
            "max_value": 9.0,
            "access": "read",
        }
    ]
    assert kind["connectivity"] == {
        "protocol": "opc-ua",
        "endpoint": "opc.tcp://plc:4840",
        "namespace": "urn:pumps",
        "node_id": "ns=2;s={twin_id}",
        "authentication": {"type": "password", "username": "a{b"},
        "mapping": {
            "properties": {"flow_rate": {"node_id": "ns=2;s={twin_id}.FlowRate"}},
            "methods": {"set_speed": {"node_id": "ns=2;s={twin_id}.SetSpeed"}},
        },
    }
    [method] = kind["methods"]
    assert [item["name"] for item in method["parameters"]] == ["rpm", "parameter_2"]
    assert method["return_type"] == "boolean"
    assert any("Point" in note for note in made.notes)


@pytest.mark.parametrize("node", ["ns=2;s=Pump1.Speed", "ns=2;i=1005"])
def test_an_id_that_the_device_writes_otherwise_leaves_the_connectivity_to_the_twin(node: str) -> None:
    made = draft(_opcua(_variable(node, "Pump1", name="Speed")), "pump", twin_id="pump_1")
    kind, twin = _sound(made)
    assert "connectivity" not in kind
    assert twin["connectivity"]["mapping"]["properties"] == {"speed": {"node_id": node}}
    assert "'pump_1'" in made.notes[-1]


def test_a_node_of_another_namespace_is_named_by_its_own_uri() -> None:
    found = _opcua(
        _variable("ns=2;s=P.A"), _variable("ns=2;s=P.B"), _variable("ns=3;s=P.C"), _variable("i=2258", name="Time")
    )
    [kind] = _sound(draft(found, "pump"))
    mapped = kind["connectivity"]["mapping"]["properties"]
    assert kind["connectivity"]["namespace"] == "urn:pumps"
    assert mapped["c"] == {"node_id": "nsu=urn:other;s=P.C"}
    assert mapped["time"] == {"node_id": "i=2258"}


def test_names_are_short_where_they_are_one_things_and_long_where_not() -> None:
    found = _opcua(
        _variable("ns=2;s=a.Speed", "A"),
        _variable("ns=2;s=b.Speed", "B"),
        _variable("ns=2;s=c.Speed", "B"),
        _variable("ns=2;s=a.Mode", "A"),
        _variable("ns=2;s=x", name="温度"),
    )
    [kind] = _sound(draft(found, "both"))
    names = [item["name"] for item in kind["properties"]]
    assert names == ["a_speed", "b_speed", "b_speed_2", "mode", "unnamed"]


def test_braces_of_a_device_are_no_placeholders() -> None:
    [kind] = _sound(draft(_mqtt(_topic("plant/{x}/level")), "tank"))
    assert kind["connectivity"]["mapping"]["properties"]["level"]["topic"] == "plant/{{x}}/level"


def test_a_topic_of_the_twin_alone_is_its_value_and_its_availability_comes_along() -> None:
    availability = FoundAvailability(("p", "t-1"), "p/t-1/status", "up", "down")
    other = FoundAvailability(("p", "t-2"), "p/t-2/status", "up", "down")
    found = _mqtt(
        _topic("p/t-1"), _topic("p/t-1/level/value"), _topic("p/t-2/level/value"), availability=[other, availability]
    )
    kind, _ = _sound(draft(found, "tank", twin_id="t-1"))
    assert [item["name"] for item in kind["properties"]] == ["value", "level"]
    assert kind["connectivity"]["mapping"]["properties"]["level"]["topic"] == "p/{twin_id}/level/value"
    assert kind["connectivity"]["availability"] == {"topic": "p/{twin_id}/status", "online": "up", "offline": "down"}


def test_a_known_type_gets_what_matches_its_names_and_the_rest_is_told_on_both_sides() -> None:
    found = _opcua(
        _variable("ns=2;s=P1.FlowRate", "P1", unit="l/s"),
        _variable("ns=2;s=P1.TEMPERATURE", "P1", unit="bar"),
        _variable("ns=2;s=P1.Extra", "P1"),
        _variable("ns=2;s=P1.Curve", "P1", data_type=None),
    )
    existing = _existing({"flow_rate": "m3/h", "temperature": "celsius", "missing": None}, name="Pump")
    made = draft(
        found, "pump", twin_id="P1", existing=existing, twin={"twin_id": "P1", "twin_type": "pump", "model": "X"}
    )
    kind, twin = _sound(made)
    assert twin == {"twin_id": "P1", "twin_type": "pump", "model": "X"}
    assert kind["name"] == "Pump"
    assert kind["connectivity"]["mapping"]["properties"] == {
        "flow_rate": {"node_id": "ns=2;s={twin_id}.FlowRate", "unit": "l/s"},
        "temperature": {"node_id": "ns=2;s={twin_id}.TEMPERATURE"},
    }
    told = "\n".join(made.notes)
    assert "not found on the device: property 'missing'" in told
    assert "not in the type: property 'Extra' at ns=2;s=P1.Extra" in told
    assert "temperature: the device's unit can't be converted" in told
    assert "Curve" in told


def test_a_unit_that_nobody_knows_is_left_out_and_told() -> None:
    made = draft(_opcua(_variable("ns=2;s=P.A", unit="flurbs")), "pump")
    [kind] = _sound(made)
    assert "unit" not in kind["properties"][0]
    assert any("flurbs" in note for note in made.notes)


def test_a_list_of_the_device_is_an_array() -> None:
    [kind] = _sound(draft(_opcua(_variable("ns=2;s=P.Curve", data_type="array", items="float")), "pump"))
    assert kind["properties"] == [
        {"name": "curve", "data_type": "array", "items": {"data_type": "float"}, "access": "read"}
    ]


def test_nothing_to_map_and_an_unknown_twin_are_refused() -> None:
    with pytest.raises(Invalid) as nothing:
        draft(_opcua(_variable("ns=2;s=P.A", data_type=None)), "pump")
    assert nothing.value.code == "NOTHING_TO_MAP"
    with pytest.raises(NotFound) as nobody:
        draft(_opcua(_variable("ns=2;s=Pump1.A", "Pump1")), "pump", twin_id="Pmp1")
    assert (nobody.value.code, nobody.value.hint) == ("TWIN_NOT_FOUND", "did you mean 'Pump1'?")
