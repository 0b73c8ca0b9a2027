"""What saving definitions would do, told before it is done: to the documents, and at once to the running plant."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.payloads import DefinitionChange, planned
from app.api.rehearsing import DefinitionsInput, changed_definitions
from app.api.types.alert import Alert
from app.api.types.enums import AlertTransition, BehaviorState, Evidence, OwnerKind
from app.api.types.problem import DefinitionRef, Warning, refs, warnings_of
from app.commands.activation import Activation
from app.model.events import BehaviorChanged


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
            withheld=[item.action for item in fact.actions if item.result == "withheld"],
            made=[
                item.action
                for item in fact.actions
                if item.result in ("decided", "done") and not item.action.startswith("alert ")
            ],
        )


@strawberry.type(description="What would become of an alert.")
class PlannedAlert:
    transition: AlertTransition = strawberry.field(description="What.")
    alert: Alert = strawberry.field(description="The alert then; the id of one that is raised is not a real one's.")


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

    @classmethod
    def of(cls, found: Activation) -> "DefinitionPlan":
        saved = found.saved
        return cls(
            created=refs(saved.created),
            updated=refs(saved.updated),
            unchanged=refs(saved.unchanged),
            changes=planned(saved),
            warnings=warnings_of(saved.warnings),
            twins=[strawberry.ID(id) for id in found.twins],
            overlays=[strawberry.ID(id) for id in found.overlays],
            open_alerts=[Alert.of(alert) for alert in found.alerts],
            transitions=[PlannedTransition.of(fact) for fact in found.behaviors],
            alerts=[
                PlannedAlert(transition=AlertTransition(fact.transition), alert=Alert.of(fact.alert))
                for fact in found.changes
            ],
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
        changed = await changed_definitions(info, input.documents, input.source)
        return DefinitionPlan.of(await info.context.services.commands.activation.look(changed, info.context.actor()))
