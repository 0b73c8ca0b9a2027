"""From a global id to the thing it names, for `node` and `nodes`."""

import asyncio
from collections.abc import Sequence

from app.api.context import Context
from app.api.ids import parse_global_id
from app.api.instance_document import simulation_of
from app.api.types.alert import Alert
from app.api.types.behavior import find_behavior
from app.api.types.call import Call
from app.api.types.connector import Connector
from app.api.types.instance import TwinInstance
from app.api.types.node import Node
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.property import Property
from app.api.types.relationship_type import RelationshipType
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.errors import Invalid


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
