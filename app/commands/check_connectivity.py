"""A twin's connectivity against its properties, methods and events, and the form of the addresses in it.

Whether anybody answers at an address is the connector's to find out; here it only has to be one.
"""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.commands.check_units import check_device_unit
from app.commands.findings import Findings
from app.commands.pointers import is_pointer, pointer, shown
from app.model.authentication import problems_of, warnings_of
from app.model.catalogue import Capabilities
from app.model.connectivity import PLACEHOLDER, Template, fallback_parts, same_protocol, unknown_placeholders
from app.model.definitions import (
    ConnectivityPart,
    EventMapping,
    FallbackPath,
    MethodMapping,
    PropertyMapping,
    Protocol,
)

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
    _check_path(connectivity, connectivity.protocol, "/connectivity", capabilities, what, findings)
    for index, fallback in enumerate(connectivity.fallbacks):
        protocol = fallback.protocol or connectivity.protocol
        _check_path(fallback, protocol, f"/connectivity/fallbacks/{index}", capabilities, what, findings)
    _check_fallbacks(connectivity, findings)
    if connectivity.heartbeat is not None and connectivity.heartbeat.property is not None:
        _check_heartbeat(connectivity, connectivity.heartbeat.property, capabilities, what, findings)


def _check_path(
    part: ConnectivityPart | FallbackPath,
    protocol: Protocol | None,
    at: str,
    capabilities: Capabilities,
    what: str,
    findings: Findings,
) -> None:
    """What it writes itself: what a fallback takes from the preferred path is looked at there."""
    if protocol is not None and part.endpoint is not None:
        _check_endpoint(protocol, part.endpoint, f"{at}/endpoint", findings)
    for problem in problems_of(part.authentication, protocol, part.endpoint):
        findings.fault(problem.code, problem.message, at + problem.path, problem.hint)
    for warning in warnings_of(part.authentication, protocol, part.endpoint):
        findings.warn(warning.code, warning.message, at + warning.path, warning.hint)
    if part.node_id is not None:
        _check_node_id(part.node_id, f"{at}/node_id", findings)
    if part.availability is not None:
        _check_topic(part.availability.topic, f"{at}/availability/topic", False, findings)
    mapping = part.mapping
    sections: tuple[tuple[str, str, Mapping[str, Mapped], Mapping[str, object]], ...] = (
        ("property", "properties", mapping.properties, capabilities.properties),
        ("method", "methods", mapping.methods, capabilities.methods),
        ("event", "events", mapping.events, capabilities.events),
    )
    for name, section, mapped, known in sections:
        for key, item in mapped.items():
            path = at + pointer(("mapping", section, key))
            if key not in known:
                findings.unknown(name, key, f"in {what}", path, known)
            elif isinstance(item, PropertyMapping) and (expression := capabilities.properties[key].computed):
                message = f"'{key}' is computed from {shown(expression)}, so no device can feed it"
                findings.fault("COMPUTED_MAPPED", message, path, "leave the mapping out, or 'computed'")
            _check_mapped(protocol, item, path, findings)
            if isinstance(item, PropertyMapping) and item.unit is not None and key in capabilities.properties:
                check_device_unit(item.unit, capabilities.properties[key], f"{path}/unit", findings)
            if isinstance(item, MethodMapping) and item.units and key in capabilities.methods:
                parameters = {parameter.name: parameter for parameter in capabilities.methods[key].parameters}
                for parameter, unit in item.units.items():
                    where = path + pointer(("units", parameter))
                    if parameter not in parameters:
                        findings.unknown("parameter", parameter, f"of method '{key}'", where, parameters)
                    else:
                        check_device_unit(unit, parameters[parameter], where, findings)


def _check_fallbacks(connectivity: ConnectivityPart, findings: Findings) -> None:
    """Each is another way to the device, and one that something comes by."""
    seen = [_connection(connectivity)]
    for index, (written, part) in enumerate(zip(connectivity.fallbacks, fallback_parts(connectivity), strict=True)):
        at = f"/connectivity/fallbacks/{index}"
        if (connection := _connection(part)) in seen:
            before = "the preferred path" if seen.index(connection) == 0 else f"fallback {seen.index(connection) - 1}"
            message = f"{shown(written.endpoint)} is the connection of {before} already"
            findings.fault("SAME_PATH", message, f"{at}/endpoint", "give another endpoint, or leave the fallback out")
        seen.append(connection)
        if written.authentication is None:
            _check_taken_over(connectivity, part, f"{at}/endpoint", findings)
        mapping = written.mapping
        if not same_protocol(connectivity, written) and not (mapping.properties or mapping.methods or mapping.events):
            message = f"the fallback speaks {written.protocol} and says of nothing where it is there"
            findings.fault(
                "MISSING_FIELD", message, f"{at}/mapping", "add 'mapping': it takes none from another protocol"
            )


def _check_taken_over(preferred: ConnectivityPart, part: ConnectivityPart, path: str, findings: Findings) -> None:
    """The preferred path's authentication may be wrong with another endpoint."""
    known = {item.code for item in problems_of(preferred.authentication, preferred.protocol, preferred.endpoint)}
    for problem in problems_of(part.authentication, part.protocol, part.endpoint):
        if problem.code not in known and problem.path.startswith("/authentication"):
            findings.fault(problem.code, problem.message, path, problem.hint)


def _connection(part: ConnectivityPart) -> tuple[object, ...]:
    return part.protocol, part.endpoint, part.authentication, part.client_id


def _check_heartbeat(
    connectivity: ConnectivityPart, name: str, capabilities: Capabilities, what: str, findings: Findings
) -> None:
    path = "/connectivity/heartbeat/property"
    if name not in capabilities.properties:
        findings.unknown("property", name, f"in {what}", path, capabilities.properties)
    elif connectivity.endpoint is not None and name not in connectivity.mapping.properties:
        message = f"'{name}' is not in the mapping, so nothing would ever be heard of it"
        findings.fault("HEARTBEAT_NOT_MAPPED", message, path, "map it, or leave 'property' out: anything counts then")


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


def _check_endpoint(protocol: Protocol, endpoint: str, path: str, findings: Findings) -> None:
    if not _is_endpoint(endpoint, _SCHEMES[protocol]):
        findings.fault(
            "BAD_ENDPOINT",
            f"{shown(endpoint)} is no {protocol} address",
            path,
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
