"""Subscriptions: first how things stand, flagged `initial`, then every change of them; or, where a client names what it
has already, everything since.

Each resolver says what it is about and where that comes from; who executes it, for whom and how often is sharing.py's.
"""

from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any, cast

import strawberry

from app.api.context import Context, Info
from app.api.filters import TwinWhere
from app.api.live.fields import LiveSubscriptions
from app.api.membership import About, Membership
from app.api.pace import LONGEST_MS, interval_of
from app.api.pushes import (
    AlertChange,
    BehaviorChange,
    CallChange,
    ChangedDefinition,
    ConnectivityChange,
    PropertyChange,
    TwinEventOccurrence,
)
from app.api.reached import ReachedFrom, reached
from app.api.reader import FACTS_WAITING
from app.api.scalars import Long
from app.api.sources import FactSource, FactTopic, StateSource, StateTopic
from app.api.topics import Alerts, Behaviors, Calls, Connectivities, Definitions, Properties, TwinEvents
from app.api.types.enums import AlertSeverity, DefinitionKind
from app.errors import NotFound
from app.model.catalogue import Catalogue
from app.model.lineage import family

TwinIds = Annotated[
    list[strawberry.ID] | None, strawberry.argument(description="Only these twins, at most 10,000; all if left out.")
]
OfType = Annotated[strawberry.ID | None, strawberry.argument(description="Only twins of this type, also later ones.")]
OfOverlay = Annotated[
    strawberry.ID | None, strawberry.argument(description="Only twins with a role in this overlay, as it stands then.")
]
Where = Annotated[
    TwinWhere | None,
    strawberry.argument(
        description="Only twins that match. What it says of definitions is followed as they change; what it says of "
        "live values (properties, connectivity, activeBehavior, alertSeverity, overridden) is looked at for each push "
        "as it is made."
    ),
]
Downstream = Annotated[
    ReachedFrom | None,
    strawberry.argument(description="Only twins that edges lead to from these; kept right as edges change."),
]
Upstream = Annotated[
    ReachedFrom | None,
    strawberry.argument(description="Only twins from which edges lead to these; kept right as edges change."),
]
After = Annotated[
    Long | None,
    strawberry.argument(
        description="Instead of how things stand, all that happened after this `sequence`: that of the last push that "
        "the client got. Give it as a variable: what is shared with others does not depend on it then. RESUME_TOO_OLD "
        "where the journal does not reach back so far (subscribe without it: that is the reset), RESUME_AHEAD."
    ),
]
AfterPlace = Annotated[
    int | None,
    strawberry.argument(
        description="The `place` of that push: what follows it at the same sequence comes too. Without it the client "
        "is taken to have everything of that sequence. SEQUENCE_INVALID."
    ),
]
MinInterval = Annotated[
    int | None,
    strawberry.argument(
        description=f"Milliseconds, at most {LONGEST_MS:,}: after a push of a subject none of the same for so long, "
        "then the newest, which says how many it stands for (`skipped`). INTERVAL_INVALID."
    ),
]
_FILTERS = (
    "Several filters hold together. TWIN_NOT_FOUND, TWIN_TYPE_NOT_FOUND, OVERLAY_NOT_FOUND and what `twins(where)` "
    "raises, with a suggestion; a thing deleted later goes quiet."
)
_STATE = "A slow reader gets the newest state and is told how many it missed (`skipped`)."
_FACTS = f"Nothing is left out; a reader {FACTS_WAITING:,} facts behind is cut off with SLOW_CONSUMER."
_RESUMES = "`after` resumes without gap or repeat."


@strawberry.type(description="Changes as they happen, over WebSocket with the protocol graphql-transport-ws.")
class Subscription(LiveSubscriptions):
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
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        min_interval_ms: MinInterval = None,
    ) -> AsyncGenerator[PropertyChange, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        names = _names(context.catalogue, membership, properties) if properties is not None else None
        return _states(context, Properties(context, membership, names, interval_of(min_interval_ms)))

    @strawberry.subscription(
        description=(
            f"Behaviors of twins and, unless only twins are asked for, of overlays. {_FACTS} {_RESUMES} {_FILTERS}"
        )
    )
    def behavior_changed(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        after: After = None,
        after_place: AfterPlace = None,
    ) -> AsyncGenerator[BehaviorChange, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        return _facts(context, Behaviors(context, membership), after, after_place)

    @strawberry.subscription(
        description=(
            f"Alerts that concern the twins, or that the overlay raises; open ones first. {_FACTS} {_RESUMES} "
            f"{_FILTERS}"
        )
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
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        after: After = None,
        after_place: AfterPlace = None,
    ) -> AsyncGenerator[AlertChange, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        wanted = {item.value for item in severity} if severity is not None else None
        return _facts(context, Alerts(context, membership, wanted, annunciated=annunciated), after, after_place)

    @strawberry.subscription(description=f"Whether twins can be reached. {_STATE} {_FILTERS}")
    def connectivity_changed(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        min_interval_ms: MinInterval = None,
    ) -> AsyncGenerator[ConnectivityChange, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        return _states(context, Connectivities(context, membership, interval_of(min_interval_ms)))

    @strawberry.subscription(
        description=f"Calls to devices, step by step; those under way first. {_FACTS} {_RESUMES} {_FILTERS}"
    )
    def call_changed(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        methods: Annotated[
            list[str] | None, strawberry.argument(description="Only calls of these methods, and no writes.")
        ] = None,
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        after: After = None,
        after_place: AfterPlace = None,
    ) -> AsyncGenerator[CallChange, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        return _facts(context, Calls(context, membership, methods), after, after_place)

    @strawberry.subscription(
        description=(
            "Events that devices and behaviors raise. None comes at the start (see `instance.lastEvents` of a twin). "
            f"{_FACTS} {_RESUMES} {_FILTERS}"
        )
    )
    def twin_event_occurred(
        self,
        info: Info,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        names: Annotated[list[str] | None, strawberry.argument(description="Only events of these names.")] = None,
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        after: After = None,
        after_place: AfterPlace = None,
    ) -> AsyncGenerator[TwinEventOccurrence, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        return _facts(context, TwinEvents(membership, names), after, after_place)

    @strawberry.subscription(
        description=(
            "Definitions as they are created, updated and deleted, by whomever. None comes at the start. With a filter "
            f"of twins: those twins' documents, and those of the type or overlay named. {_FACTS} {_RESUMES} {_FILTERS}"
        )
    )
    def definition_changed(
        self,
        info: Info,
        kinds: Annotated[list[DefinitionKind] | None, strawberry.argument(description="Only of these kinds.")] = None,
        ids: Annotated[
            list[strawberry.ID] | None,
            strawberry.argument(description="Only definitions of these ids, also of ids that nothing has yet."),
        ] = None,
        twin_ids: TwinIds = None,
        twin_type: OfType = None,
        overlay_id: OfOverlay = None,
        where: Where = None,
        downstream_of: Downstream = None,
        upstream_of: Upstream = None,
        after: After = None,
        after_place: AfterPlace = None,
    ) -> AsyncGenerator[ChangedDefinition, None]:
        context = info.context
        membership = _membership(context, twin_ids, twin_type, overlay_id, where, downstream_of, upstream_of)
        wanted = {item.value for item in kinds} if kinds is not None else None
        return _facts(
            context, Definitions(membership, wanted, frozenset(ids) if ids is not None else None), after, after_place
        )


def _membership(
    context: Context,
    twin_ids: Sequence[str] | None,
    twin_type: str | None,
    overlay_id: str | None,
    where: TwinWhere | None,
    downstream_of: ReachedFrom | None,
    upstream_of: ReachedFrom | None,
) -> Membership:
    """Raises NotFound and Invalid for whatever nothing carries."""
    catalogue = context.catalogue
    return Membership(
        catalogue,
        About.checked(catalogue, twin_ids, twin_type, overlay_id),
        context.services.finder.matching(where.asked()) if where is not None else None,
        reached(context, downstream_of, upstream_of),
    )


def _states(context: Context, topic: StateTopic[Any]) -> AsyncGenerator[Any, None]:
    return cast("AsyncGenerator[Any, None]", StateSource(context, topic))


def _facts(
    context: Context, topic: FactTopic[Any, Any], after: int | None, after_place: int | None
) -> AsyncGenerator[Any, None]:
    return cast("AsyncGenerator[Any, None]", FactSource(context, topic, after, after_place))


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
