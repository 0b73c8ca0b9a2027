"""Behavior: a rule of a twin or overlay, its definition beside its live state.

`state` and `evidence` are two things: UNKNOWN evidence holds the state it found.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated

import strawberry

from app.api.connections import PAGES, After, Before, Connection, First, Last, connect
from app.api.context import Context, Info
from app.api.earlier import explanation_at
from app.api.ids import global_id
from app.api.scalars import DateTime, moment
from app.api.types.alert import AlertConnection, alerts_of
from app.api.types.behavior_definition import BehaviorDefinition, described
from app.api.types.call import CallConnection, calls_of
from app.api.types.enums import BehaviorFaultReason, BehaviorState, Evidence, OwnerKind
from app.api.types.explanation import Explanation, WhyNot
from app.api.types.node import Node
from app.api.types.owner import Owner, find_owner
from app.api.types.property import Property
from app.api.types.timer import Timer
from app.api.wheres import AlertWhereArgument, CallWhereArgument
from app.model import behaviors as model
from app.model.asked import Sought
from app.model.catalogue import Catalogue
from app.model.live import BehaviorView, Fault
from app.model.plan import BehaviorKey, OwnerKey
from app.ports import LiveView

if TYPE_CHECKING:
    from app.api.types.twin import Twin


@strawberry.type(description="One thing that a behavior does to a twin: a call, a write or an event.")
class BehaviorAct:
    twin_id: strawberry.ID = strawberry.field(description="The twin that it is done to.")
    method: str | None = strawberry.field(description="The method that it calls; null where it calls none.")
    property: str | None = strawberry.field(description="The property that it writes; null where it writes none.")
    event: str | None = strawberry.field(description="The event that it emits; null where it emits none.")

    @strawberry.field(description="That twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Annotated["Twin", strawberry.lazy("app.api.types.twin")] | None:
        from app.api.types.twin import Twin

        return Twin.find(info.context.catalogue, self.twin_id)


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

    @strawberry.field(description=f"The properties that its conditions read, by twin and name. {PAGES}.")
    def reads(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[Property]:
        ids = sorted(f"{key.twin_id}/{key.name}" for key in info.context.uses.reads(self.key))
        of = f"reads/{key_text(self.key)}"
        return connect(
            ids, lambda catalogue, id: Property.find(catalogue, *id.split("/")), info.context, first, after, last,
            before, of,
        )  # fmt: skip

    @strawberry.field(
        description="What its actions do to twins, wherever in it they stand, each once, by twin; without those on a "
        f"role that nobody fills. {PAGES}."
    )
    def acts_on(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[BehaviorAct]:
        found = {"/".join((act[0], *(part or "" for part in act[1:]))): act for act in info.context.uses.acts(self.key)}

        def show(_: Catalogue, id: str) -> BehaviorAct:
            act = found[id]
            return BehaviorAct(
                twin_id=strawberry.ID(act.twin_id), method=act.method, property=act.property, event=act.event
            )

        return connect(sorted(found), show, info.context, first, after, last, before, f"acts/{key_text(self.key)}")

    @strawberry.field(
        description=f"The alerts that it raised, newest first; open ones from memory, closed ones from the graph. "
        f"{PAGES}, UNAVAILABLE while that is down."
    )
    async def alerts(
        self, info: Info, where: AlertWhereArgument = None, first: First = None, after: After = None
    ) -> AlertConnection:
        name = key_text(self.key)
        return await alerts_of(info.context, f"behavior/{name}", Sought(behaviors=(name,)), where, first, after)

    @strawberry.field(
        description=f"The calls that it decided, newest first: from the graph, which is waited for. {PAGES}, "
        "UNAVAILABLE while that is down."
    )
    async def calls(
        self, info: Info, where: CallWhereArgument = None, first: First = None, after: After = None
    ) -> CallConnection:
        name = key_text(self.key)
        return await calls_of(info.context, f"behavior/{name}", Sought(behaviors=(name,)), where, first, after)

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
    item = definitions_of(catalogue, owner).get(name)
    if item is None:
        return None
    view = next((view for view in live.behaviors(owner) if view.key.name == name), None)
    return Behavior.of_view(BehaviorKey(owner, name), item, view)


def key_text(key: BehaviorKey) -> str:
    """`owner kind/owner id/name`: identifiers have no slash, so that these are the places of cursors too."""
    return f"{key.owner.kind}/{key.owner.id}/{key.name}"


def behavior_page(
    context: Context,
    keys: Iterable[BehaviorKey],
    first: int | None,
    after: str | None,
    last: int | None,
    before: str | None,
    of: str,
) -> Connection[Behavior]:
    """Of these behaviors, by owner and name."""
    live = context.live
    ids = sorted({key_text(key) for key in keys})
    return connect(
        ids, lambda catalogue, id: find_behavior(catalogue, live, *id.split("/")), context, first, after, last, before,
        of,
    )  # fmt: skip
