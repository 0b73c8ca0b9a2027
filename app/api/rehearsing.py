"""Queries that try something out on a copy: what would follow, without anything being done."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.inputs import DefinitionInput
from app.api.life import json_object
from app.api.scalars import JSON, DateTime, Long
from app.api.types.alert import Alert
from app.api.types.call import Call
from app.api.types.enums import AlertTransition, Answers, BehaviorState, Evidence, OwnerKind, Quality, RehearsedFact
from app.api.types.explanation import Explanation
from app.api.types.problem import Warning, warnings_of
from app.commands import what_if
from app.commands.dry_run import DryRun
from app.commands.request import read_documents
from app.errors import Invalid
from app.model.beside import Compared
from app.model.definitions import Definition
from app.model.document import MAX_ITEMS
from app.model.events import BehaviorChanged
from app.model.listed import MOST_LISTED, listed
from app.model.time import SECOND

TRUNCATED = "Whether a list ends before all of it is told: `totals` says how many there are."


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


@strawberry.type(description=f"How many would follow; at most {MOST_LISTED} of each are listed.")
class RehearsalTotals:
    transitions: int = strawberry.field(description="Of behaviors.")
    alerts: int = strawberry.field(description="Changes of alerts.")
    calls: int = strawberry.field(description="Changes of calls.")
    notes: int = strawberry.field(description="Of `notes`.")


@strawberry.type(description="What would follow. Nothing of it has happened, and no call reached a device.")
class Rehearsal:
    sequence: Long = strawberry.field(description="The journal sequence of the live state that it began from.")
    twins: int = strawberry.field(description="How many twins the changes could reach; only these were tried.")
    behaviors: int = strawberry.field(description="How many behaviors those and their overlays have.")
    transitions: list[RehearsedTransition] = strawberry.field(description="In their order.")
    alerts: list[RehearsedAlert] = strawberry.field(description="In their order.")
    calls: list[RehearsedCall] = strawberry.field(description="In their order.")
    notes: list[str] = strawberry.field(description="What keeps a change from showing, one line each.")
    totals: RehearsalTotals = strawberry.field(description="How many there are of each list.")
    truncated: bool = strawberry.field(description=TRUNCATED)

    @classmethod
    def of(cls, found: what_if.WhatIf) -> "Rehearsal":
        transitions, alerts, calls, notes = found.transitions(), found.alerts(), found.calls(), listed(found.notes)
        return cls(
            sequence=Long(found.sequence),
            twins=found.twins,
            behaviors=found.behaviors,
            transitions=[_transition(item.step, item.after / SECOND, fact) for item, fact in transitions.items],
            alerts=[
                RehearsedAlert(
                    step=item.step,
                    after=item.after / SECOND,
                    transition=AlertTransition(fact.transition),
                    alert=Alert.of(fact.alert),
                )
                for item, fact in alerts.items
            ],
            calls=[
                RehearsedCall(step=item.step, after=item.after / SECOND, call=Call.of(call))
                for item, call in calls.items
            ],
            notes=list(notes.items),
            totals=RehearsalTotals(
                transitions=transitions.total, alerts=alerts.total, calls=calls.total, notes=notes.total
            ),
            truncated=any(part.truncated for part in (transitions, alerts, calls, notes)),
        )


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
        skipped=what_if.skipped_in(fact),
        explanation=Explanation.of(what_if.explanation_of(fact)),
    )


@strawberry.input(description="Changed definitions: exactly one of the two.", one_of=True)
class DefinitionsInput:
    documents: list[DefinitionInput] | None = strawberry.field(
        default=strawberry.UNSET,
        description="As for saveDefinitions: each replaces the definition of its id. 1 to 10,000.",
    )
    source: str | None = strawberry.field(
        default=strawberry.UNSET, description="The text of a DTSL script, as for executeDtsl."
    )


async def changed_definitions(info: Info, given: DefinitionsInput, above: str = "") -> Sequence[Definition]:
    """Raises Invalid (NOTHING_TO_REHEARSE, TOO_MANY_DOCUMENTS; and what reading them finds)."""
    if given.source is not strawberry.UNSET and given.source is not None:
        return await info.context.services.commands.scripts.definitions(given.source)
    documents = given.documents or []
    if not documents:
        raise Invalid("no definition was given", code="NOTHING_TO_REHEARSE", path=f"{above}/documents")
    if len(documents) > MAX_ITEMS:
        raise Invalid(
            f"{len(documents)} documents were given; the most is {MAX_ITEMS}",
            code="TOO_MANY_DOCUMENTS",
            path=f"{above}/documents",
        )
    return await read_documents(
        [
            (item.kind.value, json_object(item.document, f"{above}/documents/{index}/document"))
            for index, item in enumerate(documents)
        ]
    )


@strawberry.input(description="Changed definitions to run beside the running ones, over what happened.")
class RehearseDefinitionsInput:
    definitions: DefinitionsInput = strawberry.field(description="What to run.")
    hours: float = strawberry.field(default=24.0, description="How far to look back.")


@strawberry.type(description="One thing that a behavior does, with the running definitions and with the changed ones.")
class RehearsedDifference:
    owner_kind: OwnerKind = strawberry.field(description="Whether a twin or an overlay owns the behavior.")
    owner_id: strawberry.ID = strawberry.field(description="The twinId or overlayId of its owner.")
    behavior: str = strawberry.field(description="Its name.")
    fact: RehearsedFact = strawberry.field(description="What it does.")
    what: str = strawberry.field(
        description="The code of the alert; of a call the twin and the method or property; empty for an activation."
    )
    before: int = strawberry.field(description="How often the running definitions do it.")
    after: int = strawberry.field(description="How often the changed ones do.")
    gone: list[DateTime] = strawberry.field(description="When only the running ones do it; the first 20.")
    new: list[DateTime] = strawberry.field(description="When only the changed ones do; the first 20.")

    @classmethod
    def of(cls, row: Compared) -> "RehearsedDifference":
        return cls(
            owner_kind=OwnerKind(row.owner.kind),
            owner_id=strawberry.ID(row.owner.id),
            behavior=row.behavior,
            fact=RehearsedFact(row.fact),
            what=row.what,
            before=row.before,
            after=row.after,
            gone=[DateTime(at) for at in row.gone],
            new=[DateTime(at) for at in row.new],
        )


@strawberry.type(description=f"How many there are; at most {MOST_LISTED} of each are listed.")
class DefinitionRehearsalTotals:
    differences: int = strawberry.field(description="Of `differences`.")
    unchanged: int = strawberry.field(description="Of `unchanged`.")
    warnings: int = strawberry.field(description="Of `warnings`.")


@strawberry.type(description="What changed definitions would have done, beside what the running ones did.")
class DefinitionRehearsal:
    began: DateTime | None = strawberry.field(
        description="From when on both were run: later than asked for where the journal does not reach back so far."
    )
    ended: DateTime | None = strawberry.field(
        description="Until when; null, as `began`, where nothing that runs changes."
    )
    entries: int = strawberry.field(description="How many entries of the journal that is.")
    whole: bool = strawberry.field(description="False where it took too long and ends before the journal does.")
    differences: list[RehearsedDifference] = strawberry.field(
        description="What one of the two does at other times than the other, by owner and behavior."
    )
    unchanged: list[RehearsedDifference] = strawberry.field(description="What both do at the same times.")
    warnings: list[Warning] = strawberry.field(description="Those that saving the definitions would give.")
    totals: DefinitionRehearsalTotals = strawberry.field(description="How many there are of each list.")
    truncated: bool = strawberry.field(description=TRUNCATED)

    @classmethod
    def of(cls, found: DryRun) -> "DefinitionRehearsal":
        beside = found.beside
        differences, unchanged, warnings = found.differences(), found.unchanged(), listed(found.saved.warnings)
        return cls(
            began=DateTime(beside.began) if beside is not None else None,
            ended=DateTime(beside.ended) if beside is not None else None,
            entries=beside.entries if beside is not None else 0,
            whole=beside.whole if beside is not None else True,
            differences=[RehearsedDifference.of(row) for row in differences.items],
            unchanged=[RehearsedDifference.of(row) for row in unchanged.items],
            warnings=warnings_of(warnings.items),
            totals=DefinitionRehearsalTotals(
                differences=differences.total, unchanged=unchanged.total, warnings=warnings.total
            ),
            truncated=any(part.truncated for part in (differences, unchanged, warnings)),
        )


@strawberry.type
class RehearsalQueries:
    @strawberry.field(
        description=(
            "Run changed definitions over the last hours beside the running ones, in a process of its own, and tell "
            "what they would have done differently. Devices are taken to accept every call. What saving them "
            "raises, NOTHING_TO_REHEARSE, HOURS_INVALID, REHEARSAL_TOO_WIDE, BREAKS_DEPENDENTS, DRY_RUN_FAILED."
        )
    )
    async def rehearse_definitions(
        self,
        info: Info,
        input: Annotated[RehearseDefinitionsInput, strawberry.argument(description="What to run.")],
    ) -> DefinitionRehearsal:
        changed = await changed_definitions(info, input.definitions, "/definitions")
        dry_run = info.context.services.commands.dry_run
        return DefinitionRehearsal.of(await dry_run.compare(changed, info.context.actor(), input.hours))

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
                what_if.wait_of(step.wait),
            )
            for step in input.steps
        ]
        return Rehearsal.of(await info.context.services.commands.what_if.try_out(steps, input.answers.value))
