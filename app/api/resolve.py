"""From a global id to the thing it names, for `node` and `nodes`."""

import asyncio
from collections.abc import Sequence

from app.api.context import Context
from app.api.ids import parse_global_id
from app.api.instance_document import simulation_of
from app.api.loaders import HistoryPage
from app.api.shelved import find_shelving
from app.api.types.alert import Alert
from app.api.types.asset import Asset
from app.api.types.audit import entry_of
from app.api.types.behavior import find_behavior
from app.api.types.call import Call
from app.api.types.connector import Connector
from app.api.types.instance import TwinInstance
from app.api.types.interlock import find_guard
from app.api.types.node import Node
from app.api.types.notification import NotificationTarget
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.property import Property
from app.api.types.relationship import Relationship
from app.api.types.relationship_type import RelationshipType
from app.api.types.revision import Revision
from app.api.types.script import DtslScript
from app.api.types.shelving import Shelving
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.errors import Invalid
from app.model.definitions import MODELS
from app.model.plan import BehaviorKey, OwnerKey


async def find_node(context: Context, id: str) -> Node | None:
    """None where nothing carries it (any more). Raises Invalid (ID_INVALID) where it is no global id."""
    type_name, key = parse_global_id(id)
    catalogue = context.catalogue
    match type_name, key:
        case "Twin", (twin_id,):
            return Twin.find(catalogue, twin_id)
        case "TwinType", (type_id,):
            return TwinType.find(catalogue, type_id)
        case "Overlay", (overlay_id,):
            return Overlay.find(catalogue, overlay_id)
        case "OverlayType", (type_id,):
            return OverlayType.find(catalogue, type_id)
        case "RelationshipType", (name,):
            return RelationshipType.find(catalogue, name)
        case "TwinInstance", (twin_id,):
            twin = Twin.find(catalogue, twin_id)
            return TwinInstance.of(twin.stored, simulation_of(catalogue, twin.definition)) if twin else None
        case "Property", (twin_id, name):
            return Property.find(catalogue, twin_id, name)
        case "Behavior", (owner_kind, owner_id, name):
            return find_behavior(catalogue, context.live, owner_kind, owner_id, name)
        case "Relationship", (_, _, _, _, _):
            edge = context.edges.find("/".join(key))
            return Relationship.of(edge) if edge is not None else None
        case "Guard", (twin_id, ("twin" | "overlay") as owner_kind, owner_id, name):
            return find_guard(context.live, twin_id, BehaviorKey(OwnerKey(owner_kind, owner_id), name))
        case "DtslScript", (script_id,):
            script = await context.loaders.script.load(script_id)
            return DtslScript.of(script) if script is not None else None
        case "NotificationTarget", _:
            name = "/".join(key)
            targets = context.services.notifications.targets()
            return next((NotificationTarget.of(item) for item in targets if item.name == name), None)
        case "Shelving", (_, _, _, _):
            shelving = find_shelving(context.live, "/".join(key))
            return Shelving.of(shelving) if shelving is not None else None
        case "Asset", _:
            store = context.services.commands.assets.store
            await store.refresh()
            return Asset.find(store, "/".join(key))
        case "Revision", (kind, id_, number) if kind in MODELS and number.isdecimal() and len(number) < 16:
            page = HistoryPage(kind, id_, 1, int(number) + 1)
            found = await context.loaders.history.load(page)
            return Revision.of(found[0]) if found and found[0].number == int(number) else None
        case "AuditEntry", _:
            entry = await context.loaders.audit_entry.load("/".join(key))
            return entry_of(entry) if entry is not None else None
        case "Alert", (alert_id,):
            alert = await context.loaders.alert.load(alert_id)
            return Alert.of(alert) if alert else None
        case "Call", (call_id,):
            call = await context.loaders.call.load(call_id)
            return Call.of(call) if call else None
        case "Connector", _:
            name = "/".join(key)  # a connector may be named by its endpoint
            return next((Connector.of(item) for item in context.services.devices.health() if item.name == name), None)
    raise Invalid(f"nothing in this API has an id of the form of '{id[:200]}'", code="ID_INVALID", path="/id")


async def find_nodes(context: Context, ids: Sequence[str]) -> list[Node | None]:
    """Together, so that the loaders make one statement of them instead of one each."""
    return list(await asyncio.gather(*(find_node(context, id) for id in ids)))
