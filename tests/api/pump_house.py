"""A pump house with redundancy, for questions about outages: two pumps from one well into a header, a panel that feeds
both and the controller, a town behind, with behaviors, an interlock and overlays inside one another."""

from typing import Any

from app.model.definitions import Kind

ENDPOINT = "opc.tcp://127.0.0.1:4840"


def _device(twin_id: str, *properties: str) -> dict[str, Any]:
    nodes = {name: {"node_id": f"ns=2;s={twin_id}.{name}"} for name in properties}
    return {"protocol": "opc-ua", "endpoint": ENDPOINT, "mapping": {"properties": nodes}}


def _edge(name: str, target: str, relationship_type: str, group: str | None = None) -> dict[str, Any]:
    edge = {"name": name, "target_twin_id": target, "relationship_type": relationship_type}
    return edge if group is None else {**edge, "group": group}


def _alert(severity: str, message: str) -> dict[str, Any]:
    return {"type": "alert", "severity": severity, "message": message}


DOCUMENTS: list[tuple[Kind, dict[str, Any]]] = [
    ("relationship_type", {"relationship_type": "pipe", "impact": "both"}),
    ("twin_type", {"type_id": "part"}),
    (
        "twin_type",
        {
            "type_id": "house_pump",
            "properties": [{"name": "flow", "data_type": "float"}, {"name": "heat", "data_type": "float"}],
            "methods": [{"name": "stop"}],
            "behaviors": [{"name": "hot", "conditions": ["heat > 80.0"], "actions": [_alert("warning", "Hot")]}],
        },
    ),
    ("twin_type", {"type_id": "gauge", "kind": "sensor", "properties": [{"name": "level", "data_type": "float"}]}),
    ("twin", {"twin_id": "well", "twin_type": "part", "relationships": [
        _edge("suction_1", "p1", "physical_connection"), _edge("suction_2", "p2", "physical_connection")]}),
    ("twin", {"twin_id": "panel", "twin_type": "part", "relationships": [
        _edge("feeds_1", "p1", "physical_connection", "power"),
        _edge("feeds_2", "p2", "physical_connection", "power"),
        _edge("feeds_plc", "plc", "physical_connection", "power")]}),
    ("twin", {"twin_id": "plc", "twin_type": "part", "relationships": [_edge("runs", "p1", "control")]}),
    ("twin", {"twin_id": "p1", "twin_type": "house_pump", "connectivity": _device("p1", "flow", "heat"),
              "relationships": [_edge("lifts", "header", "physical_connection")]}),
    ("twin", {"twin_id": "p2", "twin_type": "house_pump", "connectivity": _device("p2", "flow", "heat"),
              "relationships": [_edge("lifts", "header", "physical_connection")]}),
    ("twin", {"twin_id": "header", "twin_type": "part", "relationships": [_edge("main", "j1", "physical_connection")]}),
    ("twin", {"twin_id": "j1", "twin_type": "part", "relationships": [_edge("street", "j2", "pipe")]}),
    ("twin", {"twin_id": "j2", "twin_type": "part"}),
    ("twin", {"twin_id": "gauge_1", "twin_type": "gauge", "connectivity": _device("gauge_1", "level"),
              "relationships": [_edge("watches", "well", "monitoring")]}),
    (
        "overlay_type",
        {
            "type_id": "station",
            "twin_roles": [
                {"role": "duty", "twin_type": "house_pump"},
                {"role": "standby", "twin_type": "house_pump", "required": False},
                {"role": "gauge", "twin_type": "gauge"},
            ],
            "behaviors": [
                {
                    "name": "dry",
                    "conditions": ["gauge.level < 1.0"],
                    "actions": [_alert("critical", "The well is dry"),
                                {"type": "method_call", "role": "duty", "method": "stop"}],
                },
                {"name": "weak", "conditions": ["duty.flow + standby.flow < 5.0"],
                 "actions": [_alert("error", "Weak")]},
            ],
            "interlocks": [{"name": "no_stop", "role": "duty", "method": "stop", "while": "standby.heat > 90.0"}],
        },
    ),
    ("overlay_type", {"type_id": "town", "twin_roles": [{"role": "water", "overlay_type": "station"}]}),
    ("overlay", {"overlay_id": "house", "overlay_type": "station", "twins": [
        {"twin_id": "p1", "role": "duty"}, {"twin_id": "p2", "role": "standby"},
        {"twin_id": "gauge_1", "role": "gauge"}]}),
    ("overlay", {"overlay_id": "village", "overlay_type": "town", "twins": [
        {"overlay_id": "house", "role": "water"}]}),
]  # fmt: skip
