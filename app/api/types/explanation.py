"""Explanations: why a behavior is as it is, why an alert was raised, and what would have to change.

A condition is a tree, and GraphQL has no recursion: its nodes are a flat list in which each names its parent.
"""

from collections.abc import Sequence

import strawberry

from app.api.scalars import JSON, DateTime, moment
from app.api.types.call import Call
from app.api.types.cause import Cause, chain
from app.api.types.enums import BehaviorState, Evidence
from app.api.types.kinds import ExplanationNodeKind
from app.api.types.value import Value
from app.explain.english import needed, paragraph, why_not_paragraph
from app.explain.nodes import kind_of, revisions, text_of
from app.model import explanation as model
from app.model.conditions import Condition, PropertyRef, written
from app.model.events import Basis, Read, Together

TRUTHS = {True: Evidence.TRUE, False: Evidence.FALSE, None: Evidence.UNKNOWN}


@strawberry.type(description="A property that a condition reads, as it stood.")
class ExplanationInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin it is of.")
    property: str = strawberry.field(description="The property.")
    role: str | None = strawberry.field(
        description="What the condition calls the twin: a role, a path of roles or an id; null for the twin itself."
    )
    value: Value = strawberry.field(description="The value with its quality, times and reason.")
    source: str | None = strawberry.field(
        description="Who gave it: a connector, a person, a tool, `owner/behavior` or `computed`; null where nobody has."
    )

    @classmethod
    def of(cls, item: Read) -> "ExplanationInput":
        return cls(
            twin_id=strawberry.ID(item.fact.twin_id),
            property=item.fact.property,
            role=written(item.owner) if item.owner else None,
            value=Value.of(item.fact.state(), item.unit),
            source=item.source or None,
        )


@strawberry.type(description="One of those that fill a role of many, and what it came to.")
class ExplanationMember:
    id: strawberry.ID = strawberry.field(description="The twinId or overlayId.")
    evidence: Evidence | None = strawberry.field(description="Of a condition; null for a number.")
    value: JSON | None = strawberry.field(description="Of a number.")


@strawberry.type(description="What the members of a role of many came to together.")
class ExplanationMembers:
    count: int = strawberry.field(description="How many fill the role.")
    unknown: int = strawberry.field(description="Of how many it is not known.")
    deciding: list[ExplanationMember] = strawberry.field(
        description="Those by whom it is so, at most 10: the true ones of `any`, the false ones of `all`, ..."
    )
    missing: list[strawberry.ID] = strawberry.field(description="Those of which it is not known, at most 10.")

    @classmethod
    def of(cls, item: Together) -> "ExplanationMembers":
        return cls(
            count=item.members,
            unknown=item.unknown,
            deciding=[
                ExplanationMember(
                    id=strawberry.ID(member.id),
                    evidence=TRUTHS[member.value] if isinstance(member.value, bool) else None,
                    value=None if isinstance(member.value, bool) else member.value,
                )
                for member in item.deciding
            ],
            missing=[strawberry.ID(id) for id in item.missing],
        )


@strawberry.type(description="A node of a condition's tree and what it came to.")
class ExplanationNode:
    index: int = strawberry.field(description="Its place in the list; the whole condition is 0.")
    parent: int | None = strawberry.field(description="The `index` of the node that it is under; null for the whole.")
    kind: ExplanationNodeKind = strawberry.field(description="What it is.")
    text: str = strawberry.field(description="The sub-condition in JSON notation: `temperature >= 80.0`.")
    evidence: Evidence | None = strawberry.field(description="What it came to; null for a number or a text.")
    value: JSON | None = strawberry.field(description="The number or text it came to; null where it is not known.")
    why: str | None = strawberry.field(
        description="Why it is unknown, where that is not because of what is under it; of a `for` how it stands."
    )
    input: int | None = strawberry.field(
        description="Of a PROPERTY: its place in `inputs`; null where it is not there."
    )
    members: ExplanationMembers | None = strawberry.field(
        description="Of an AGGREGATE: who decides; null of others. What stands in one is asked of each, and not told."
    )

    @classmethod
    def of(
        cls, index: int, item: model.Seen, places: dict[PropertyRef, int], together: dict[Condition, Together]
    ) -> "ExplanationNode":
        many = together.get(item.node)
        return cls(
            index=index,
            parent=item.parent,
            kind=ExplanationNodeKind(kind_of(item.node)),
            text=text_of(item.node),
            evidence=TRUTHS[item.value] if item.type == "boolean" else None if item.type else Evidence.UNKNOWN,
            value=item.value if item.type != "boolean" else None,
            why=item.why or None,
            input=places.get(item.node) if isinstance(item.node, PropertyRef) else None,
            members=ExplanationMembers.of(many) if many is not None else None,
        )


@strawberry.type(description="Why a behavior is as it is, or why an alert was raised.")
class Explanation:
    text: str = strawberry.field(description="All of it in a paragraph of plain English.")
    at: DateTime = strawberry.field(description="The moment of the values.")
    state: BehaviorState = strawberry.field(description="Whether the behavior was on.")
    evidence: Evidence = strawberry.field(description="What its condition came to.")
    since: DateTime | None = strawberry.field(
        description="When the behavior came into that state; null where it never changed, and of an alert."
    )
    error: str | None = strawberry.field(description="Why the behavior can't run; null where it can.")
    revision: str | None = strawberry.field(
        description=(
            "The definitions that the condition is of, each with its revision: `twin_type/pump/3`. Null where no "
            "condition was evaluated."
        )
    )
    nodes: list[ExplanationNode] = strawberry.field(
        description="The condition, every node before what is under it. Empty where no condition was evaluated."
    )
    inputs: list[ExplanationInput] = strawberry.field(description="What it reads, in order of appearance.")
    cause: list[Cause] = strawberry.field(
        description="What turned it last, or raised the alert, nearest first; empty where nothing has."
    )
    calls: list[Call] = strawberry.field(
        description="What the behavior decided since it came into its state, or with the alert, as far as memory goes."
    )

    @classmethod
    def of(cls, item: model.Explanation) -> "Explanation":
        basis = item.basis
        places = places_of(basis)
        together = {item.node: item for item in basis.together} if basis is not None else {}
        return cls(
            text=paragraph(item),
            at=DateTime(item.at),
            state=BehaviorState(item.state),
            evidence=Evidence(item.evidence),
            since=moment(item.since),
            error=item.error,
            revision=revisions(basis.revision) if basis is not None else None,
            nodes=[ExplanationNode.of(index, node, places, together) for index, node in enumerate(item.nodes)],
            inputs=[ExplanationInput.of(read) for read in basis.reads] if basis is not None else [],
            cause=chain(item.cause) if item.cause is not None else [],
            calls=[Call.of(call) for call in item.calls],
        )


def places_of(basis: Basis | None) -> dict[PropertyRef, int]:
    reads = basis.reads if basis is not None else ()
    return {PropertyRef(read.owner, read.fact.property): place for place, read in enumerate(reads)}


@strawberry.type(description="A sub-condition that stands in the way, and what it would take.")
class Missing:
    node: int = strawberry.field(description="The `index` of its node in `explanation.nodes`.")
    text: str = strawberry.field(description="`temperature of 'pump_123' is 78.4 celsius, needs >= 80.0`.")
    wanted: bool = strawberry.field(description="What the sub-condition would have to be.")
    input: int | None = strawberry.field(
        description="Of the one property that would have to change: its place in `explanation.inputs`; null otherwise."
    )
    needs: str | None = strawberry.field(description="`>= 80.0`; null where no comparison says it.")
    nearest: JSON | None = strawberry.field(
        description="The value nearest to the one now that would do; null where there is none to name."
    )
    distance: float | None = strawberry.field(
        description="How far that is: of numbers relative to the one now, of all else 1; null where it is not known."
    )


@strawberry.type(description="A smallest set of changes that together would make the condition true.")
class Way:
    parts: list[Missing] = strawberry.field(description="Nearest first.")
    distance: float | None = strawberry.field(description="Of all parts together; null where it is not known.")


@strawberry.type(description="What keeps a behavior from being active.")
class WhyNot:
    text: str = strawberry.field(description="All of it in a paragraph of plain English.")
    ways: list[Way] = strawberry.field(
        description=(
            "Nearest first, at most 50. Empty where it is active, can't run, or where no values at all would make its "
            "condition true."
        )
    )
    whole: bool = strawberry.field(
        description="False for a condition of more than 20 parts: then `ways` are those of its first level only."
    )
    blocked: list[str] = strawberry.field(
        description="What would stand in the way of its calls and writes if it became active now, one line each."
    )
    explanation: Explanation = strawberry.field(description="How it stands.")

    @classmethod
    def of(cls, item: model.WhyNot) -> "WhyNot":
        explanation = item.explanation
        return cls(
            text=why_not_paragraph(item),
            ways=[
                Way(parts=[_missing(explanation, part) for part in way.parts], distance=way.distance)
                for way in item.ways
            ],
            whole=item.whole,
            blocked=list(item.blocked),
            explanation=Explanation.of(explanation),
        )


def _missing(explanation: model.Explanation, part: model.Missing) -> Missing:
    return Missing(
        node=part.place,
        text=needed(explanation, part),
        wanted=part.wanted,
        input=_input(explanation.nodes, part, places_of(explanation.basis)),
        needs=part.needs or None,
        nearest=part.nearest,
        distance=part.distance,
    )


def _input(nodes: Sequence[model.Seen], part: model.Missing, places: dict[PropertyRef, int]) -> int | None:
    node = nodes[part.subject].node if part.subject is not None else None
    return places.get(node) if isinstance(node, PropertyRef) else None
