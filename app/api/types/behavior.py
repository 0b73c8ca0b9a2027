"""Behavior: a rule of a twin or overlay, its definition beside its live state.

`state` and `evidence` are two things: UNKNOWN evidence holds the state it found.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.earlier import explanation_at
from app.api.ids import global_id
from app.api.scalars import DateTime, moment
from app.api.types.behavior_definition import BehaviorDefinition, described
from app.api.types.enums import BehaviorFaultReason, BehaviorState, Evidence, OwnerKind
from app.api.types.explanation import Explanation, WhyNot
from app.api.types.node import Node
from app.api.types.owner import Owner, find_owner
from app.api.types.timer import Timer
from app.model import behaviors as model
from app.model.catalogue import Catalogue
from app.model.live import BehaviorView, Fault
from app.model.plan import BehaviorKey, OwnerKey
from app.ports import LiveView


@strawberry.type(description="A mistake in a behavior that no reading would mend.")
class BehaviorFault:
    reason: BehaviorFaultReason = strawberry.field(description="Its kind.")
    text: str = strawberry.field(description="What it is, and where.")

    @classmethod
    def of(cls, item: Fault) -> "BehaviorFault":
        return cls(reason=BehaviorFaultReason(item.reason), text=item.text)


@strawberry.type(description="A behavior of a twin or overlay, with its live state.")
class Behavior(BehaviorDefinition, Node):
    key: strawberry.Private[BehaviorKey]
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns it.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    state: BehaviorState = strawberry.field(description="Whether it is on.")
    evidence: Evidence = strawberry.field(description="What its condition came to last.")
    since: DateTime | None = strawberry.field(description="When it came into this state; null where it never changed.")
    error: str | None = strawberry.field(description="Why it can't run, or can't do all of it; null otherwise.")

    @strawberry.field(description="The twin or overlay that owns it; null where that was deleted meanwhile.")
    def owner(self, info: Info) -> Owner | None:
        return find_owner(info.context.catalogue, self.key.owner)

    @strawberry.field(description="What keeps `evidence` UNKNOWN, one line each; empty where it is known.")
    def unknown_because(self, info: Info) -> list[str]:
        return list(info.context.live.why_unknown(self.key))

    @strawberry.field(description="Why it or a part of it comes to nothing though its values are known; null for none.")
    def fault(self, info: Info) -> BehaviorFault | None:
        found = info.context.live.fault(self.key)
        return BehaviorFault.of(found) if found is not None else None

    @strawberry.field(description="What of it waits for its moment: delays, escalations, what it expects.")
    def timers(self, info: Info) -> list[Timer]:
        return [Timer.of(item) for item in info.context.live.timers_of(self.key)]

    @strawberry.field(
        description=(
            "Why it is as it is, on the values of now; null where the engine has not loaded it. With `at`, why it "
            "turned last before that, on the values of then; null where it had not turned yet. MOMENT_IN_FUTURE, "
            "HISTORY_NOT_KEPT where the journal no longer has it, HISTORY_TOO_LONG."
        )
    )
    async def explanation(
        self,
        info: Info,
        at: Annotated[DateTime | None, strawberry.argument(description="A moment in the past.")] = None,
    ) -> Explanation | None:
        found = await explanation_at(info.context.services, self.key, at)
        return Explanation.of(found) if found is not None else None

    @strawberry.field(
        description="What keeps it from being active, and the nearest values that would make it so; null likewise."
    )
    def why_not(self, info: Info) -> WhyNot | None:
        found = info.context.live.why_not(self.key)
        return WhyNot.of(found) if found is not None else None

    @classmethod
    def of_view(cls, key: BehaviorKey, item: model.BehaviorDefinition | None, view: BehaviorView | None) -> "Behavior":
        """`view` is None where the engine has not loaded it yet."""
        return cls(
            id=global_id("Behavior", key.owner.kind, key.owner.id, key.name),
            key=key,
            owner_kind=OwnerKind(key.owner.kind),
            owner_id=strawberry.ID(key.owner.id),
            name=key.name,
            **described(item),
            state=BehaviorState(view.state if view else "inactive"),
            evidence=Evidence(view.evidence if view else "unknown"),
            since=moment(view.since if view else None),
            error=view.error if view else None,
        )


def definitions_of(catalogue: Catalogue, owner: OwnerKey) -> Mapping[str, model.BehaviorDefinition]:
    """All behaviors of a twin or overlay by name, its type's included, its own replacing those."""
    if owner.kind == "twin":
        return catalogue.capabilities(owner.id).behaviors
    overlay = catalogue.overlay(owner.id)
    if overlay is None:
        return {}
    kind = catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    return {item.name: item for item in (*(kind.behaviors if kind else ()), *overlay.behaviors)}


def behaviors_of(catalogue: Catalogue, live: LiveView, owner: OwnerKey) -> list[Behavior]:
    """In the order of the definitions."""
    views = {view.key.name: view for view in live.behaviors(owner)}
    items = definitions_of(catalogue, owner)
    return [Behavior.of_view(BehaviorKey(owner, name), item, views.get(name)) for name, item in items.items()]


def active_names(views: Iterable[BehaviorView]) -> list[str]:
    return [view.key.name for view in views if view.state == "active"]


def find_behavior(catalogue: Catalogue, live: LiveView, owner_kind: str, owner_id: str, name: str) -> Behavior | None:
    if owner_kind != "twin" and owner_kind != "overlay":
        return None
    owner = OwnerKey("twin" if owner_kind == "twin" else "overlay", owner_id)
    return next((found for found in behaviors_of(catalogue, live, owner) if found.name == name), None)


def faulty_keys(live: LiveView, reasons: Container[str] | None) -> list[str]:
    """`owner kind/owner id/name`, sorted: identifiers have no slash, so that these are the places of cursors too."""
    return sorted(
        f"{fault.key.owner.kind}/{fault.key.owner.id}/{fault.key.name}"
        for fault in live.faults()
        if reasons is None or fault.reason in reasons
    )
