"""What subscriptions push: one fact each, or (with `initial`) how something stood as the subscription began."""

import msgspec
import strawberry

from app.api.context import Info
from app.api.scalars import JSON, DateTime, Long, moment
from app.api.types.action_result import ActionResult
from app.api.types.alert import Alert
from app.api.types.behavior import Behavior, find_behavior
from app.api.types.call import Call
from app.api.types.cause import Cause, chain
from app.api.types.enums import (
    AlertTransition,
    BehaviorState,
    ConnectionStatus,
    DefinitionChangeKind,
    DefinitionKind,
    Evidence,
    OwnerKind,
    PartOutcome,
)
from app.api.types.history import DefinitionHistory
from app.api.types.owner import Owner, find_owner
from app.api.types.property import Property
from app.api.types.revision import DocumentChange, revision_step
from app.api.types.twin import Twin
from app.api.types.value import Value
from app.model import events, live
from app.model.catalogue import Catalogue
from app.model.live import BehaviorView
from app.model.plan import OwnerKey
from app.model.time import SECOND, Micros
from app.model.values import PropertyState
from app.ports import LiveView
from app.runtime.bus import Published

_INITIAL = "True for the state found at the start (or as a twin joined), false for a change."
_SEQUENCE = "The journal sequence it stands at; never falls for one subject."
_PLACE = (
    "Its place among the facts of its kind at that sequence, from 0, for `afterPlace`; null where initial: then give "
    "`after` alone."
)
_REMAINING = "How many more of the start follow, 0 with the last; null for a change."
_NODE = "By its `id` a client's cache keeps it up to date; null where it was deleted meanwhile."
_SKIPPED = "How many older changes of the same subject a slow reader missed before this one."


@strawberry.type(description="A property's value changed (value, quality, `known` or its override).")
class PropertyChange:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="The property's name.")
    value: Value = strawberry.field(description="What it became.")
    at: DateTime = strawberry.field(description="When the server took it; `value.timestamp` is the device's time.")
    initial: bool = strawberry.field(description=_INITIAL)
    sequence: Long = strawberry.field(description=_SEQUENCE)
    skipped: int = strawberry.field(description=_SKIPPED)

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)

    @strawberry.field(description=f"The property as it stands when this is sent. {_NODE}")
    def node(self, info: Info) -> Property | None:
        return Property.find(info.context.catalogue, self.twin_id, self.property)


def property_change(
    catalogue: Catalogue, live: LiveView, published: Published, fact: events.PropertyChanged
) -> PropertyChange:
    now = live.property_state(fact.twin_id, fact.property)
    path = now.path if now is not None and fact.known and fact.override is None else None
    return PropertyChange(
        twin_id=strawberry.ID(fact.twin_id),
        property=fact.property,
        value=Value.of(msgspec.structs.replace(fact.state(), path=path), _unit(catalogue, fact.twin_id, fact.property)),
        at=DateTime(published.now),
        initial=False,
        sequence=Long(published.sequence),
        skipped=published.skipped,
    )


def property_found(
    catalogue: Catalogue, twin_id: str, name: str, state: PropertyState | None, now: Micros, sequence: int
) -> PropertyChange:
    return PropertyChange(
        twin_id=strawberry.ID(twin_id),
        property=name,
        value=Value.of(state, _unit(catalogue, twin_id, name)),
        at=DateTime(now),
        initial=True,
        sequence=Long(sequence),
        skipped=0,
    )


def _unit(catalogue: Catalogue, twin_id: str, name: str) -> str | None:
    item = catalogue.capabilities(twin_id).properties.get(name)
    return item.unit if item else None


@strawberry.type(description="A behavior's state or evidence changed.")
class BehaviorChange:
    key: strawberry.Private[OwnerKey]
    behavior: str = strawberry.field(description="The behavior's name.")
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    state: BehaviorState = strawberry.field(description="What it became.")
    was: BehaviorState = strawberry.field(description="What it was; equal to `state` where only the evidence changed.")
    evidence: Evidence = strawberry.field(description="What its condition came to.")
    since: DateTime | None = strawberry.field(description="When it came into this state; null where it never changed.")
    at: DateTime = strawberry.field(description="When it was decided.")
    actions: list[ActionResult] = strawberry.field(
        description="What became of each action, in order. Those behind a required call come again in a later change, "
        "with `state` equal to `was`."
    )
    part: str | None = strawberry.field(
        description="The part of it that came to its end, with `state` equal to `was`: `escalations/0`, or `actions/2` "
        "for what is expected. Null otherwise."
    )
    came_to: PartOutcome | None = strawberry.field(description="What came of that part; null likewise.")
    late: float | None = strawberry.field(
        description="Seconds after its moment that the part came to it, where the server was not running then."
    )
    cause: list[Cause] = strawberry.field(description="What led to it, nearest first; empty where initial.")
    initial: bool = strawberry.field(description=_INITIAL)
    sequence: Long = strawberry.field(description=_SEQUENCE)
    place: int | None = strawberry.field(description=_PLACE)
    remaining: int | None = strawberry.field(description=_REMAINING)

    @strawberry.field(description="The twin or overlay that owns it; null where that was deleted meanwhile.")
    def owner(self, info: Info) -> Owner | None:
        return find_owner(info.context.catalogue, self.key)

    @strawberry.field(description=f"The behavior as it stands when this is sent. {_NODE}")
    def node(self, info: Info) -> Behavior | None:
        context = info.context
        return find_behavior(context.catalogue, context.live, self.key.kind, self.key.id, self.behavior)


def behavior_change(published: Published, fact: events.BehaviorChanged) -> BehaviorChange:
    return BehaviorChange(
        key=fact.key.owner,
        behavior=fact.key.name,
        owner_kind=OwnerKind(fact.key.owner.kind),
        owner_id=strawberry.ID(fact.key.owner.id),
        state=BehaviorState(fact.state),
        was=BehaviorState(fact.was),
        evidence=Evidence(fact.evidence),
        since=moment(fact.since),
        at=DateTime(fact.at),
        actions=[ActionResult.of(item) for item in fact.actions],
        part=fact.part or None,
        came_to=PartOutcome(fact.came_to) if fact.came_to is not None else None,
        late=fact.late / SECOND if fact.late else None,
        cause=chain(fact.cause),
        initial=False,
        sequence=Long(published.sequence),
        place=published.place,
        remaining=None,
    )


def behavior_found(view: BehaviorView, now: Micros, sequence: int, remaining: int) -> BehaviorChange:
    return BehaviorChange(
        key=view.key.owner,
        behavior=view.key.name,
        owner_kind=OwnerKind(view.key.owner.kind),
        owner_id=strawberry.ID(view.key.owner.id),
        state=BehaviorState(view.state),
        was=BehaviorState(view.state),
        evidence=Evidence(view.evidence),
        since=moment(view.since),
        at=DateTime(now),
        actions=[],
        part=None,
        came_to=None,
        late=None,
        cause=[],
        initial=True,
        sequence=Long(sequence),
        place=None,
        remaining=remaining,
    )


@strawberry.type(description="Something happened to an alert.")
class AlertChange:
    alert: Alert = strawberry.field(description="As it became.")
    transition: AlertTransition | None = strawberry.field(description="What happened to it; null where initial.")
    at: DateTime = strawberry.field(description="When.")
    by: str | None = strawberry.field(description="The person who did it; null where the plant did, and initial.")
    comment: str | None = strawberry.field(description="What that person said.")
    initial: bool = strawberry.field(description=_INITIAL)
    sequence: Long = strawberry.field(description=_SEQUENCE)
    place: int | None = strawberry.field(description=_PLACE)
    remaining: int | None = strawberry.field(description=_REMAINING)


def alert_change(published: Published, fact: events.AlertChanged) -> AlertChange:
    return AlertChange(
        alert=Alert.of(fact.alert),
        transition=AlertTransition(fact.transition),
        at=DateTime(fact.at),
        by=fact.by,
        comment=fact.comment or None,
        initial=False,
        sequence=Long(published.sequence),
        place=published.place,
        remaining=None,
    )


def alert_found(alert: events.Alert, now: Micros, sequence: int, remaining: int) -> AlertChange:
    return AlertChange(
        alert=Alert.of(alert),
        transition=None,
        at=DateTime(now),
        by=None,
        comment=None,
        initial=True,
        sequence=Long(sequence),
        place=None,
        remaining=remaining,
    )


@strawberry.type(description="The path between a twin and its device changed.")
class ConnectivityChange:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    status: ConnectionStatus = strawberry.field(description="What it became.")
    reason: str | None = strawberry.field(
        description="Why it is not connected, or not by its preferred path; null where nothing is to be said."
    )
    path: str | None = strawberry.field(description="The connector it is heard by; null before any was.")
    fallback: int = strawberry.field(
        description="0 where that is its preferred path, else which of its fallbacks, from 1."
    )
    previous_path: str | None = strawberry.field(
        description="The connector that another has just taken over from; null where none has."
    )
    last_contact: DateTime | None = strawberry.field(description="The last contact; null where there was none.")
    at: DateTime = strawberry.field(description="When.")
    initial: bool = strawberry.field(description=_INITIAL)
    sequence: Long = strawberry.field(description=_SEQUENCE)
    skipped: int = strawberry.field(description=_SKIPPED)

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)


def connectivity_change(view: LiveView, published: Published, fact: events.ConnectivityChanged) -> ConnectivityChange:
    now = view.connectivity(fact.twin_id)
    return ConnectivityChange(
        twin_id=strawberry.ID(fact.twin_id),
        status=ConnectionStatus(fact.status),
        reason=fact.reason or None,
        path=fact.path or (now.path if now is not None else "") or None,
        fallback=fact.fallback,
        previous_path=fact.was or None,
        last_contact=moment(fact.last_contact),
        at=DateTime(fact.at),
        initial=False,
        sequence=Long(published.sequence),
        skipped=published.skipped,
    )


def connectivity_found(twin_id: str, found: live.Connectivity, now: Micros, sequence: int) -> ConnectivityChange:
    return ConnectivityChange(
        twin_id=strawberry.ID(twin_id),
        status=ConnectionStatus(found.status),
        reason=found.reason or None,
        path=found.path or None,
        fallback=found.fallback,
        previous_path=None,
        last_contact=moment(found.last_contact),
        at=DateTime(now),
        initial=True,
        sequence=Long(sequence),
        skipped=0,
    )


@strawberry.type(
    description="A call to a device came a step further: it was decided, attempted (sent), accepted, refused or "
    "failed, or its effect was observed."
)
class CallChange:
    call: Call = strawberry.field(description="As it became.")
    at: DateTime = strawberry.field(description="When.")
    initial: bool = strawberry.field(description=_INITIAL)
    sequence: Long = strawberry.field(description=_SEQUENCE)
    place: int | None = strawberry.field(description=_PLACE)
    remaining: int | None = strawberry.field(description=_REMAINING)


def call_change(published: Published, fact: events.CallChanged) -> CallChange:
    return CallChange(
        call=Call.of(fact.call),
        at=DateTime(fact.at),
        initial=False,
        sequence=Long(published.sequence),
        place=published.place,
        remaining=None,
    )


def call_found(call: events.Call, now: Micros, sequence: int, remaining: int) -> CallChange:
    return CallChange(
        call=Call.of(call),
        at=DateTime(now),
        initial=True,
        sequence=Long(sequence),
        place=None,
        remaining=remaining,
    )


@strawberry.type(description="A device, or a behavior, raised an event of a twin.")
class TwinEventOccurrence:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    name: str = strawberry.field(description="The event's name.")
    timestamp: DateTime = strawberry.field(description="When it happened, by its source's time.")
    parameters: JSON = strawberry.field(description="By parameter name.")
    at: DateTime = strawberry.field(description="When the server took it.")
    cause: list[Cause] = strawberry.field(description="What led to it, nearest first.")
    sequence: Long = strawberry.field(description=_SEQUENCE)
    place: int = strawberry.field(description="Its place among the events at that sequence, from 0, for `afterPlace`.")

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)


def twin_event(published: Published, fact: events.TwinEventOccurred) -> TwinEventOccurrence:
    return TwinEventOccurrence(
        twin_id=strawberry.ID(fact.twin_id),
        name=fact.name,
        timestamp=DateTime(fact.timestamp),
        parameters=JSON(fact.parameters),
        at=DateTime(published.now),
        cause=chain(fact.cause),
        sequence=Long(published.sequence),
        place=published.place,
    )


@strawberry.type(description="A definition was created, updated or deleted.")
class ChangedDefinition:
    kind: DefinitionKind = strawberry.field(description="What kind of definition.")
    definition_id: strawberry.ID = strawberry.field(description="The id in its document.")
    change: DefinitionChangeKind = strawberry.field(description="What was done.")
    revision: int = strawberry.field(description="The revision that it made; a deletion is one too.")
    author: str = strawberry.field(description="Who did it.")
    reason: str = strawberry.field(description="Why; empty where nobody said.")
    at: DateTime = strawberry.field(description="When it was accepted.")
    catalogue_revision: Long = strawberry.field(
        description="The same for all that was changed together; it orders the changes of all definitions."
    )
    sequence: Long = strawberry.field(description=_SEQUENCE)
    place: int = strawberry.field(
        description="Its place among the definitions at that sequence, from 0, for `afterPlace`."
    )

    @strawberry.field(description="The definition over time: as it is now, its revisions and what differs in them.")
    def definition(self) -> DefinitionHistory:
        return DefinitionHistory(of=self.kind.value, kind=self.kind, definition_id=self.definition_id)

    @strawberry.field(
        description="What this changed in the document: a JSON Patch (RFC 6902) that keeps the old values; the whole "
        "of it where it was created or deleted. From the graph: UNAVAILABLE while it is down."
    )
    async def diff(self, info: Info) -> list[DocumentChange]:
        created = self.change is DefinitionChangeKind.CREATED
        before = None if created else self.revision - 1
        return await revision_step(info, self.kind.value, self.definition_id, before, self.revision)


def definition_change(published: Published, fact: events.DefinitionChanged) -> ChangedDefinition:
    return ChangedDefinition(
        kind=DefinitionKind(fact.kind),
        definition_id=strawberry.ID(fact.id),
        change=DefinitionChangeKind(fact.change),
        revision=fact.revision,
        author=fact.author,
        reason=fact.reason,
        at=DateTime(fact.at),
        catalogue_revision=Long(fact.catalogue_revision),
        sequence=Long(published.sequence),
        place=published.place,
    )
