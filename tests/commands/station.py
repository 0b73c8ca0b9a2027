"""A small pumping station in documents: two pumps, a valve and a sensor, bound by an overlay type."""

from typing import Any

from app.model.definitions import Kind

Documents = list[tuple[Kind, dict[str, Any]]]


def pump_type(**changes: Any) -> dict[str, Any]:
    return {
        "type_id": "pump",
        "properties": [
            {"name": "status", "data_type": "enum", "enum_values": ["off", "running", "fault"]},
            {"name": "temperature", "data_type": "float", "unit": "celsius", "min_value": -20.0, "max_value": 100.0},
            {"name": "speed", "data_type": "float", "unit": "rpm", "access": "read-write", "max_value": 3000.0},
            {"name": "note", "data_type": "string", "access": "read-write"},
            {"name": "starts", "data_type": "integer", "access": "read-write", "min_value": 0.0},
        ],
        "methods": [
            {"name": "start", "return_type": "boolean"},
            {"name": "stop", "return_type": "boolean", "idempotent": True},
            {
                "name": "set_speed",
                "parameters": [
                    {"name": "speed", "data_type": "float", "min_value": 0.0, "max_value": 3000.0},
                    {"name": "ramp", "data_type": "enum", "enum_values": ["slow", "fast"]},
                ],
            },
        ],
        "events": [{"name": "fault_occurred"}],
        "behaviors": [
            {
                "name": "hot",
                "conditions": ["status == 'running'", "temperature >= 90.0"],
                "actions": [
                    {"type": "alert", "severity": "critical", "message": "hot"},
                    {"type": "method_call", "method": "stop"},
                ],
            }
        ],
        **changes,
    }


def valve_type() -> dict[str, Any]:
    return {
        "type_id": "valve",
        "properties": [{"name": "position", "data_type": "float", "access": "read-write", "min_value": 0.0}],
    }


def station_type(**changes: Any) -> dict[str, Any]:
    return {
        "type_id": "station",
        "twin_roles": [
            {"role": "main", "twin_type": "pump"},
            {"role": "spare", "twin_type": "pump", "required": False},
            {"role": "outlet", "twin_type": "valve"},
        ],
        "relationship_types": [
            {
                "name": "flow",
                "source_role": "main",
                "target_role": "outlet",
                "relationship_type": "physical_connection",
            },
            {
                "name": "spare_flow",
                "source_role": "spare",
                "target_role": "outlet",
                "relationship_type": "physical_connection",
                "required": False,
            },
        ],
        "behaviors": [
            {
                "name": "failure",
                "description": "the main pump failed",
                "conditions": ["main.status == 'fault'", "spare != null", "spare.status != 'running'"],
                "actions": [
                    {"type": "alert", "severity": "warning", "message": "failed"},
                    {"type": "method_call", "role": "spare", "method": "start"},
                    {"type": "property_write", "role": "outlet", "property": "position", "value": 100},
                ],
            }
        ],
        **changes,
    }


def station(**changes: Any) -> dict[str, Any]:
    return {
        "overlay_id": "north",
        "overlay_type": "station",
        "twins": [
            {"twin_id": "p1", "role": "main"},
            {"twin_id": "p2", "role": "spare"},
            {"twin_id": "v1", "role": "outlet"},
        ],
        **changes,
    }


def twin(twin_id: str, twin_type: str = "pump", **changes: Any) -> dict[str, Any]:
    return {"twin_id": twin_id, "twin_type": twin_type, **changes}


def opc_ua(**properties: str) -> dict[str, Any]:
    return {
        "protocol": "opc-ua",
        "endpoint": "opc.tcp://plc1.factory.local:4840",
        "node_id": "ns=2;s=Pump",
        "mapping": {"properties": {name: {"node_id": node_id} for name, node_id in properties.items()}},
    }


def whole() -> Documents:
    """In an order in which everything is named before it is there."""
    return [
        ("overlay", station()),
        ("overlay_type", station_type()),
        ("twin", twin("p1", connectivity=opc_ua(status="ns=2;s=P1.Status", speed="ns=2;s=P1.Speed"))),
        ("twin", twin("p2")),
        ("twin", twin("v1", "valve")),
        ("twin_type", pump_type()),
        ("twin_type", valve_type()),
    ]
