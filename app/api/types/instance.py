"""TwinInstance: the live twin in the specification's "Twin Instance" form, as fields and as one document.

The document has exactly the specification's snake_case shape; the fields say the same in the schema's manner.
"""

import strawberry

from app.api.context import Info
from app.api.ids import global_id
from app.api.instance_document import UNCONFIGURED, instance_document, path_quality
from app.api.scalars import JSON, DateTime, Long, moment
from app.api.types.behavior import active_names
from app.api.types.enums import ConnectionStatus, Quality, SimulationState
from app.api.types.node import Node
from app.api.types.value import NEVER, Value
from app.model import definitions as model
from app.model.change import StoredDefinition
from app.model.events import TwinEventOccurred
from app.model.live import ClockView, Connectivity
from app.model.plan import OwnerKey


@strawberry.type(description="A property's value in a twin instance.")
class PropertyReading:
    name: str = strawberry.field(description="The property.")
    value: Value = strawberry.field(description="Its live value.")
    timestamp: DateTime | None = strawberry.field(description="Source time of the value; null before the first one.")
    quality: Quality = strawberry.field(description="How far it can be trusted.")


@strawberry.type(description="An event that a device raised.")
class TwinEvent:
    name: str = strawberry.field(description="The event's name in the definition.")
    timestamp: DateTime = strawberry.field(description="When the device says it happened.")
    parameters: JSON = strawberry.field(description="What it carried, by parameter name.")


@strawberry.type(description="The live state of a twin.")
class InstanceState:
    properties: list[PropertyReading] = strawberry.field(description="Every property, also those never read.")
    active_behaviors: list[str] = strawberry.field(description="The names of the behaviors that are on.")
    last_events: list[TwinEvent] = strawberry.field(description="Newest first, at most 20.")


@strawberry.type(description="Whether readings can reach the twin.")
class ConnectivityStatus:
    status: ConnectionStatus = strawberry.field(description="How the path to the device stands.")
    last_connected: DateTime | None = strawberry.field(description="The last contact; null where there was none.")
    quality: Quality | None = strawberry.field(description="What the path is worth; null for a twin without one.")
    reason: str | None = strawberry.field(
        description="Why it is not connected, or not by its preferred path; null where nothing is to be said."
    )
    path: str | None = strawberry.field(description="The connector it is heard by; null before any was.")
    fallback: int = strawberry.field(
        description="0 where that is its preferred path, else which of its fallbacks, from 1."
    )

    @classmethod
    def of(cls, found: Connectivity | None) -> "ConnectivityStatus":
        found = found or UNCONFIGURED
        quality = path_quality(found)
        return cls(
            status=ConnectionStatus(found.status),
            last_connected=moment(found.last_contact),
            quality=Quality(quality) if quality else None,
            reason=found.reason or None,
            path=found.path or None,
            fallback=found.fallback,
        )


@strawberry.type(description="Whether a simulation runs for the twin.")
class SimulationStatus:
    status: SimulationState = strawberry.field(description="How it stands.")

    @classmethod
    def of(cls, simulation: model.Simulation | None) -> "SimulationStatus":
        return cls(status=SimulationState.STOPPED if simulation and simulation.enabled else SimulationState.DISABLED)


@strawberry.type(description="How the device's clock stood to ours since the server started.")
class SourceClock:
    offset_microseconds: Long = strawberry.field(
        description="Added to its timestamps since its clock was re-based; 0 where it was not."
    )
    ahead: Long = strawberry.field(description="Samples too far in the future; they got the time of receipt instead.")
    late: Long = strawberry.field(description="Samples rejected as late.")
    rebased: Long = strawberry.field(description="How often its clock was re-based.")

    @classmethod
    def of(cls, found: ClockView | None) -> "SourceClock":
        found = found or ClockView()
        return cls(
            offset_microseconds=Long(found.offset),
            ahead=Long(found.ahead),
            late=Long(found.late),
            rebased=Long(found.rebased),
        )


@strawberry.type(description="The live twin, as the specification prints it.")
class TwinInstance(Node):
    stored: strawberry.Private[StoredDefinition]
    simulation: strawberry.Private[model.Simulation | None]
    instance_id: strawberry.ID = strawberry.field(description="`twinId` with `_instance` behind it.")
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    version: str = strawberry.field(description="The author's version of the twin's definition.")

    @strawberry.field(description="Values, active behaviors and last events, all of one moment.")
    def state(self, info: Info) -> InstanceState:
        live, context = info.context.live, info.context
        readings = []
        for name, item in context.catalogue.capabilities(self.twin_id).properties.items():
            found = live.property_state(self.twin_id, name) or NEVER
            value, quality = Value.of(found, item.unit), Quality(found.quality)
            readings.append(PropertyReading(name=name, value=value, timestamp=moment(found.timestamp), quality=quality))
        return InstanceState(
            properties=readings,
            active_behaviors=active_names(live.behaviors(OwnerKey("twin", self.twin_id))),
            last_events=[twin_event(event) for event in live.last_events(self.twin_id)],
        )

    @strawberry.field(description="Whether readings can reach it.")
    def connectivity_status(self, info: Info) -> ConnectivityStatus:
        return ConnectivityStatus.of(info.context.live.connectivity(self.twin_id))

    @strawberry.field(description="How its device's clock stood to ours.")
    def source_clock(self, info: Info) -> SourceClock:
        return SourceClock.of(info.context.live.clock(self.twin_id))

    @strawberry.field(description="Whether a simulation runs for it.")
    def simulation_status(self) -> SimulationStatus:
        return SimulationStatus.of(self.simulation)

    @strawberry.field(description="All of it as one JSON document in the specification's snake_case form.")
    def document(self, info: Info) -> JSON:
        return JSON(instance_document(info.context.catalogue, info.context.live, self.stored, self.simulation))

    @classmethod
    def of(cls, stored: StoredDefinition, simulation: model.Simulation | None) -> "TwinInstance":
        return cls(
            id=global_id("TwinInstance", stored.id),
            stored=stored,
            simulation=simulation,
            instance_id=strawberry.ID(f"{stored.id}_instance"),
            twin_id=strawberry.ID(stored.id),
            version=stored.definition.version,
        )


def twin_event(event: TwinEventOccurred) -> TwinEvent:
    return TwinEvent(name=event.name, timestamp=DateTime(event.timestamp), parameters=JSON(event.parameters))
