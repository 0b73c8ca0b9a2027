"""What saving definitions would do, told before it is done: to the documents, and at once to the running plant."""

from typing import Annotated, Any

import strawberry

from app.api.context import Info
from app.api.payloads import DefinitionChange, planned
from app.api.rehearsing import TRUNCATED, DefinitionsInput, changed_definitions
from app.api.types.alert import Alert
from app.api.types.enums import AlertTransition, BehaviorState, Evidence, OwnerKind
from app.api.types.problem import DefinitionRef, Warning, refs, warnings_of
from app.commands.activation import Activation, made_in, withheld_in
from app.model.events import BehaviorChanged
from app.model.listed import MOST_LISTED, Listed, listed


@strawberry.type(description="What a behavior would come to as it is loaded.")
class PlannedTransition:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns the behavior.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    behavior: str = strawberry.field(description="Its name.")
    was: BehaviorState = strawberry.field(description="Its state now.")
    state: BehaviorState = strawberry.field(description="Its state then.")
    evidence: Evidence = strawberry.field(description="What its condition would come to.")
    withheld: list[str] = strawberry.field(
        description="Calls and writes that it would not make, because its condition is true already."
    )
    made: list[str] = strawberry.field(description="Calls and writes that it would make: it says `on load act`.")

    @classmethod
    def of(cls, fact: BehaviorChanged) -> "PlannedTransition":
        return cls(
            owner_kind=OwnerKind(fact.key.owner.kind),
            owner_id=strawberry.ID(fact.key.owner.id),
            behavior=fact.key.name,
            was=BehaviorState(fact.was),
            state=BehaviorState(fact.state),
            evidence=Evidence(fact.evidence),
            withheld=withheld_in(fact),
            made=made_in(fact),
        )


@strawberry.type(description="What would become of an alert.")
class PlannedAlert:
    transition: AlertTransition = strawberry.field(description="What.")
    alert: Alert = strawberry.field(description="The alert then; the id of one that is raised is not a real one's.")


@strawberry.type(description=f"How many there are; at most {MOST_LISTED} of each are listed.")
class DefinitionPlanTotals:
    warnings: int = strawberry.field(description="Of `warnings`.")
    twins: int = strawberry.field(description="Of `twins`.")
    overlays: int = strawberry.field(description="Of `overlays`.")
    open_alerts: int = strawberry.field(description="Of `openAlerts`.")
    transitions: int = strawberry.field(description="Of `transitions`.")
    alerts: int = strawberry.field(description="Of `alerts`.")


@strawberry.type(description="What saving definitions would do. Nothing of it is done.")
class DefinitionPlan:
    created: list[DefinitionRef] = strawberry.field(description="New definitions.")
    updated: list[DefinitionRef] = strawberry.field(description="Replaced definitions.")
    unchanged: list[DefinitionRef] = strawberry.field(description="Definitions that are so already.")
    changes: list[DefinitionChange] = strawberry.field(description="What each would be changed by.")
    warnings: list[Warning] = strawberry.field(description="Those that saving would give.")
    twins: list[strawberry.ID] = strawberry.field(description="Twins whose rules or properties would be loaded anew.")
    overlays: list[strawberry.ID] = strawberry.field(description="Active overlays that would be.")
    open_alerts: list[Alert] = strawberry.field(description="Open alerts of those, as they stand.")
    transitions: list[PlannedTransition] = strawberry.field(
        description="Behaviors that would turn, or come to other evidence, at once."
    )
    alerts: list[PlannedAlert] = strawberry.field(description="What would become of alerts at once.")
    totals: DefinitionPlanTotals = strawberry.field(description="How many there are of each list.")
    truncated: bool = strawberry.field(description=TRUNCATED)

    @classmethod
    def of(cls, found: Activation) -> "DefinitionPlan":
        saved, warnings = found.saved, listed(found.saved.warnings)
        twins, overlays, open_alerts = listed(found.twins), listed(found.overlays), listed(found.alerts)
        transitions, alerts = listed(found.behaviors), listed(found.changes)
        parts: tuple[Listed[Any], ...] = (warnings, twins, overlays, open_alerts, transitions, alerts)
        return cls(
            created=refs(saved.created),
            updated=refs(saved.updated),
            unchanged=refs(saved.unchanged),
            changes=planned(saved),
            warnings=warnings_of(warnings.items),
            twins=[strawberry.ID(id) for id in twins.items],
            overlays=[strawberry.ID(id) for id in overlays.items],
            open_alerts=[Alert.of(alert) for alert in open_alerts.items],
            transitions=[PlannedTransition.of(fact) for fact in transitions.items],
            alerts=[
                PlannedAlert(transition=AlertTransition(fact.transition), alert=Alert.of(fact.alert))
                for fact in alerts.items
            ],
            totals=DefinitionPlanTotals(
                warnings=warnings.total,
                twins=twins.total,
                overlays=overlays.total,
                open_alerts=open_alerts.total,
                transitions=transitions.total,
                alerts=alerts.total,
            ),
            truncated=any(part.truncated for part in parts),
        )


@strawberry.type
class PlanningQueries:
    @strawberry.field(
        description=(
            "What saving definitions would do: to the documents, and at once to the plant as it runs (tried on a copy "
            "of what they reach). What saving them raises, NOTHING_TO_REHEARSE, REHEARSAL_TOO_WIDE, BREAKS_DEPENDENTS."
        )
    )
    async def plan_definitions(
        self, info: Info, input: Annotated[DefinitionsInput, strawberry.argument(description="What to save.")]
    ) -> DefinitionPlan:
        changed = await changed_definitions(info, input)
        return DefinitionPlan.of(await info.context.services.commands.activation.look(changed, info.context.actor()))
