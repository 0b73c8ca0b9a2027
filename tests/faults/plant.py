"""The plant of the fault scripts: counters on MQTT whose level goes up and down, with an alert while it is high.

What must have been decided follows from the numbers alone (publisher.py): how often each alert was raised and cleared
is a matter of arithmetic, whatever was killed meanwhile.
"""

from collections.abc import Sequence
from typing import Any

TYPE = "counter"
HIGH = "high"
"""The behavior, and the code of its alert."""

SAVE = """
mutation Save($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }
"""


def twin_ids(count: int) -> list[str]:
    return [f"counter_{number:03}" for number in range(count)]


def topic(twin_id: str) -> str:
    return f"plant/{twin_id}"


def documents(endpoint: str, twins: Sequence[str]) -> list[dict[str, Any]]:
    """As `saveDefinitions` takes them."""
    mapped = {name: {"topic": topic("{twin_id}"), "pointer": f"/{name}", "qos": 1} for name in ("n", "level")}
    counter = {
        "type_id": TYPE,
        "properties": [{"name": "n", "data_type": "integer"}, {"name": "level", "data_type": "float"}],
        "connectivity": {
            "protocol": "mqtt",
            "endpoint": endpoint,
            "mapping": {"properties": mapped},
        },
        "behaviors": [
            {
                "name": HIGH,
                "conditions": ["level > 50"],
                "actions": [{"type": "alert", "severity": "warning", "message": "the level is high", "code": HIGH}],
            }
        ],
    }
    return [
        {"kind": "TWIN_TYPE", "document": counter},
        *({"kind": "TWIN", "document": {"twin_id": twin_id, "twin_type": TYPE}} for twin_id in twins),
    ]
