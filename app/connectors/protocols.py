"""Which protocol has which connector: a new protocol is one file beside this one and one line here."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from app.connectors import mqtt_session, opcua_session
from app.connectors.keys import NO_KEYS, Keys
from app.connectors.mqtt import MqttConnector
from app.connectors.opcua import OpcUaConnector
from app.model.authentication import without_user
from app.model.connection import TwinConnection
from app.ports import Clock, Connector


@dataclass(frozen=True, slots=True)
class Group:
    """Twins that share one connection: protocol, endpoint, authentication and client id are the same."""

    name: str
    """Stable over restarts: it is how health, logs, readings and the broker's session know the connection."""
    protocol: str
    endpoint: str
    twins: tuple[TwinConnection, ...]


Factory = Callable[[Group, Clock, str], Connector]
"""(group, clock, installation)"""


def protocols(keys: Keys, connect_seconds: float = 5.0, read_back_seconds: float = 60.0) -> Mapping[str, Factory]:
    """By the name that definitions give them. `connect_seconds` is how long a try to connect may take, and
    `read_back_seconds` how often OPC UA's values are compared with what was told."""
    of_opcua = opcua_session.Timing(connect_seconds=connect_seconds, read_back_seconds=read_back_seconds)
    of_mqtt = mqtt_session.Timing(connect_seconds=connect_seconds)

    def opcua(group: Group, clock: Clock, installation: str) -> Connector:
        return OpcUaConnector(group.name, group.endpoint, group.twins, clock=clock, keys=keys, timing=of_opcua)

    def mqtt(group: Group, clock: Clock, installation: str) -> Connector:
        client_id = group.twins[0].address.client_id or _client_id(installation, group.name)
        return MqttConnector(
            group.name, group.endpoint, group.twins, client_id=client_id, clock=clock, keys=keys, timing=of_mqtt
        )

    return {"opc-ua": opcua, "mqtt": mqtt}


PROTOCOLS = protocols(NO_KEYS)


def _client_id(installation: str, name: str) -> str:
    """23 characters, the length that every MQTT 3.1.1 broker takes."""
    return "to-" + hashlib.sha256(f"{installation}\n{name}".encode()).hexdigest()[:20]


def grouped(twins: Iterable[TwinConnection]) -> dict[str, Group]:
    """By the group's name; twins in the order of their ids, so that equal sets make equal groups."""
    found: dict[str, list[TwinConnection]] = {}
    for twin in twins:
        found.setdefault(group_name(twin), []).append(twin)
    return {name: group_of(name, members) for name, members in found.items()}


def group_of(name: str, twins: Iterable[TwinConnection]) -> Group:
    """Of all twins of that name."""
    members = tuple(sorted(twins, key=lambda twin: twin.twin_id))
    return Group(name, members[0].address.protocol, members[0].address.endpoint, members)


def paths_by_group(twin: TwinConnection) -> dict[str, TwinConnection]:
    """The preferred path first. Two over one connection would be one path: the first of them counts."""
    found: dict[str, TwinConnection] = {}
    for path in (twin, *twin.fallbacks):
        found.setdefault(group_name(path), path)
    return found


def group_name(twin: TwinConnection) -> str:
    """`mqtt mqtt://127.0.0.1:1883`, with `#` and a digest where authentication or client id tell it from another."""
    where = twin.address
    own = [
        where.authentication,
        where.client_id,
        "" if without_user(where.endpoint) == where.endpoint else where.endpoint,
    ]
    digest = "#" + hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()[:6] if any(own) else ""
    return f"{where.protocol} {without_user(where.endpoint)}{digest}"
