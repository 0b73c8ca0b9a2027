"""What may be behind a twin's trouble or an alert, as the schema tells it."""

from enum import Enum

import strawberry

from app.api.context import Info
from app.api.scalars import Long
from app.api.types.alert import Alert
from app.api.types.enums import word
from app.api.types.impact import ImpactHop, TwinTrouble
from app.api.types.twin import Twin
from app.commands import causes as model


@strawberry.enum(description="What one twin's failure alone would make of another.")
class FailureEffect(Enum):
    LOST = word("lost", description="It would be lost.")
    DEGRADED = word("degraded", description="It would live on with less.")
    NONE = word("none", description="Nothing: others stand in, or the loss does not come so far.")


@strawberry.type(description="A twin that is in trouble and that the start depends on.")
class PossibleCause:
    twin_id: strawberry.ID = strawberry.field(description="Its id.")
    depth: int = strawberry.field(description="Relationships from it to the start; 0 for the start itself.")
    path: list[ImpactHop] = strawberry.field(
        description=f"A shortest way from it to the start; its first {model.MOST_HOPS} hops."
    )
    alerts: list[Alert] = strawberry.field(description="The active alerts that concern it, worst first.")
    troubles: list[TwinTrouble] = strawberry.field(description="How it stands now.")
    explains: int = strawberry.field(
        description="How many of the active alerts that were found concern it or a twin that depends on it."
    )
    explained_alert_ids: list[strawberry.ID] = strawberry.field(
        description=f"Their ids, sorted; the first {model.MOST_EXPLAINED}."
    )
    effect: FailureEffect = strawberry.field(
        description="What the start would be if this twin alone failed, redundancy counted; NONE for the start itself."
    )

    @strawberry.field(description="The twin; null where it was deleted meanwhile.")
    def twin(self, info: Info) -> Twin | None:
        return Twin.find(info.context.catalogue, self.twin_id)

    @classmethod
    def of(cls, item: model.PossibleCause) -> "PossibleCause":
        return cls(
            twin_id=strawberry.ID(item.twin_id),
            depth=item.depth,
            path=[ImpactHop.of(hop) for hop in item.path],
            alerts=[Alert.of(alert) for alert in item.alerts],
            troubles=[TwinTrouble(trouble) for trouble in item.standing],
            explains=item.explains,
            explained_alert_ids=[strawberry.ID(id) for id in item.explained],
            effect=FailureEffect(item.effect),
        )


@strawberry.type(description="What a search for causes has found.")
class CauseSearch:
    sequence: Long = strawberry.field(description="The journal sequence at which everything live in it stands.")
    text: str = strawberry.field(description="What was found, in a sentence; that nothing was, too.")
    twin_ids: list[strawberry.ID] = strawberry.field(description="The start: the twin, or those the alert concerns.")
    upstream: int = strawberry.field(description="How many other twins the start depends on, within `maxDepth`.")
    alerts: int = strawberry.field(description="Active alerts that concern these or the start.")
    causes: list[PossibleCause] = strawberry.field(
        description="Twins in trouble, the likeliest cause first: which explains most alerts; then whose failure would "
        "cost the start most; then the furthest upstream; then with the worst alert; then by id."
    )
    total_count: int = strawberry.field(
        description=f"Twins in trouble that were found; of more than {model.MAX_CANDIDATES} those with the worst "
        "alerts, then the furthest upstream, are weighed and listed."
    )

    @classmethod
    def of(cls, found: model.Causes, first: int) -> "CauseSearch":
        return cls(
            sequence=Long(found.sequence),
            text=found.text,
            twin_ids=[strawberry.ID(id) for id in found.starts],
            upstream=found.upstream,
            alerts=found.alerts,
            causes=[PossibleCause.of(item) for item in found.found[:first]],
            total_count=found.total,
        )
