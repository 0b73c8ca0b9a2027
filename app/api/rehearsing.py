"""Queries that try something out on a copy: what would follow, without anything being done."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.scalars import JSON, Long
from app.api.types.alert import Alert
from app.api.types.call import Call
from app.api.types.enums import AlertTransition, Answers, BehaviorState, Evidence, OwnerKind, Quality
from app.api.types.explanation import Explanation
from app.commands import what_if
from app.model.events import AlertChanged, BehaviorChanged
from app.model.events import Call as CallFact
from app.model.time import SECOND


@strawberry.input(description="A value that a property would have.")
class PropertyChangeInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="One of its properties, not a computed one.")
    value: JSON | None = strawberry.field(default=None, description="In the definition's unit.")
    quality: Quality = strawberry.field(default=Quality.GOOD, description="BAD needs no value: the last one stays.")


@strawberry.input(
    description="What happens at one moment: all values together, then the paths, and after that time passes."
)
class RehearsalStepInput:
    set: list[PropertyChangeInput] = strawberry.field(default_factory=list, description="Values, reported at once.")
    disconnect: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Twins whose path falls silent: what it feeds is not known any more."
    )
    connect: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="Twins whose path is there again; their values are known once they are set."
    )
    wait: float = strawberry.field(default=0.0, description="Seconds that then pass, at most 30 days.")


@strawberry.input(description="What to try out.")
class RehearseInput:
    steps: list[RehearsalStepInput] = strawberry.field(description="In their order, 1 to 100.")
    answers: Answers = strawberry.field(
        default=Answers.ACCEPT, description="What devices would answer to the calls that follow."
    )


@strawberry.type(description="A behavior that would turn.")
class RehearsedTransition:
    step: int = strawberry.field(description="The step in which it would, from 0.")
    after: float = strawberry.field(description="Seconds since the beginning.")
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns the behavior.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    behavior: str = strawberry.field(description="Its name.")
    was: BehaviorState = strawberry.field(description="Its state before; equal to `state` where only evidence changes.")
    state: BehaviorState = strawberry.field(description="Its state then.")
    evidence: Evidence = strawberry.field(description="What its condition would come to.")
    skipped: list[str] = strawberry.field(description="Actions that would not be taken, each with why.")
    explanation: Explanation = strawberry.field(description="Why.")


@strawberry.type(description="A change of an alert that would follow.")
class RehearsedAlert:
    step: int = strawberry.field(description="The step in which it would, from 0.")
    after: float = strawberry.field(description="Seconds since the beginning.")
    transition: AlertTransition = strawberry.field(description="What would become of it.")
    alert: Alert = strawberry.field(description="The alert then. Its id is not that of any real one.")


@strawberry.type(description="A call that would follow, each time its status would change.")
class RehearsedCall:
    step: int = strawberry.field(description="The step in which it would, from 0.")
    after: float = strawberry.field(description="Seconds since the beginning.")
    call: Call = strawberry.field(description="The call then. Its id is not that of any real one.")


@strawberry.type(description="What would follow. Nothing of it has happened, and no call reached a device.")
class Rehearsal:
    sequence: Long = strawberry.field(description="The journal sequence of the live state that it began from.")
    twins: int = strawberry.field(description="How many twins the changes could reach; only these were tried.")
    behaviors: int = strawberry.field(description="How many behaviors those and their overlays have.")
    transitions: list[RehearsedTransition] = strawberry.field(description="In their order.")
    alerts: list[RehearsedAlert] = strawberry.field(description="In their order.")
    calls: list[RehearsedCall] = strawberry.field(description="In their order.")
    notes: list[str] = strawberry.field(description="What keeps a change from showing, one line each.")

    @classmethod
    def of(cls, found: what_if.WhatIf) -> "Rehearsal":
        shown = cls(
            sequence=Long(found.sequence),
            twins=found.twins,
            behaviors=found.behaviors,
            transitions=[],
            alerts=[],
            calls=[],
            notes=list(found.notes),
        )
        for item in found.foreseen:
            step, after = item.step, item.after / SECOND
            match item.fact:
                case BehaviorChanged() as fact:
                    shown.transitions.append(_transition(step, after, fact))
                case AlertChanged(alert=alert, transition=transition):
                    shown.alerts.append(
                        RehearsedAlert(
                            step=step, after=after, transition=AlertTransition(transition), alert=Alert.of(alert)
                        )
                    )
                case CallFact() as call:
                    shown.calls.append(RehearsedCall(step=step, after=after, call=Call.of(call)))
        return shown


def _transition(step: int, after: float, fact: BehaviorChanged) -> RehearsedTransition:
    return RehearsedTransition(
        step=step,
        after=after,
        owner_kind=OwnerKind(fact.key.owner.kind),
        owner_id=strawberry.ID(fact.key.owner.id),
        behavior=fact.key.name,
        was=BehaviorState(fact.was),
        state=BehaviorState(fact.state),
        evidence=Evidence(fact.evidence),
        skipped=[f"{item.action}: {item.reason}" for item in fact.actions if item.result in ("skipped", "withheld")],
        explanation=Explanation.of(what_if.explanation_of(fact)),
    )


@strawberry.type
class RehearsalQueries:
    @strawberry.field(
        description=(
            "What would follow if values changed, paths fell silent and time passed, from the live state of now: tried "
            "on a copy of the part of the plant that the changes reach. REHEARSAL_INVALID with every problem, "
            "REHEARSAL_TOO_WIDE, REHEARSAL_TOO_LONG."
        )
    )
    async def rehearse(
        self, info: Info, input: Annotated[RehearseInput, strawberry.argument(description="What to try out.")]
    ) -> Rehearsal:
        steps = [
            what_if.Step(
                tuple(what_if.Change(item.twin_id, item.property, item.value, item.quality.value) for item in step.set),
                tuple(step.disconnect),
                tuple(step.connect),
                round(step.wait * SECOND),
            )
            for step in input.steps
        ]
        return Rehearsal.of(await info.context.services.commands.what_if.try_out(steps, input.answers.value))
