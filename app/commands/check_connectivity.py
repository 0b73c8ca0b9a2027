"""A twin's connectivity against its properties, methods and events, and the form of the addresses in it.

Whether anybody answers at an address is the connector's to find out; here it only has to be one.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.commands.check_units import check_device_unit
from app.commands.findings import Findings
from app.commands.pointers import is_pointer, pointer, shown
from app.model.catalogue import Capabilities
from app.model.connectivity import PLACEHOLDER, Template, unknown_placeholders
from app.model.definitions import ConnectivityPart, EventMapping, MethodMapping, PropertyMapping, Protocol

_NODE_ID = re.compile(
    r"(svr=\d+;)?(ns=\d{1,5};|nsu=[^;]+;)?"
    r"(i=\d{1,10}|s=.+|b=[A-Za-z0-9+/]+=*|g=[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})",
    re.DOTALL,
)
_SCHEMES = {"opc-ua": ("opc.tcp",), "mqtt": ("mqtt", "mqtts")}
_EXAMPLES = {"opc-ua": "opc.tcp://plc1.factory.local:4840", "mqtt": "mqtt://broker.factory.local:1883"}
_MAX_TOPIC_BYTES = 65_535

Mapped = PropertyMapping | MethodMapping | EventMapping


def check_template(template: Template, capabilities: Capabilities, what: str, findings: Findings) -> None:
    """What a twin type gives its twins, with their ids in it."""
    for where, placeholder in unknown_placeholders(template.part):
        message = f"there is no placeholder {shown(placeholder)}"
        hint = f"write {PLACEHOLDER}, or double the braces that are meant as such"
        findings.fault("UNKNOWN_PLACEHOLDER", message, pointer(("connectivity", *where)), hint)
    check_connectivity(template.filled("twin"), capabilities, what, findings)


def check_complete(part: ConnectivityPart, findings: Findings) -> None:
    """A twin can't be connected by half."""
    for field in ("protocol", "endpoint"):
        if getattr(part, field) is None:
            message = f"'{field}' is missing: neither the twin nor its type has it"
            findings.fault("MISSING_FIELD", message, f"/connectivity/{field}", f"add '{field}'")


def check_connectivity(
    connectivity: ConnectivityPart, capabilities: Capabilities, what: str, findings: Findings
) -> None:
    """`what` is `twin 'pump_123'`."""
    if connectivity.protocol is not None and connectivity.endpoint is not None:
        _check_endpoint(connectivity.protocol, connectivity.endpoint, findings)
    if connectivity.node_id is not None:
        _check_node_id(connectivity.node_id, "/connectivity/node_id", findings)
    if connectivity.availability is not None:
        _check_topic(connectivity.availability.topic, "/connectivity/availability/topic", False, findings)
    mapping = connectivity.mapping
    parts: tuple[tuple[str, str, Mapping[str, Mapped], Mapping[str, object]], ...] = (
        ("property", "properties", mapping.properties, capabilities.properties),
        ("method", "methods", mapping.methods, capabilities.methods),
        ("event", "events", mapping.events, capabilities.events),
    )
    for name, part, mapped, known in parts:
        for key, item in mapped.items():
            path = pointer(("connectivity", "mapping", part, key))
            if key not in known:
                findings.unknown(name, key, f"in {what}", path, known)
            elif isinstance(item, PropertyMapping) and (expression := capabilities.properties[key].computed):
                message = f"'{key}' is computed from {shown(expression)}, so no device can feed it"
                findings.fault("COMPUTED_MAPPED", message, path, "leave the mapping out, or 'computed'")
            _check_mapped(connectivity.protocol, item, path, findings)
            if isinstance(item, PropertyMapping) and item.unit is not None and key in capabilities.properties:
                check_device_unit(item.unit, capabilities.properties[key], f"{path}/unit", findings)
            if isinstance(item, MethodMapping) and item.units and key in capabilities.methods:
                parameters = {parameter.name: parameter for parameter in capabilities.methods[key].parameters}
                for parameter, unit in item.units.items():
                    where = pointer(("connectivity", "mapping", part, key, "units", parameter))
                    if parameter not in parameters:
                        findings.unknown("parameter", parameter, f"of method '{key}'", where, parameters)
                    else:
                        check_device_unit(unit, parameters[parameter], where, findings)


def _check_mapped(protocol: Protocol | None, item: Mapped, path: str, findings: Findings) -> None:
    field = "node_id" if protocol == "opc-ua" else "topic"
    if protocol is not None and getattr(item, field) is None:
        findings.fault(
            "MISSING_FIELD", f"'{field}' is missing: {protocol} needs it", f"{path}/{field}", f"add '{field}'"
        )
    if item.node_id is not None:
        _check_node_id(item.node_id, f"{path}/node_id", findings)
    if item.topic is not None:
        _check_topic(item.topic, f"{path}/topic", isinstance(item, MethodMapping), findings)
    if isinstance(item, PropertyMapping) and item.write_topic is not None:
        _check_topic(item.write_topic, f"{path}/write_topic", True, findings)
    for field in ("pointer", "timestamp_pointer", "quality_pointer"):
        text = getattr(item, field, None)
        if text is not None and not is_pointer(text):
            findings.fault(
                "BAD_POINTER", f"{shown(text)} is no JSON pointer", f"{path}/{field}", "write it like /values/0/flow"
            )


def _check_endpoint(protocol: Protocol, endpoint: str, findings: Findings) -> None:
    if not _is_endpoint(endpoint, _SCHEMES[protocol]):
        findings.fault(
            "BAD_ENDPOINT",
            f"{shown(endpoint)} is no {protocol} address",
            "/connectivity/endpoint",
            f"write it like {_EXAMPLES[protocol]}",
        )


def _is_endpoint(text: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and text.isprintable()
    except ValueError:  # a port that is no number, a broken IPv6 address
        return False


def _check_node_id(text: str, path: str, findings: Findings) -> None:
    if _NODE_ID.fullmatch(text) is None:
        findings.fault("BAD_NODE_ID", f"{shown(text)} is no OPC UA node id", path, "write it like ns=2;s=Pump123.Speed")


def _check_topic(text: str, path: str, published: bool, findings: Findings) -> None:
    """`published`: we send there, so it is one topic and no filter."""
    wrong = ""
    if not text or len(text.encode()) > _MAX_TOPIC_BYTES:
        wrong = "is empty or too long"
    elif published and ("+" in text or "#" in text):
        wrong = "has a wildcard, and this one is published to"
    elif any(
        ("+" in level and level != "+") or ("#" in level and (level != "#" or not last))
        for level, last in _levels(text)
    ):
        wrong = "has a wildcard in a wrong place"
    if wrong:
        findings.fault("BAD_TOPIC", f"the MQTT topic {shown(text)} {wrong}", path, "write it like plant/pump_123/speed")


def _levels(topic: str) -> list[tuple[str, bool]]:
    levels = topic.split("/")
    return [(level, index == len(levels) - 1) for index, level in enumerate(levels)]
