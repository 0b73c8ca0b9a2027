"""The demo's own definitions: twin types and twins as JSON documents, addressed to wherever the plant is listening.

The files under definitions/ are ordinary documents. The plant takes free ports, so its addresses are known only once it
runs, and are put into the place of the usual ones that the files name.
"""

import json
from importlib.resources import files
from typing import Any

from app.model.definitions import Kind

_OPCUA = "opc.tcp://127.0.0.1:4840"
_MQTT = "mqtt://127.0.0.1:1883"


def load_documents(opcua_endpoint: str, mqtt_endpoint: str) -> list[tuple[Kind, dict[str, Any]]]:
    """Every document with its kind, the types before the twins that need them; each in order of file name."""
    types: list[tuple[Kind, dict[str, Any]]] = []
    twins: list[tuple[Kind, dict[str, Any]]] = []
    folder = files("app.demo") / "definitions"
    for file in sorted(folder.iterdir(), key=lambda item: item.name):
        text = file.read_text(encoding="utf-8")
        document = json.loads(text.replace(_OPCUA, opcua_endpoint).replace(_MQTT, mqtt_endpoint))
        if "type_id" in document:
            types.append(("twin_type", document))
        else:
            twins.append(("twin", document))
    return types + twins
