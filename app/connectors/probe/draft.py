"""What a probe found, as documents that can be applied: a new type, or the mapping of one that there is.

A twin's id goes into its type's connectivity as `{twin_id}` only where the device writes it exactly so, because it is
filled in exactly so. Where the device writes it otherwise (`Pump123` for pump_123), or numbers its nodes, the
connectivity is the twin's own.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from app.connectors.probe.found import Found, FoundEvent, FoundMethod, FoundParameter, FoundProperty, key
from app.errors import Invalid, NotFound
from app.model.connectivity import PLACEHOLDER
from app.model.names import to_snake
from app.model.units import NotConvertible, conversion, is_unit, suggestion

_GENERIC = frozenset({"value", "val", "v", "data", "payload"})
"""Names that say nothing: the level above is the name then."""
Item = TypeVar("Item", FoundProperty, FoundMethod, FoundEvent)


@dataclass(frozen=True, slots=True)
class Existing:
    """The type that a mapping is wanted for."""

    document: Mapping[str, Any]
    units: Mapping[str, str | None]
    """Of its properties by name, inherited ones included."""
    methods: Sequence[str]
    events: Sequence[str]


@dataclass(frozen=True, slots=True)
class Draft:
    documents: list[dict[str, Any]]
    notes: list[str]


def draft(
    found: Found,
    type_id: str,
    *,
    twin_id: str | None = None,
    existing: Existing | None = None,
    twin: Mapping[str, Any] | None = None,
    authentication: Mapping[str, Any] | None = None,
) -> Draft:
    """`twin`: the document that the twin has already. Raises NotFound (TWIN_NOT_FOUND) where nothing there is the
    twin's, Invalid (NOTHING_TO_MAP)."""
    notes: list[str] = []
    part = of_twin(found, twin_id) if twin_id is not None else found
    properties = _usable(_named([_plainly(item) for item in part.properties]), notes)
    methods, events = _named(part.methods), _named(part.events)
    document: dict[str, Any]
    if existing is None:
        document = {"type_id": type_id, "properties": [_property(*item, notes) for item in properties.items()]}
        if methods:
            document["methods"] = [_method(*item, notes) for item in methods.items()]
        if events:
            document["events"] = [_event(*item, notes) for item in events.items()]
        extra: dict[str, dict[str, Any]] = {}
    else:
        document = dict(existing.document)
        properties = _matched("property", properties, list(existing.units), notes)
        methods = _matched("method", methods, existing.methods, notes)
        events = _matched("event", events, existing.events, notes)
        extra = {name: _device_unit(name, item, existing.units[name], notes) for name, item in properties.items()}
    if not properties and not methods and not events:
        raise Invalid(
            f"nothing that was found at {found.endpoint} can be mapped",
            code="NOTHING_TO_MAP",
            hint="; ".join(notes[:3]) or "probe without --type to see what there is",
        )
    mapping = {
        "properties": {name: {**item.mapping, **extra.get(name, {})} for name, item in properties.items()},
        "methods": {name: dict(item.mapping) for name, item in methods.items()},
        "events": {name: dict(item.mapping) for name, item in events.items()},
    }
    connectivity = _connectivity(part, {name: entries for name, entries in mapping.items() if entries}, authentication)
    return Draft(_documents(document, type_id, connectivity, twin_id, twin, existing is not None, notes), notes)


def _documents(
    document: dict[str, Any],
    type_id: str,
    connectivity: dict[str, Any],
    twin_id: str | None,
    twin: Mapping[str, Any] | None,
    is_known: bool,
    notes: list[str],
) -> list[dict[str, Any]]:
    if twin_id is None:
        notes.append("no --twin was named: every twin of the type would read the very same places")
        return [{**document, "connectivity": _escaped(connectivity)}]
    own = dict(twin) if twin is not None else {"twin_id": twin_id, "twin_type": type_id}
    template = _template(connectivity, twin_id)
    if template is not None:
        own.pop("connectivity", None)
        return [{**document, "connectivity": template}, own]
    notes.append(
        f"the device does not write '{twin_id}' everywhere, so the connectivity is the twin's own and not its type's"
    )
    return [*([] if is_known else [document]), {**own, "connectivity": connectivity}]


# ---------------------------------------------------------------- which, and what they are called


def of_twin(found: Found, twin_id: str) -> Found:
    """What belongs to the twin, standing below it. Raises NotFound (TWIN_NOT_FOUND)."""
    wanted = key(twin_id)

    def mine(items: Iterable[Item]) -> list[Item]:
        places = [(item, _place(item.owner, wanted)) for item in items]
        return [
            replace(item, owner=item.owner[at + 1 :], name=_without(item.name, twin_id))
            for item, at in places
            if at is not None
        ]

    own = [replace(item, name="value", owner=()) for item in found.properties if key(item.name) == wanted]
    part = replace(
        found,
        properties=[*own, *mine(found.properties)],
        methods=mine(found.methods),
        events=mine(found.events),
        availability=[item for item in found.availability if _place(item.owner, wanted) is not None],
    )
    objects = [node for place, node in found.objects.items() if key(place[-1]) == wanted]
    part.objects = {(): objects[0]} if objects else dict[tuple[str, ...], str]()
    if not (part.properties or part.methods or part.events):
        known = sorted({name for owner in found.owners() for name in owner})
        raise NotFound.named("twin", twin_id, known)
    return part


def _without(name: str, twin_id: str) -> str:
    """`Pump123_FlowRate` of Pump123 is its `flow_rate`."""
    plain, prefix = to_snake(name), to_snake(twin_id) + "_"
    return plain[len(prefix) :] if plain.startswith(prefix) and plain != prefix else name


def _place(owner: Sequence[str], wanted: str) -> int | None:
    return next((at for at, name in enumerate(owner) if key(name) == wanted), None)


def _plainly(item: FoundProperty) -> FoundProperty:
    if item.name.lower() in _GENERIC and item.owner:
        return replace(item, name=item.owner[-1], owner=item.owner[:-1])
    return item


def _named(items: Sequence[Item]) -> dict[str, Item]:
    """By names in snake_case, each as short as it can be without being another's."""
    found: dict[str, Item] = {}
    short = Counter(map(_short, items))
    for item in items:
        name = _short(item)
        if short[name] > 1 and item.owner:
            name = _long(item)
        found[_unique(name[:120] or "unnamed", found)] = item
    return found


def _unique(name: str, taken: Collection[str]) -> str:
    unique, number = name, 2
    while unique in taken:
        unique, number = f"{name}_{number}", number + 1
    return unique


def _short(item: FoundProperty | FoundMethod | FoundEvent) -> str:
    return to_snake(item.name)


def _long(item: FoundProperty | FoundMethod | FoundEvent) -> str:
    return to_snake("_".join((*item.owner, item.name)))


def _usable(items: Mapping[str, FoundProperty], notes: list[str]) -> dict[str, FoundProperty]:
    usable: dict[str, FoundProperty] = {}
    for name, item in items.items():
        if item.data_type is None:
            if "availability" not in item.remark:
                notes.append(f"left out: {_where(item)} ({item.device_type}) is nothing that a property can hold")
        elif item.access is None:
            notes.append(f"left out: {_where(item)} may neither be read nor written by this user")
        else:
            usable[name] = item
    return usable


def _matched(what: str, items: Mapping[str, Item], names: Sequence[str], notes: list[str]) -> dict[str, Item]:
    """By the type's names, spelled in whatever manner; what is left on either side is told."""
    by_key: dict[str, Item] = {}
    for name, item in items.items():
        by_key.setdefault(key(name), item)
    for item in items.values():
        by_key.setdefault(key(item.name), item)
    matched = {name: by_key[key(name)] for name in names if key(name) in by_key}
    notes += [f"not found on the device: {what} '{name}'" for name in names if name not in matched]
    taken = [id(item) for item in matched.values()]
    notes += [f"not in the type: {what} {_where(item)}" for item in items.values() if id(item) not in taken]
    return matched


def _where(item: FoundProperty | FoundMethod | FoundEvent) -> str:
    place = item.mapping.get("node_id") or f"{item.mapping.get('topic', '')}{item.mapping.get('pointer', '')}"
    return f"'{item.name}' at {place}"


# ---------------------------------------------------------------- parts of documents


def _property(name: str, item: FoundProperty, notes: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": name, "data_type": item.data_type}
    if item.unit is not None and item.data_type in ("float", "integer"):
        if is_unit(item.unit):
            document["unit"] = item.unit
        else:
            notes.append(
                f"{name}: its unit '{item.unit}' is left out: it is none that is known; {suggestion(item.unit)}"
            )
    if item.minimum is not None and item.maximum is not None:
        document |= {"min_value": item.minimum, "max_value": item.maximum}
    if item.items is not None:
        document["items"] = {"data_type": item.items}
    if item.enum_values and item.data_type == "enum":
        document["enum_values"] = list(item.enum_values)
    if item.device_type == "whole number":
        notes.append(f"{name}: only whole numbers were heard; make it a float if it may have a fraction")
    document["access"] = item.access
    return document


def _device_unit(name: str, item: FoundProperty, unit: str | None, notes: list[str]) -> dict[str, Any]:
    """For the mapping, where the device's is another than the definition's."""
    if item.unit is None or unit is None or item.unit == unit:
        return {}
    try:
        return {"unit": item.unit} if conversion(item.unit, unit) is not None else {}
    except NotConvertible as error:
        notes.append(f"{name}: the device's unit can't be converted: {error}")
        return {}


def _method(name: str, item: FoundMethod, notes: list[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": name, "parameters": _parameters(f"method {name}", item.inputs, notes)}
    if item.outputs and item.outputs[0].data_type not in (None, "enum"):
        document["return_type"] = item.outputs[0].data_type
    return document


def _event(name: str, item: FoundEvent, notes: list[str]) -> dict[str, Any]:
    return {"name": name, "parameters": _parameters(f"event {name}", item.parameters, notes)}


def _parameters(whose: str, items: Sequence[FoundParameter], notes: list[str]) -> list[dict[str, Any]]:
    """One for each of the device's, in its order: leaving one out would shift the others."""
    found: list[dict[str, Any]] = []
    names: set[str] = set()
    for number, item in enumerate(items, 1):
        name = _unique(to_snake(item.name)[:120] or f"parameter_{number}", names)
        names.add(name)
        if item.data_type is None or item.data_type == "enum":
            notes.append(f"{whose}: its parameter '{item.name}' is a {item.device_type}; look whether that fits")
        data_type = {None: "string", "enum": "integer"}.get(item.data_type, item.data_type)
        of_items = {"items": {"data_type": item.items}} if item.items is not None else {}
        found.append({"name": name, "data_type": data_type, **of_items})
    return found


def _connectivity(
    found: Found, mapping: dict[str, dict[str, Any]], authentication: Mapping[str, Any] | None
) -> dict[str, Any]:
    connectivity: dict[str, Any] = {"protocol": found.protocol, "endpoint": found.endpoint}
    if found.protocol == "opc-ua":
        object_id = found.objects.get(())
        connectivity |= _in_one_namespace(found.namespaces, mapping, object_id)
    if authentication is not None:
        connectivity["authentication"] = dict(authentication)
    connectivity["mapping"] = mapping
    if found.availability:
        item = found.availability[0]
        connectivity["availability"] = {"topic": item.topic, "online": item.online, "offline": item.offline}
    return connectivity


_NAMESPACE = re.compile(r"ns=(\d+);")


def _in_one_namespace(
    namespaces: Sequence[str], mapping: dict[str, dict[str, Any]], object_id: str | None
) -> dict[str, Any]:
    """`ns=` of a document means its one `namespace`; nodes of another are named by their own URI."""
    entries = [entry for section in mapping.values() for entry in section.values()]
    texts = [entry["node_id"] for entry in entries] + ([object_id] if object_id else [])
    numbers = Counter(int(found[1]) for text in texts if (found := _NAMESPACE.match(text)))
    usual = numbers.most_common(1)[0][0] if numbers else 0
    if not 0 < usual < len(namespaces):
        return {"node_id": object_id} if object_id else {}

    def placed(text: str) -> str:
        found = _NAMESPACE.match(text)
        if found is None or int(found[1]) == usual or int(found[1]) >= len(namespaces):
            return text
        return f"nsu={namespaces[int(found[1])]};{text[found.end() :]}"

    for entry in entries:
        entry["node_id"] = placed(entry["node_id"])
    place: dict[str, Any] = {"namespace": namespaces[usual]}
    return {**place, "node_id": placed(object_id)} if object_id else place


# ---------------------------------------------------------------- the twin's id


def _template(connectivity: dict[str, Any], twin_id: str) -> dict[str, Any] | None:
    """With `{twin_id}` for the id; None where a place has it not, or in another spelling."""
    exact = re.compile(rf"(?<![A-Za-z0-9]){re.escape(twin_id)}(?![A-Za-z0-9])")
    places = [_address(entry) for section in ("properties", "methods") for entry in _section(connectivity, section)]
    if "node_id" in connectivity:
        places.append(connectivity["node_id"])
    if not all(exact.search(place) for place in places):
        return None
    return _texts(connectivity, lambda text: exact.sub(lambda _: PLACEHOLDER, _doubled(text)))


def _address(entry: Mapping[str, Any]) -> str:
    return str(entry.get("node_id") or entry.get("topic") or "")


def _section(connectivity: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    return list(connectivity["mapping"].get(name, {}).values())


def _escaped(connectivity: dict[str, Any]) -> dict[str, Any]:
    """Braces of the device's own are not placeholders."""
    return _texts(connectivity, _doubled)


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _texts(connectivity: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """Every text of places and pointers changed; `authentication` is the user's own."""

    def changed(value: Any) -> Any:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, dict):
            return {name: changed(item) for name, item in value.items()}
        return value

    kept = ("authentication", "endpoint", "namespace", "protocol")
    return {name: value if name in kept else changed(value) for name, value in connectivity.items()}
