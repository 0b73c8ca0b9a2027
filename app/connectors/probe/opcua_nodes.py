"""Nodes that a probe met, described: types, values, units, ranges and arguments, read in batches."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.ua_utils import data_type_to_variant_type
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

from app.connectors.decode import Unusable
from app.connectors.opcua_events import EventTypes
from app.connectors.opcua_session import FAILURES, Session, is_good
from app.connectors.opcua_values import plain_variant, status_name
from app.connectors.probe.found import FoundEvent, FoundMethod, FoundParameter, FoundProperty
from app.model.definitions import Access, DataType

_INTEGERS = ["SByte", "Byte", "Int16", "UInt16", "Int32", "UInt32", "Int64", "UInt64"]
_DATA_TYPES: Mapping[ua.VariantType, DataType] = {
    ua.VariantType.Double: "float",
    ua.VariantType.Float: "float",
    **{ua.VariantType[name]: "integer" for name in _INTEGERS},
    ua.VariantType.Boolean: "boolean",
    ua.VariantType.String: "string",
    ua.VariantType.LocalizedText: "string",
    ua.VariantType.Guid: "string",
    ua.VariantType.DateTime: "datetime",
}
_READ, _WRITE = 1, 2
"""Bits of an access level."""
_WIDEST = 60


@dataclass(slots=True)
class MetVariable:
    node: ua.NodeId
    name: str
    owner: tuple[str, ...]
    telling: dict[str, ua.NodeId] = field(default_factory=dict)
    """Its properties that say how to read it, by name."""


@dataclass(slots=True)
class MetMethod:
    node: ua.NodeId
    name: str
    owner: tuple[str, ...]
    arguments: dict[str, ua.NodeId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Type:
    data_type: DataType | None
    name: str
    enum_values: tuple[str, ...] = ()


class Describing:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._types: dict[ua.NodeId, _Type] = {}

    async def properties(self, variables: Sequence[MetVariable]) -> list[FoundProperty]:
        nodes = [item.node for item in variables]
        values = await self._session.read(nodes)
        types = await self._session.read(nodes, AttributeIds.DataType)
        ranks = await self._session.read(nodes, AttributeIds.ValueRank)
        levels = await self._session.read(nodes, AttributeIds.UserAccessLevel)
        telling = [(item.node, name, node) for item in variables for name, node in item.telling.items()]
        told: dict[ua.NodeId, dict[str, Any]] = {}
        for (owner, name, _), data in zip(
            telling, await self._session.read([node for *_, node in telling]), strict=True
        ):
            told.setdefault(owner, {})[name] = _value(data)
        return [
            _property(item, value, await self._type(_value(kind)), _value(rank), _value(level), told.get(item.node, {}))
            for item, value, kind, rank, level in zip(variables, values, types, ranks, levels, strict=True)
        ]

    async def methods(self, methods: Sequence[MetMethod]) -> list[FoundMethod]:
        wanted = [(index, name, node) for index, item in enumerate(methods) for name, node in item.arguments.items()]
        arguments: dict[tuple[int, str], list[ua.Argument]] = {}
        for (index, name, _), data in zip(wanted, await self._session.read([node for *_, node in wanted]), strict=True):
            arguments[(index, name)] = _value(data) or []
        return [
            FoundMethod(
                item.name,
                item.owner,
                {"node_id": item.node.to_string()},
                await self._parameters(arguments.get((index, "InputArguments"), [])),
                await self._parameters(arguments.get((index, "OutputArguments"), [])),
            )
            for index, item in enumerate(methods)
        ]

    async def events(
        self, events: Mapping[tuple[ua.NodeId, ua.NodeId], tuple[str, tuple[str, ...]]]
    ) -> list[FoundEvent]:
        known = EventTypes(self._session)
        found: list[FoundEvent] = []
        for (_, kind), (name, owner) in events.items():
            if kind.NamespaceIndex == 0:
                continue  # a base type, which says nothing of the device
            fields = await self._fields(await known.fields_of(kind))
            found.append(FoundEvent(name, owner, {"node_id": kind.to_string()}, fields))
        return found

    async def _fields(self, fields: Sequence[tuple[ua.NodeId, ua.QualifiedName]]) -> tuple[FoundParameter, ...]:
        found: list[FoundParameter] = []
        for owner, name in fields:
            references = await Node(self._session.requests, owner).get_references(
                ObjectIds.HasProperty, ua.BrowseDirection.Forward, ua.NodeClass.Variable
            )
            nodes = [item.NodeId for item in references if item.BrowseName == name]
            if nodes:
                (kind,) = await self._session.read(nodes[:1], AttributeIds.DataType)
                described = await self._type(_value(kind))
                found.append(FoundParameter(str(name.Name), described.data_type, described.name))
        return tuple(found)

    async def _parameters(self, arguments: Sequence[ua.Argument]) -> tuple[FoundParameter, ...]:
        found: list[FoundParameter] = []
        for argument in arguments:
            described = await self._type(argument.DataType)
            if argument.ValueRank >= 0:
                data_type, items = _array(described, argument.ValueRank)
                found.append(FoundParameter(str(argument.Name), data_type, f"array of {described.name}", items))
            else:
                found.append(FoundParameter(str(argument.Name), described.data_type, described.name))
        return tuple(found)

    async def _type(self, node: Any) -> _Type:
        if not isinstance(node, ua.NodeId):
            return _Type(None, "unknown")
        if node not in self._types:
            self._types[node] = await self._described(node)
        return self._types[node]

    async def _described(self, node: ua.NodeId) -> _Type:
        (data,) = await self._session.read([node], AttributeIds.BrowseName)
        named = _value(data)
        name = str(named.Name) if isinstance(named, ua.QualifiedName) else node.to_string()
        try:
            kind = await data_type_to_variant_type(Node(self._session.requests, node))
        except FAILURES:
            return _Type(None, name)
        values: tuple[str, ...] = ()
        if kind == ua.VariantType.Int32 and node != ua.NodeId(ua.Int32(ObjectIds.Int32)):
            references = await Node(self._session.requests, node).get_references(
                ObjectIds.HasProperty, ua.BrowseDirection.Forward, ua.NodeClass.Variable
            )
            listed = [item for item in references if item.BrowseName.Name in ("EnumStrings", "EnumValues")]
            if listed:
                (data,) = await self._session.read([listed[0].NodeId])
                values = _enum_values(_value(data))
        return _Type("enum" if values else _DATA_TYPES.get(kind), name, values)


def _value(data: ua.DataValue) -> Any:
    return data.Value.Value if is_good(data) and data.Value is not None else None


def _property(
    item: MetVariable, data: ua.DataValue, kind: _Type, rank: Any, level: Any, told: Mapping[str, Any]
) -> FoundProperty:
    is_array = isinstance(_value(data), list) or (isinstance(rank, int) and rank >= 0)
    array, items = _array(kind, rank) if is_array else (None, None)
    values = kind.enum_values or _enum_values(told.get("EnumStrings") or told.get("EnumValues"))
    data_type = "enum" if values and kind.data_type in ("integer", "enum") else kind.data_type
    low, high = _range(told.get("EURange")) if data_type in ("float", "integer") else (None, None)
    return FoundProperty(
        item.name,
        item.owner,
        {"node_id": item.node.to_string()},
        array if is_array else data_type,
        f"array of {kind.name}" if is_array else kind.name,
        _shown(data, values if data_type == "enum" else ()),
        _unit(told.get("EngineeringUnits")),
        low,
        high,
        values if data_type == "enum" else (),
        items,
        _access(level),
    )


def _array(kind: _Type, rank: Any) -> tuple[DataType | None, DataType | None]:
    """Of one dimension and of plain values; anything else can't be a property yet."""
    plain = kind.data_type not in (None, "enum") and rank in (1, 0, -1, -2, -3)
    return ("array", kind.data_type) if plain else (None, None)


def _enum_values(value: Any) -> tuple[str, ...]:
    """Empty where they don't count from 0 without a gap, as a value's index must."""
    items = value if isinstance(value, list) else []
    if items and all(isinstance(item, ua.EnumValueType) for item in items):
        ordered = sorted(items, key=lambda item: int(item.Value))
        if [int(item.Value) for item in ordered] != list(range(len(ordered))):
            return ()
        items = [item.DisplayName for item in ordered]
    names = [item.Text or "" for item in items if isinstance(item, ua.LocalizedText)]
    return tuple(names) if len(names) == len(items) == len(set(names)) and all(names) else ()


def _range(value: Any) -> tuple[float | None, float | None]:
    low, high = getattr(value, "Low", None), getattr(value, "High", None)
    if isinstance(low, float) and isinstance(high, float) and math.isfinite(low) and math.isfinite(high) and low < high:
        return low, high
    return None, None


def _unit(value: Any) -> str | None:
    shown = getattr(getattr(value, "DisplayName", None), "Text", None)
    return shown.strip() or None if isinstance(shown, str) else None


def _access(level: Any) -> Access | None:
    bits = int(level) if isinstance(level, int) else _READ
    match bool(bits & _READ), bool(bits & _WRITE):
        case True, True:
            return "read-write"
        case True, False:
            return "read"
        case False, True:
            return "write"
    return None


def _shown(data: ua.DataValue, values: Sequence[str]) -> str:
    if not is_good(data):
        return status_name(int(data.StatusCode.value)) if data.StatusCode is not None else ""
    try:
        plain = plain_variant(data.Value)
    except Unusable:
        return f"({type(_value(data)).__name__})"
    if isinstance(plain, int) and not isinstance(plain, bool) and 0 <= plain < len(values):
        return f"{plain} ({values[plain]})"
    text = "" if plain is None else str(plain)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
