"""The live twin as one document, in exactly the specification's "Twin Instance" shape and snake_case.

GraphQL and REST both print this one; `null` stands where there never was a reading or a contact.
"""

from typing import Any

from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.definitions import Simulation, Twin
from app.model.lineage import types_in_line
from app.model.live import Connectivity
from app.model.plan import OwnerKey
from app.model.time import Micros, iso
from app.model.values import Override, PropertyState, Quality
from app.ports import LiveView

UNCONFIGURED = Connectivity("unconfigured")
_NEVER = PropertyState()
_QUALITY: dict[str, Quality | None] = {
    "connected": "good",
    "connecting": "uncertain",
    "disconnected": "bad",
    "unconfigured": None,
}


def path_quality(path: Connectivity) -> Quality | None:
    """What the path to the device is worth; None for a twin without one."""
    return _QUALITY[path.status]


def simulation_of(catalogue: Catalogue, twin: Twin) -> Simulation | None:
    if twin.simulation is not None:
        return twin.simulation
    line = types_in_line(catalogue, twin.twin_type)
    return next((item.simulation for item in line if item.simulation is not None), None)


def reading_document(state: PropertyState | None) -> dict[str, Any]:
    """A property's value as the instance prints it; an override, which the specification has no word for, beside it."""
    state = state or _NEVER
    found = {"value": state.value, "timestamp": _iso(state.timestamp), "quality": state.quality}
    if state.override is not None:
        found["override"] = override_document(state.override)
        found["reported"] = reading_document(state.reported)
    return found


def value_document(state: PropertyState | None) -> dict[str, Any]:
    """The same of one property that was asked for, with the connector that it comes by."""
    found = reading_document(state)
    return found if state is None or state.path is None else {**found, "path": state.path}


def override_document(override: Override) -> dict[str, Any]:
    forced = {"value": override.value} if override.kind == "forced" else {}
    return {
        "kind": override.kind,
        **forced,
        "by": override.by,
        "at": iso(override.at),
        "reason": override.reason,
    }


def instance_document(
    catalogue: Catalogue, live: LiveView, stored: StoredDefinition, simulation: Simulation | None
) -> dict[str, Any]:
    twin_id = stored.id
    states = {name: live.property_state(twin_id, name) for name in catalogue.capabilities(twin_id).properties}
    path = live.connectivity(twin_id) or UNCONFIGURED
    reported = max((state.reported_at for state in states.values() if state), default=0)
    by_the_plant = reported > stored.updated_at
    return {
        "instance_id": f"{twin_id}_instance",
        "twin_id": twin_id,
        "version": stored.definition.version,
        "state": {
            "properties": {name: reading_document(state) for name, state in states.items()},
            "active_behaviors": [
                view.key.name for view in live.behaviors(OwnerKey("twin", twin_id)) if view.state == "active"
            ],
            "last_events": [
                {"name": event.name, "timestamp": iso(event.timestamp), "parameters": event.parameters}
                for event in live.last_events(twin_id)
            ],
        },
        "connectivity_status": {
            "status": path.status,
            "last_connected": _iso(path.last_contact),
            "quality": path_quality(path),
            **({"reason": path.reason} if path.reason else {}),
            **({"path": path.path, "fallback": path.fallback} if path.fallback else {}),
        },
        "simulation_status": {
            "status": "stopped" if simulation and simulation.enabled else "disabled",
            "last_updated": None,
        },
        "metadata": {
            "created_at": iso(stored.created_at),
            "created_by": stored.created_by,
            "updated_at": iso(reported if by_the_plant else stored.updated_at),
            "updated_by": "system" if by_the_plant else stored.updated_by,
        },
    }


def _iso(at: Micros | None) -> str | None:
    return iso(at) if at else None
