"""Subscriptions: first how things stand, flagged `initial`, then every change of them.

The bus is subscribed to before the snapshot is taken, and what the snapshot already holds is dropped by its sequence:
nothing falls between the two. A change whose commit is under way at that moment may come twice, never not at all.
"""

from collections.abc import AsyncGenerator, Callable, Hashable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, TypeVar

import strawberry

from app.api.alert_pages import newest_first
from app.api.context import Context, Info
from app.api.membership import About, Membership
from app.api.pushes import (
    AlertChange,
    BehaviorChange,
    ConnectivityChange,
    PropertyChange,
    alert_change,
    alert_found,
    behavior_change,
    behavior_found,
    connectivity_change,
    connectivity_found,
    property_change,
    property_found,
)
from app.api.types.enums import AlertSeverity
from app.errors import NotFound
from app.model.catalogue import Catalogue
from app.model.events import AlertChanged, BehaviorChanged, ConnectivityChanged, PropertyChanged
from app.model.lineage import family
from app.model.plan import OwnerKey
from app.runtime.bus import Fact, Published

FACTS_WAITING = 10_000
"""Facts that may wait for a slow reader before it is cut off with SLOW_CONSUMER."""

TwinIds = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only these twins, at most 10,000; all if left out.")
]
OfType = Annotated[strawberry.ID | None, strawberry.argument(description="Only twins of this type, also later ones.")]
OfOverlay = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only twins with a role in this overlay, as it stands then.")
]
_FILTERS = (
    "Several filters hold together. TWIN_NOT_FOUND, TWIN_TYPE_NOT_FOUND, OVERLAY_NOT_FOUND with a suggestion; a thing "
    "deleted later goes quiet."
)
_STATE = "A slow reader gets the newest state and is told how many it missed (`skipped`)."
_FACTS = f"Nothing is left out; a reader {FACTS_WAITING:,} facts behind is cut off with SLOW_CONSUMER."

Push = TypeVar("Push")


@dataclass(frozen=True, slots=True)
class _Topic:
    """One kind of subscription: which facts, which of them, and what they look like."""

    kind: type[Fact]
    membership: Membership
    wants: Callable[[Fact], bool]
    coalesce: Callable[[Fact], Hashable] | None
    indexed: bool = True
    """Whether the bus may deliver by fixed twin ids alone."""

    @property
    def name(self) -> str:
        """That of the field: facts are called as the subscriptions to them."""
        return self.kind.__name__[0].lower() + self.kind.__name__[1:]


async def _follow(
    context: Context,
    topic: _Topic,
    found: Callable[[frozenset[str] | None, int], Iterable[Push]],
    push: Callable[[Published], Push],
) -> AsyncGenerator[Push, None]:
    """`found(twins, sequence)` is how things stand: of these twins, or of everything it is about for None."""
    membership, live = topic.membership, context.live
    limit = FACTS_WAITING
    twins = membership.index() if topic.indexed else None
    with context.services.bus.subscribe(
        [topic.kind], twins=twins, wants=topic.wants, coalesce=topic.coalesce, limit=limit, topic=topic.name
    ) as changes:
        members, sequence = membership.twins(), live.sequence
        for item in list(found(None, sequence)):
            yield item
        joined_at: dict[str, int] = {}
        async with aclosing(changes.turns()) as turns:
            async for published in turns:
                now_members = membership.twins()
                if now_members is not members:
                    joined, members = now_members - members, now_members
                    joined_at.update(dict.fromkeys(joined, live.sequence))
                    for item in list(found(joined, live.sequence)) if joined else ():
                        yield item
                if published is not None and published.sequence > max(
                    sequence, joined_at.get(_twin_of(published.fact), 0)
                ):
                    yield push(published)


def _twin_of(fact: Fact) -> str:
    """The one twin a state fact is about; "" for facts that are not states."""
    return fact.twin_id if isinstance(fact, PropertyChanged | ConnectivityChanged) else ""


@strawberry.type(description="Changes as they happen, over WebSocket with the protocol graphql-transport-ws.")
class Subscription:
    @strawberry.subscription(
        description=(
            f"Values of properties. Changes within a property's deadband are not pushed. {_STATE} PROPERTY_NOT_FOUND. "
            f"{_FILTERS}"
        )
    )
    def property_changed(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        properties: Annotated[
            list[str] | None, strawberry.argument(description="Only properties of these names.")
        ] = None,
    ) -> AsyncGenerator[PropertyChange, None]:
        context = info.context
        catalogue = context.catalogue
        membership = Membership(catalogue, About.checked(catalogue, twin_ids, twin_type, overlay_id))
        names = _names(catalogue, membership, properties) if properties is not None else None

        def wants(fact: Fact) -> bool:
            return (
                isinstance(fact, PropertyChanged)
                and (names is None or fact.property in names)
                and membership.has(fact.twin_id)
            )

        def key(fact: Fact) -> Hashable:
            return (fact.twin_id, fact.property) if isinstance(fact, PropertyChanged) else None

        def found(twins: frozenset[str] | None, sequence: int) -> Iterable[PropertyChange]:
            now = context.services.clock.now()
            for twin_id in sorted(membership.twins() if twins is None else twins):
                for name in catalogue.capabilities(twin_id).properties:
                    if names is None or name in names:
                        state = context.live.property_state(twin_id, name)
                        yield property_found(catalogue, twin_id, name, state, now, sequence)

        def push(published: Published) -> PropertyChange:
            assert isinstance(published.fact, PropertyChanged)
            return property_change(catalogue, context.live, published, published.fact)

        return _follow(context, _Topic(PropertyChanged, membership, wants, key), found, push)

    @strawberry.subscription(
        description=f"Behaviors of twins and, unless twinIds or twinType is given, of overlays. {_FACTS} {_FILTERS}"
    )
    def behavior_changed(
        self, info: Info, twin_ids: TwinIds = None, twin_type: OfType = None, overlay_id: OfOverlay = None
    ) -> AsyncGenerator[BehaviorChange, None]:
        context = info.context
        membership = Membership(context.catalogue, About.checked(context.catalogue, twin_ids, twin_type, overlay_id))

        def wants(fact: Fact) -> bool:
            return isinstance(fact, BehaviorChanged) and membership.owns(fact.key.owner)

        def found(twins: frozenset[str] | None, sequence: int) -> Iterable[BehaviorChange]:
            now = context.services.clock.now()
            owners = membership.owners() if twins is None else [OwnerKey("twin", twin_id) for twin_id in sorted(twins)]
            for owner in owners:
                for view in context.live.behaviors(owner):
                    yield behavior_found(view, now, sequence)

        def push(published: Published) -> BehaviorChange:
            assert isinstance(published.fact, BehaviorChanged)
            return behavior_change(published, published.fact)

        return _follow(context, _Topic(BehaviorChanged, membership, wants, None), found, push)

    @strawberry.subscription(
        description=(f"Alerts that concern the twins, or that the overlay raises; open ones first. {_FACTS} {_FILTERS}")
    )
    def alert_changed(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        severity: Annotated[
            list[AlertSeverity] | None, strawberry.argument(description="Only of these severities.")
        ] = None,
        annunciated: Annotated[
            bool,
            strawberry.argument(
                description="Only those that are annunciated, and each that is so no longer as it becomes shelved or "
                "suppressed."
            ),
        ] = False,
    ) -> AsyncGenerator[AlertChange, None]:
        context = info.context
        membership = Membership(context.catalogue, About.checked(context.catalogue, twin_ids, twin_type, overlay_id))
        wanted = {item.value for item in severity} if severity is not None else None

        def wants(fact: Fact) -> bool:
            return (
                isinstance(fact, AlertChanged)
                and (wanted is None or fact.alert.severity in wanted)
                and (not annunciated or fact.alert.annunciated or fact.transition in ("shelved", "suppressed"))
                and membership.concerns(fact.alert.owner, fact.alert.twins)
            )

        def found(twins: frozenset[str] | None, sequence: int) -> Iterable[AlertChange]:
            now = context.services.clock.now()
            for alert in newest_first(context.live.open_alerts()):
                about = (
                    membership.concerns(alert.owner, alert.twins)
                    if twins is None
                    else not twins.isdisjoint(alert.twins)
                )
                told = alert.annunciated or not annunciated
                if about and told and (wanted is None or alert.severity in wanted):
                    yield alert_found(alert, now, sequence)

        def push(published: Published) -> AlertChange:
            assert isinstance(published.fact, AlertChanged)
            return alert_change(published, published.fact)

        # Not by index: an alert of a twin's own behavior may name other twins.
        return _follow(context, _Topic(AlertChanged, membership, wants, None, indexed=False), found, push)

    @strawberry.subscription(description=f"Whether twins can be reached. {_STATE} {_FILTERS}")
    def connectivity_changed(
        self, info: Info, twin_ids: TwinIds = None, twin_type: OfType = None, overlay_id: OfOverlay = None
    ) -> AsyncGenerator[ConnectivityChange, None]:
        context = info.context
        membership = Membership(context.catalogue, About.checked(context.catalogue, twin_ids, twin_type, overlay_id))

        def wants(fact: Fact) -> bool:
            return isinstance(fact, ConnectivityChanged) and membership.has(fact.twin_id)

        def key(fact: Fact) -> Hashable:
            return fact.twin_id if isinstance(fact, ConnectivityChanged) else None

        def found(twins: frozenset[str] | None, sequence: int) -> Iterable[ConnectivityChange]:
            now = context.services.clock.now()
            for twin_id in sorted(membership.twins() if twins is None else twins):
                state = context.live.connectivity(twin_id)
                if state is not None:
                    yield connectivity_found(twin_id, state, now, sequence)

        def push(published: Published) -> ConnectivityChange:
            assert isinstance(published.fact, ConnectivityChanged)
            return connectivity_change(context.live, published, published.fact)

        return _follow(context, _Topic(ConnectivityChanged, membership, wants, key), found, push)


def _names(catalogue: Catalogue, membership: Membership, given: Sequence[str]) -> frozenset[str]:
    """Raises NotFound for a name that no twin it is about has."""
    known: set[str] = set()
    for twin_id in membership.twins():
        known.update(catalogue.capabilities(twin_id).properties)
    if membership.about.twin_type is not None:
        for type_id in family(catalogue, membership.about.twin_type):
            known.update(catalogue.type_capabilities(type_id).properties)
    for index, name in enumerate(given):
        if name not in known:
            raise NotFound.named("property", name, known, path=f"/properties/{index}")
    return frozenset(given)
