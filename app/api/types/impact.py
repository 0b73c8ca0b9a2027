"""What an outage or a change leads to, as the schema tells it; docs/impact.md says what every word means."""

from enum import Enum
from typing import Annotated

import strawberry

from app.api.connections import PageInfo, page_info
from app.api.context import Info
from app.api.pages import encode_cursor
from app.api.rehearsing import Rehearsal, RehearsedAlert
from app.api.scalars import Long
from app.api.types.behavior import Behavior, find_behavior
from app.api.types.enums import AlertSeverity, OwnerKind, word
from app.api.types.overlay import Overlay
from app.api.types.twin import Twin
from app.commands import impact as model
from app.commands.impact_behaviors import BehaviorLoss, InterlockLoss
from app.commands.impact_overlays import OverlayLoss, RoleLoss
from app.model.listed import MOST_LISTED
from app.model.plan import PropertyKey
from app.topology import reasons


@strawberry.enum(description="What becomes of a twin, the gravest first.")
class ImpactState(Enum):
    LOST = word("lost", description="It is gone, or nobody is left in one of its groups.")
    DEGRADED = word("degraded", description="It lives on with fewer sources in one of its groups.")
    DISCONNECTED = word("disconnected", description="It runs on, but nothing is heard of it and nothing reaches it.")
    CHANGED = word("changed", description="Its values, behaviors, alerts or calls are other ones.")


@strawberry.enum(description="What is to be known of a twin before anybody relies on it.")
class TwinTrouble(Enum):
    DISCONNECTED = word("disconnected", description="Its path is silent, or has not been heard in this run.")
    OUT_OF_SERVICE = word("out_of_service", description="A property of it is out of service.")
    FORCED = word("forced", description="A property of it is forced.")
    UNKNOWN = word("unknown", description="A behavior of it comes to nothing: something that it reads is not known.")
    ALERTING = word("alerting", description="An active alert concerns it.")
    DEGRADED = word("degraded", description="It has fewer sources than it should have already.")
    LOST = word("lost", description="It is gone already, or lost for those that are.")


@strawberry.type(description="One step of a loss: what one twin misses of another.")
class ImpactHop:
    from_twin_id: strawberry.ID = strawberry.field(description="The twin that is gone or lost.")
    to_twin_id: strawberry.ID = strawberry.field(description="The twin that misses it.")
    name: str = strawberry.field(description="The relationship that carries it; of parallel ones the first by name.")
    relationship_type: str = strawberry.field(description="Its type.")
    group: str = strawberry.field(description="The group of the twin's sources that it belongs to.")

    @classmethod
    def of(cls, hop: reasons.Hop) -> "ImpactHop":
        return cls(
            from_twin_id=strawberry.ID(hop.from_twin),
            to_twin_id=strawberry.ID(hop.to_twin),
            name=hop.name,
            relationship_type=hop.relationship_type,
            group=hop.group,
        )


@strawberry.type(description="A source that a group has left.")
class RemainingSource:
    twin_id: strawberry.ID = strawberry.field(description="Its id.")
    troubles: list[TwinTrouble] = strawberry.field(description="How it stands now; empty where nothing is the matter.")

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)


@strawberry.type(description="A group of sources that has lost some of them.")
class GroupLoss:
    group: str = strawberry.field(description="As declared, else the type of its relationships.")
    died: bool = strawberry.field(description="Whether nobody is left: its twin is lost then.")
    width: int = strawberry.field(description="How many sources it had.")
    lost: list[strawberry.ID] = strawberry.field(
        description=f"Those that it loses, by id; the first {reasons.MOST_NAMED}."
    )
    lost_count: int = strawberry.field(description="How many those are.")
    remaining: list[RemainingSource] = strawberry.field(
        description=f"Those that it has left, by id; the first {reasons.MOST_NAMED}."
    )
    remaining_count: int = strawberry.field(description="How many those are.")

    @classmethod
    def of(cls, item: reasons.GroupLoss, affected: model.Affected) -> "GroupLoss":
        remaining = affected.remaining(item)
        return cls(
            group=item.group,
            died=item.died,
            width=item.width,
            lost=[strawberry.ID(id) for id in item.lost],
            lost_count=item.lost_count,
            remaining=[
                RemainingSource(twin_id=strawberry.ID(id), troubles=[TwinTrouble(word) for word in troubles])
                for id, troubles in remaining.items()
            ],
            remaining_count=item.remaining_count,
        )


def _twin_id(self: "AffectedTwin") -> strawberry.ID:
    return strawberry.ID(self.item.place.twin_id)


def _state(self: "AffectedTwin") -> ImpactState:
    return ImpactState(self.item.state)


def _named(self: "AffectedTwin") -> bool:
    return self.item.named


def _depth(self: "AffectedTwin") -> int:
    return self.item.place.depth


def _path(self: "AffectedTwin") -> list[ImpactHop]:
    return [ImpactHop.of(hop) for hop in self.item.path]


def _reason(self: "AffectedTwin") -> str:
    return self.item.reason


def _groups(self: "AffectedTwin") -> list[GroupLoss]:
    return [GroupLoss.of(group, self.item) for group in self.item.groups]


def _required_roles(self: "AffectedTwin") -> int:
    return -self.item.place.required


def _troubles(self: "AffectedTwin") -> list[TwinTrouble]:
    return [TwinTrouble(word) for word in self.item.standing]


@strawberry.type(description="A twin that an outage or a change affects.")
class AffectedTwin:
    item: strawberry.Private[model.Affected]
    twin_id: strawberry.ID = strawberry.field(resolver=_twin_id, description="Its id.")
    state: ImpactState = strawberry.field(resolver=_state, description="What becomes of it.")
    named: bool = strawberry.field(resolver=_named, description="Whether the question names it.")
    depth: int = strawberry.field(
        resolver=_depth,
        description="Relationships from the nearest twin that the question names, along those that carry the loss. Of "
        "a CHANGED twin 0 where it is named and 1 elsewhere.",
    )
    path: list[ImpactHop] = strawberry.field(
        resolver=_path,
        description=f"A shortest way for the loss to come to it, from a named twin; its last {reasons.MOST_HOPS} hops.",
    )
    reason: str = strawberry.field(resolver=_reason, description="Why, in words.")
    groups: list[GroupLoss] = strawberry.field(
        resolver=_groups, description="Its groups that have lost sources, by name."
    )
    required_roles: int = strawberry.field(
        resolver=_required_roles,
        description="In how many required roles of overlays, of which nobody is left, it is missed.",
    )
    troubles: list[TwinTrouble] = strawberry.field(
        resolver=_troubles, description="How it stands now, before anything happens."
    )

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.item.place.twin_id)


def _cursor(self: "AffectedTwinEdge") -> str:
    return cursor_of(self.node.item.place)


@strawberry.type(description="An affected twin with its place in the order of severity.")
class AffectedTwinEdge:
    node: AffectedTwin = strawberry.field(description="The twin.")
    cursor: str = strawberry.field(resolver=_cursor, description="Its place, for `after`.")


def _edges(self: "AffectedTwinConnection") -> list[AffectedTwinEdge]:
    return [AffectedTwinEdge(node=node) for node in self.nodes]


@strawberry.type(description="A page of affected twins, the gravest first.")
class AffectedTwinConnection:
    edges: list[AffectedTwinEdge] = strawberry.field(resolver=_edges, description="The twins with their cursors.")
    nodes: list[AffectedTwin] = strawberry.field(description="The twins alone.")
    page_info: PageInfo = strawberry.field(description="Whether there is more, and from where.")
    total_count: int = strawberry.field(description="How many there are over all pages.")

    @classmethod
    def of(cls, found: model.Impact) -> "AffectedTwinConnection":
        ends = [cursor_of(item.place) for item in (*found.page[:1], *found.page[-1:])]
        return cls(
            nodes=[AffectedTwin(item=item) for item in found.page],
            page_info=page_info(ends, found.has_previous, found.has_next),
            total_count=found.total,
        )


AFFECTED = "affectedTwins"
"""The list that cursors of affected twins are of, whatever was asked: a place in one is a place in all."""


def cursor_of(place: model.Place) -> str:
    key = f"{place.state}/{place.required}/{place.left}/{place.depth}/{place.twin_id}"
    return encode_cursor(key, AFFECTED)


@strawberry.type(description="A role that misses some of those who filled it.")
class RoleMissing:
    role: str = strawberry.field(description="The role.")
    required: bool = strawberry.field(description="Whether the overlay's type demands it.")
    died: bool = strawberry.field(description="Whether nobody is left in it.")
    lost_twin_ids: list[strawberry.ID] = strawberry.field(description="Twins that filled it and are lost, by id.")
    lost_overlay_ids: list[strawberry.ID] = strawberry.field(description="Overlays likewise.")
    remaining: int = strawberry.field(description="How many still fill it.")

    @classmethod
    def of(cls, item: RoleLoss) -> "RoleMissing":
        return cls(
            role=item.role,
            required=item.required,
            died=item.died,
            lost_twin_ids=[strawberry.ID(id) for id in item.twins],
            lost_overlay_ids=[strawberry.ID(id) for id in item.overlays],
            remaining=item.remaining,
        )


@strawberry.type(description="An overlay that misses some of its twins.")
class AffectedOverlay:
    overlay_id: strawberry.ID = strawberry.field(description="Its id.")
    state: ImpactState = strawberry.field(description="LOST where nobody is left in a required role, else DEGRADED.")
    roles: list[RoleMissing] = strawberry.field(
        description="Those that miss somebody: required ones without any first."
    )

    @strawberry.field(description="The overlay; null where it was deleted meanwhile.")
    def overlay(self, info: Info) -> Overlay | None:
        return Overlay.find(info.context.catalogue, self.overlay_id)

    @classmethod
    def of(cls, item: OverlayLoss) -> "AffectedOverlay":
        return cls(
            overlay_id=strawberry.ID(item.overlay_id),
            state=ImpactState(item.state),
            roles=[RoleMissing.of(role) for role in item.roles],
        )


@strawberry.type(description="A property that is not known any more.")
class GoneProperty:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="The property.")

    @classmethod
    def of(cls, key: PropertyKey) -> "GoneProperty":
        return cls(twin_id=strawberry.ID(key.twin_id), property=key.name)


@strawberry.type(description="A behavior that reads or acts on what is gone.")
class AffectedBehavior:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    name: str = strawberry.field(description="Its name.")
    severity: AlertSeverity | None = strawberry.field(description="The worst of the alerts that it may raise; or null.")
    blind: bool = strawberry.field(description="Whether it reads what is gone.")
    wholly_blind: bool = strawberry.field(description="Whether nothing is left of what it reads.")
    reads: list[GoneProperty] = strawberry.field(description="What it reads and that is gone; the first 20.")
    reads_count: int = strawberry.field(description="How many those are.")
    disarmed: bool = strawberry.field(description="Whether it acts on a twin that is gone.")
    acts_on: list[strawberry.ID] = strawberry.field(description="Those twins.")

    @strawberry.field(description="The behavior with its live state; null where it was deleted meanwhile.")
    def behavior(self, info: Info) -> Behavior | None:
        context = info.context
        return find_behavior(context.catalogue, context.live, self.owner_kind.value, self.owner_id, self.name)

    @classmethod
    def of(cls, item: BehaviorLoss) -> "AffectedBehavior":
        return cls(
            owner_kind=OwnerKind(item.key.owner.kind),
            owner_id=strawberry.ID(item.key.owner.id),
            name=item.key.name,
            severity=AlertSeverity(item.severity) if item.severity is not None else None,
            blind=item.reads_count > 0,
            wholly_blind=item.whole,
            reads=[GoneProperty.of(key) for key in item.reads],
            reads_count=item.reads_count,
            disarmed=bool(item.acts_on),
            acts_on=[strawberry.ID(id) for id in item.acts_on],
        )


@strawberry.type(
    description="An interlock that reads what is gone: it is unknown then, and refuses what it stands before."
)
class AffectedInterlock:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    name: str = strawberry.field(description="Its name.")
    wholly_blind: bool = strawberry.field(description="Whether nothing is left of what it reads.")
    reads: list[GoneProperty] = strawberry.field(description="What it reads and that is gone; the first 20.")
    reads_count: int = strawberry.field(description="How many those are.")
    guards: list[strawberry.ID] = strawberry.field(description="The twins that it stands before.")

    @classmethod
    def of(cls, item: InterlockLoss) -> "AffectedInterlock":
        return cls(
            owner_kind=OwnerKind(item.key.owner.kind),
            owner_id=strawberry.ID(item.key.owner.id),
            name=item.key.name,
            wholly_blind=item.whole,
            reads=[GoneProperty.of(key) for key in item.reads],
            reads_count=item.reads_count,
            guards=[strawberry.ID(id) for id in item.guards],
        )


@strawberry.type(description="How many there are of everything, whatever the page shows.")
class ImpactSummary:
    lost: int = strawberry.field(description="Twins that are lost, those that the question names included.")
    degraded: int = strawberry.field(description="Twins that live on with less.")
    disconnected: int = strawberry.field(description="Twins whose path falls silent.")
    changed: int = strawberry.field(description="Twins whose values, behaviors, alerts or calls change.")
    beyond: int = strawberry.field(description="Lost and degraded twins further away than `maxDepth`; none is told of.")
    already_lost: int = strawberry.field(description="Twins that `without` names, and those lost for them already.")
    already_degraded: int = strawberry.field(description="Twins that have less for them already.")
    overlays_lost: int = strawberry.field(description="Overlays without anybody in a required role.")
    overlays_degraded: int = strawberry.field(description="Other overlays that miss somebody.")
    behaviors_blind: int = strawberry.field(description="Behaviors that read what is gone.")
    behaviors_disarmed: int = strawberry.field(description="Behaviors that act on what is gone.")
    interlocks_blind: int = strawberry.field(description="Interlocks that read what is gone.")
    alerts: int | None = strawberry.field(description="Alerts that would be raised; null where nothing was rehearsed.")

    @classmethod
    def of(cls, found: model.Impact) -> "ImpactSummary":
        return cls(
            lost=found.counts["lost"],
            degraded=found.counts["degraded"],
            disconnected=found.counts["disconnected"],
            changed=found.counts["changed"],
            beyond=found.beyond,
            already_lost=found.already_lost,
            already_degraded=found.already_degraded,
            overlays_lost=found.overlays_lost,
            overlays_degraded=found.overlays.total - found.overlays_lost,
            behaviors_blind=found.silenced.blind,
            behaviors_disarmed=found.silenced.disarmed,
            interlocks_blind=found.silenced.interlocks.total,
            alerts=found.alerts_raised,
        )


@strawberry.type(description="What an outage or a change of values would lead to. Nothing of it has happened.")
class ImpactAnalysis:
    found: strawberry.Private[model.Impact]
    sequence: Long = strawberry.field(description="The journal sequence at which everything live in it stands.")
    summary: ImpactSummary = strawberry.field(description="How many there are of everything.")
    twins: AffectedTwinConnection = strawberry.field(
        description="One page (`first` and `after` of the input) of the affected twins, by severity: LOST, DEGRADED, "
        "DISCONNECTED, CHANGED; then those missed in more required roles; then those with fewer sources left; then "
        "the nearest; then by id."
    )
    not_rehearsed: str | None = strawberry.field(
        description="Why `rehearsal` is null: a code (NOTHING_TO_REHEARSE, REHEARSAL_TOO_WIDE, ...) and a sentence."
    )

    @strawberry.field(
        description="Overlays that miss a lost twin: LOST first, those without most required roles before others, "
        f"then by id; at most {MOST_LISTED}."
    )
    def overlays(self) -> list[AffectedOverlay]:
        return [AffectedOverlay.of(item) for item in self.found.overlays.items]

    @strawberry.field(
        description="Behaviors that read a lost or disconnected twin (blind) or act on one (disarmed): those that may "
        f"raise the worst alerts first, then by owner and name; at most {MOST_LISTED}."
    )
    def behaviors(self) -> list[AffectedBehavior]:
        return [AffectedBehavior.of(item) for item in self.found.silenced.behaviors.items]

    @strawberry.field(
        description=f"Interlocks that read a lost or disconnected twin, by owner and name; at most {MOST_LISTED}."
    )
    def interlocks(self) -> list[AffectedInterlock]:
        return [AffectedInterlock.of(item) for item in self.found.silenced.interlocks.items]

    @strawberry.field(
        description=f"What would become of alerts, by the rehearsal, in its order; at most {MOST_LISTED}."
    )
    def alerts_that_would_follow(self) -> list[RehearsedAlert]:
        return Rehearsal.of(self.found.rehearsal).alerts if self.found.rehearsal is not None else []

    @strawberry.field(
        description="The engine's rehearsal: the given values, or the paths of all twins that are gone fallen silent, "
        "and then `wait`. Null where there was none, see `notRehearsed`."
    )
    def rehearsal(self) -> Annotated["Rehearsal", strawberry.lazy("app.api.rehearsing")] | None:
        return Rehearsal.of(self.found.rehearsal) if self.found.rehearsal is not None else None

    @classmethod
    def of(cls, found: model.Impact) -> "ImpactAnalysis":
        return cls(
            found=found,
            sequence=Long(found.sequence),
            summary=ImpactSummary.of(found),
            twins=AffectedTwinConnection.of(found),
            not_rehearsed=found.not_rehearsed or None,
        )
