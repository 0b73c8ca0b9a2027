"""A plant of pumps for the benches that load or start one: a type with seven properties, a behavior and a mapping.

Every pump takes all of it from its type, as twins of a real plant mostly do, and has the asset data that they have. No
broker answers at the type's endpoint: what is measured is the server, which gives such a connection its back-off.
"""

from collections.abc import Iterator
from typing import Any

from app.model.definitions import Kind

Documents = list[tuple[Kind, dict[str, Any]]]
ENDPOINT = "mqtt://127.0.0.1:9"
PROPERTIES: list[dict[str, Any]] = [
    {"name": "temperature", "data_type": "float", "unit": "celsius", "min_value": -20, "max_value": 120},
    {"name": "pressure", "data_type": "float", "unit": "bar", "min_value": 0, "max_value": 25},
    {"name": "flow_rate", "data_type": "float", "unit": "m3/h"},
    {"name": "speed", "data_type": "integer", "unit": "rpm", "access": "read-write"},
    {"name": "status", "data_type": "enum", "enum_values": ["running", "stopped", "fault"]},
    {"name": "running_hours", "data_type": "float", "unit": "h"},
    {"name": "service_due", "data_type": "boolean"},
]
CONDITIONS = {
    "hot": "temperature > 80 && status == 'running'",
    "starved": "pressure < 0.5 && status == 'running'",
    "worn": "service_due == true || running_hours > 8000",
}


def pump_type(behaviors: int = 1) -> tuple[Kind, dict[str, Any]]:
    """With so many behaviors, three at most."""
    mapping = {item["name"]: {"topic": f"plant/{{twin_id}}/{item['name']}"} for item in PROPERTIES}
    return "twin_type", {
        "type_id": "pump",
        "name": "Pump",
        "properties": PROPERTIES,
        "behaviors": [
            {
                "name": name,
                "conditions": [condition],
                "actions": [{"type": "alert", "severity": "warning", "message": f"the pump is {name}"}],
            }
            for name, condition in [*CONDITIONS.items()][:behaviors]
        ],
        "connectivity": {"protocol": "mqtt", "endpoint": ENDPOINT, "mapping": {"properties": mapping}},
    }


def station_type() -> tuple[Kind, dict[str, Any]]:
    roles = [{"role": "primary_pump", "twin_type": "pump"}, {"role": "backup_pump", "twin_type": "pump"}]
    behavior = {
        "name": "both_down",
        "conditions": ["primary_pump.status == 'fault' && backup_pump.status == 'fault'"],
        "actions": [{"type": "alert", "severity": "critical", "message": "no pump left"}],
    }
    return "overlay_type", {"type_id": "station", "twin_roles": roles, "behaviors": [behavior]}


def pumps(prefix: str, count: int) -> Documents:
    return [("twin", _pump(f"{prefix}_{number:06}", number)) for number in range(count)]


def stations(prefix: str, count: int) -> Documents:
    """Each of two of the pumps of that prefix."""
    return [
        (
            "overlay",
            {
                "overlay_id": f"station_{number:05}",
                "overlay_type": "station",
                "twins": [
                    {"role": "primary_pump", "twin_id": f"{prefix}_{2 * number:06}"},
                    {"role": "backup_pump", "twin_id": f"{prefix}_{2 * number + 1:06}"},
                ],
            },
        )
        for number in range(count)
    ]


def batches(documents: Documents, size: int) -> Iterator[Documents]:
    for start in range(0, len(documents), size):
        yield documents[start : start + size]


def _pump(id: str, number: int) -> dict[str, Any]:
    return {
        "twin_id": id,
        "twin_type": "pump",
        "description": "Feeds the cooling tower of its line",
        "manufacturer": "Acme Pumps",
        "model": f"CP-{number % 50}",
        "serial_number": f"SN{number * 7919 % 10_000_019:08}",
        "location": {"site": f"Site {number % 5}", "building": f"Building {number % 100}", "floor": number % 4},
        "metadata": {"tags": ["water", f"line_{number % 1000}"]},
    }
