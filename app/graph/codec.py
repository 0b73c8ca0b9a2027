"""Model to rows of parameters and back: the only place that knows how a definition or a fact lies in the graph.

A node's `document` is the truth of it and comes back without any loss; the fields beside it are copies to match, index
and look at. Text from devices is made valid Unicode here, and integers too big for 64 bits become text: one odd value
must not stop the writing of all others.
"""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from neo4j import Record

from app.errors import Misconfigured
from app.model.audit import AlertRecord, AuditEntry, RecordPlace
from app.model.change import (
    BehaviorNode,
    DefinitionChange,
    InterlockNode,
    PropertyRow,
    RelationshipEdge,
    StoredDefinition,
)
from app.model.definitions import (
    MODELS,
    Kind,
    Overlay,
    OverlayType,
    RelationshipType,
    Twin,
    TwinKind,
    TwinType,
    to_document,
)
from app.model.events import Alert, BehaviorChanged, Call, Cause, PropertyChanged, TwinEventOccurred
from app.model.ledger import Books
from app.model.plan import BehaviorKey, OwnerKey
from app.model.relationship_types import BUILT_IN
from app.model.time import Micros, iso, parse_iso
from app.model.values import Value

Row = dict[str, Any]

MAX_LAST_EVENTS = 20
_INT64 = range(-(2**63), 2**63)
_encoder = msgspec.json.Encoder()
_events = msgspec.json.Decoder(list[TwinEventOccurred])
_alert = msgspec.json.Decoder(Alert)
_call = msgspec.json.Decoder(Call)
_audit = msgspec.json.Decoder(AuditEntry)
_record = msgspec.json.Decoder(AlertRecord)
_books = msgspec.json.Decoder(Books)


# ---------------------------------------------------------------- keys


def definition_key(kind: Kind, id: str) -> str:
    """`twin/pump_123`; identifiers have no slash, so no two things share a key."""
    return f"{kind}/{id}"


def owner_key(owner: OwnerKey) -> str:
    return f"{owner.kind}/{owner.id}"


def behavior_key(key: BehaviorKey) -> str:
    return f"{owner_key(key.owner)}/{key.name}"


def property_key(twin_id: str, name: str) -> str:
    return f"{twin_id}/{name}"


def revision_key(kind: Kind, id: str, number: int) -> str:
    return f"{kind}/{id}/{number}"


# ---------------------------------------------------------------- definitions


def definition_row(item: StoredDefinition, change: DefinitionChange) -> Row:
    """The parameters of definitions/save_*; those that only some kinds have are added."""
    row: Row = {
        "id": item.id,
        "version": item.definition.version,
        "document": json.dumps(to_document(item.definition), ensure_ascii=False, separators=(",", ":")),
        "revision": item.revision,
        "life": item.life,
        "created_at": iso(item.created_at),
        "created_by": item.created_by,
        "updated_at": iso(item.updated_at),
        "updated_by": item.updated_by,
        "definition_key": definition_key(item.kind, item.id),
        "revision_key": revision_key(item.kind, item.id, item.revision),
        "reason": change.reason,
        "catalogue_revision": change.catalogue_revision + 1,
    }
    match item.definition:
        case RelationshipType() as kind:
            row |= {"inverse": kind.inverse, "impact": kind.impact}
        case TwinType() as twin_type:
            row |= {"name": twin_type.name, "kind": _kind_written(twin_type)}
        case Twin() as twin:
            row |= {"twin_type": twin.twin_type}
        case OverlayType() as overlay_type:
            row |= {"name": overlay_type.name}
        case Overlay() as overlay:
            row |= {
                "name": overlay.name,
                "overlay_type": overlay.overlay_type,
                "lifecycle": overlay.lifecycle,
                "lifecycle_began": change.lifecycles.get(item.id),
            }
    return row


def _kind_written(twin_type: TwinType) -> TwinKind | None:
    """None where it is that of the type it EXTENDS."""
    return twin_type.kind if twin_type.extends is None or "kind" in twin_type.model_fields_set else None


def stored_definition(kind: Kind, row: Sequence[Any]) -> StoredDefinition:
    """From an item of definitions/load_*. Raises Misconfigured (GRAPH_DOCUMENT) for a document that this program can't
    read: written by a newer one, or by hand."""
    id, document, revision, life, created_at, created_by, updated_at, updated_by = row
    try:
        definition = MODELS[kind].model_validate_json(document)
    except ValueError as error:
        raise Misconfigured(
            f"the graph's {kind.replace('_', ' ')} '{id}' is not a document that this version reads",
            code="GRAPH_DOCUMENT",
            hint="was the graph written by a newer version? upgrade this one",
        ) from error
    return StoredDefinition(
        kind,
        id,
        definition,
        revision,
        life,
        _moment(created_at),
        sys.intern(created_by),
        _moment(updated_at),
        sys.intern(updated_by),
    )


@lru_cache(maxsize=1000)
def _moment(text: str) -> Micros:
    """What was saved together has one moment: parsed once, and one object in memory."""
    return parse_iso(text)


def built_in_rows() -> list[Row]:
    return [{"name": name, "inverse": item.inverse, "impact": item.impact} for name, item in BUILT_IN.items()]


def role_rows(overlay_type: OverlayType) -> list[Row]:
    return [
        {
            "type_id": overlay_type.type_id,
            "key": f"{overlay_type.type_id}/{role.role}",
            "role": role.role,
            "description": role.description,
            "required": role.required,
            "many": role.many,
            "twin_type": role.twin_type,
            "overlay_type": role.overlay_type,
        }
        for role in overlay_type.twin_roles
    ]


def binding_rows(overlay: Overlay) -> list[Row]:
    """Of twins."""
    return [
        {"overlay_id": overlay.overlay_id, "role": binding.role, "twin_id": binding.twin_id}
        for binding in overlay.twins
        if binding.twin_id is not None
    ]


def containing_rows(overlay: Overlay) -> list[Row]:
    """Of other overlays."""
    return [
        {"overlay_id": overlay.overlay_id, "role": binding.role, "inner_id": binding.overlay_id}
        for binding in overlay.twins
        if binding.overlay_id is not None
    ]


def properties_row(twin_id: str, properties: Sequence[PropertyRow]) -> Row:
    return {
        "twin_id": twin_id,
        "names": [item.name for item in properties],
        "typed_names": [f"{item.name}:{item.data_type}" for item in properties],
        "properties": [
            {
                "key": property_key(twin_id, item.name),
                "name": item.name,
                "data_type": item.data_type,
                "unit": item.unit,
            }
            for item in properties
        ],
    }


def shared_properties(twins: Iterable[tuple[str, tuple[PropertyRow, ...]]]) -> list[Row]:
    """The parameters of definitions/create_properties: one row for all twins of equal properties."""
    found: dict[tuple[PropertyRow, ...], Row] = {}
    for twin_id, properties in twins:
        if not properties:
            continue
        row = found.get(properties)
        if row is None:
            items = [{"name": item.name, "data_type": item.data_type, "unit": item.unit} for item in properties]
            row = found[properties] = {"twin_ids": [], "properties": items}
        row["twin_ids"].append(twin_id)
    return list(found.values())


def relationship_rows(owner: OwnerKey, edges: Iterable[RelationshipEdge]) -> list[Row]:
    return [
        {
            "source": edge.source_twin_id,
            "target": edge.target_twin_id,
            "name": edge.name,
            "relationship_type": edge.relationship_type,
            "declared_by": owner_key(owner),
        }
        for edge in edges
    ]


def behavior_row(node: BehaviorNode) -> Row:
    return {
        "owner_id": node.key.owner.id,
        "key": behavior_key(node.key),
        "name": node.key.name,
        "description": node.description,
    }


def reads_row(node: BehaviorNode) -> Row:
    keys = [property_key(read.twin_id, read.name) for read in node.reads]
    return {"behavior": behavior_key(node.key), "properties": keys}


def acts_on_row(node: BehaviorNode) -> Row:
    return {"behavior": behavior_key(node.key), "twin_ids": list(node.acts_on)}


def interlock_row(node: InterlockNode) -> Row:
    return {
        "owner_id": node.key.owner.id,
        "key": behavior_key(node.key),
        "name": node.key.name,
        "description": node.description,
        "method": node.method,
        "property": node.property,
        "condition": node.condition,
    }


def interlock_reads_row(node: InterlockNode) -> Row:
    keys = [property_key(read.twin_id, read.name) for read in node.reads]
    return {"interlock": behavior_key(node.key), "properties": keys}


def guards_row(node: InterlockNode) -> Row:
    return {"interlock": behavior_key(node.key), "twin_ids": list(node.guards)}


# ---------------------------------------------------------------- facts


def property_row(life: int, change: PropertyChanged) -> Row:
    """The parameters of telemetry/write_properties: what everybody sees. `number` is there where it orders as one."""
    state = change.state()
    value, kind = native(state.value)
    numeric = kind in ("integer", "float")
    return {
        "key": property_key(change.twin_id, change.property),
        "life": life,
        "value": value,
        "value_kind": kind,
        "number": float(value) if numeric else None,
        "quality": state.quality,
        "timestamp": iso(state.timestamp),
        "reported_at": iso(state.reported_at),
        "known": state.known,
        "reason": None if state.reason is None else clean(state.reason),
        "override": state.override.kind if state.override is not None else None,
    }


def property_from(row: Sequence[Any]) -> PropertyChanged:
    """From an item of telemetry/live_properties. What stood over the value is not told apart from it."""
    twin_id, name, value, kind, quality, timestamp, reported_at, known, reason = row
    if kind == "json":
        value = json.loads(value)
    elif kind == "number_text":
        value = float(value) if value.lstrip("-") in ("inf", "nan") else int(value)
    elif kind == "float":
        value = float(value)
    return PropertyChanged(
        twin_id, name, value, quality, parse_iso(timestamp), parse_iso(reported_at), bool(known), reason
    )


def behavior_from(record: Record) -> BehaviorChanged:
    """From telemetry/live_behaviors."""
    kind, id, name = record["key"].split("/", 2)
    at = parse_iso(record["at"])
    key = BehaviorKey(OwnerKey(kind, id), name)
    cause = Cause("load", "", at)
    return BehaviorChanged(key, record["state"], record["evidence"], at, cause, since=parse_iso(record["since"]))


def audit_row(entry: AuditEntry) -> Row:
    return {
        "entry_id": entry.entry_id,
        "at": iso(entry.at),
        "kind": entry.kind,
        "outcome": entry.outcome,
        "actor": clean(entry.actor),
        "subjects": list(entry.subjects),
        "document": encoded(entry),
    }


def definition_audit(change: DefinitionChange) -> AuditEntry:
    """The entry of a change of definitions, written with it."""
    revision = change.catalogue_revision + 1
    keys = [*((item.kind, item.id) for item in change.saved), *change.removed]
    return AuditEntry(
        f"definitions/{revision:012}",
        change.at,
        "definition",
        "done",
        change.author,
        origin=change.origin,
        subjects=tuple(dict.fromkeys(definition_key(kind, id) for kind, id in keys)),
        reason=change.reason,
        details={"catalogue_revision": revision, "saved": len(change.saved), "removed": len(change.removed)},
    )


def audit_from(document: str) -> AuditEntry:
    return _audit.decode(document)


def record_row(record: AlertRecord) -> Row:
    change = record.change
    alert = change.alert
    return {
        "record_id": record_id(record.place),
        "alert_id": alert.alert_id,
        "at": iso(change.at),
        "transition": change.transition,
        "owner": owner_key(alert.owner),
        "twins": list(alert.twins),
        "document": encoded(record),
    }


def record_id(place: RecordPlace) -> str:
    """Sorts as the place does."""
    return f"{place[0]:012}/{place[1]:06}"


def record_from(document: str) -> AlertRecord:
    return _record.decode(document)


def native(value: Value) -> tuple[Value, str]:
    """What a node can hold, and what it was: none, boolean, integer, float, string, json (lists and objects as JSON
    text) or number_text (integers beyond 64 bits, infinities)."""
    match value:
        case None:
            return None, "none"
        case bool():
            return value, "boolean"
        case int():
            return (value, "integer") if value in _INT64 else (str(value), "number_text")
        case float():
            return (value, "float") if math.isfinite(value) else (repr(value), "number_text")
        case str():
            return clean(value), "string"
        case _:
            return clean(json.dumps(value, ensure_ascii=False, separators=(",", ":"))), "json"


def clean(text: str) -> str:
    """Valid Unicode: what JSON's \\ud800 leaves behind can't be written as UTF-8 and becomes U+FFFD."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def behavior_state_row(change: BehaviorChanged) -> Row:
    return {
        "key": behavior_key(change.key),
        "state": change.state,
        "evidence": change.evidence,
        "since": iso(change.since),
        "at": iso(change.at),
        "skipped": [clean(reason) for reason in change.skipped],
    }


def alert_row(alert: Alert) -> Row:
    return {
        "alert_id": alert.alert_id,
        "owner": owner_key(alert.owner),
        "behavior": behavior_key(BehaviorKey(alert.owner, alert.behavior)),
        "code": alert.code,
        "severity": alert.severity,
        "message": clean(alert.message),
        "words": clean(alert.message).lower(),
        "twins": list(alert.twins),
        "shelved": alert.shelved is not None,
        "suppressed": bool(alert.suppressed_by),
        "raised_at": iso(alert.raised_at),
        "active": alert.active,
        "acknowledged": alert.acknowledged,
        "closed": alert.closed_at is not None,
        "document": encoded(alert),
    }


def call_row(call: Call) -> Row:
    return {
        "call_id": call.call_id,
        "twin_id": call.twin_id,
        "owner": owner_key(call.behavior.owner) if call.behavior is not None else "",
        "behavior": behavior_key(call.behavior) if call.behavior is not None else "",
        "method": call.method or "",
        "property": call.property or "",
        "status": call.status,
        "decided_at": iso(call.decided_at),
        "document": encoded(call),
    }


def alert_from(document: str) -> Alert:
    return _alert.decode(document)


def call_from(document: str) -> Call:
    return _call.decode(document)


def books_text(books: Books) -> str:
    return encoded(books)


def books_from(text: str | None) -> Books:
    return Books() if text is None else _books.decode(text)


def merged_events(stored: str | None, new: Iterable[TwinEventOccurred]) -> str:
    """The twin's `last_events`: newest first, each once, at most 20."""
    events: list[TwinEventOccurred] = []
    # The new ones go through JSON too: only then is one that was written before equal to what is stored.
    for event in (*reversed(_events.decode(encoded(list(new)))), *(_events.decode(stored) if stored else ())):
        if event not in events:
            events.append(event)
    events.sort(key=_when, reverse=True)
    return encoded(events[:MAX_LAST_EVENTS])


def _when(event: TwinEventOccurred) -> Micros:
    return event.timestamp


def encoded(item: object) -> str:
    """JSON text. Text that UTF-8 can't carry is cleaned; everything else goes the fast way."""
    try:
        return _encoder.encode(item).decode()
    except UnicodeEncodeError:
        return _encoder.encode(_cleaned(msgspec.to_builtins(item))).decode()


def _cleaned(item: Any) -> Any:
    match item:
        case str():
            return clean(item)
        case dict():
            return {_cleaned(key): _cleaned(value) for key, value in item.items()}
        case list() | tuple():
            return [_cleaned(value) for value in item]
        case _:
            return item
