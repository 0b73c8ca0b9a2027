"""Cause: why something happened, as a list from the nearest cause back to the first."""

import strawberry

from app.api.scalars import DateTime
from app.api.types.enums import CauseKind
from app.model import events


@strawberry.type(description="One link of the chain that led to something.")
class Cause:
    kind: CauseKind = strawberry.field(description="What it was.")
    ref: str = strawberry.field(
        description="Which: a connector, `owner/behavior`, a person, a call id, a catalogue revision or a path."
    )
    at: DateTime = strawberry.field(description="When.")


def chain(cause: events.Cause) -> list[Cause]:
    found: list[Cause] = []
    link: events.Cause | None = cause
    while link is not None:
        found.append(Cause(kind=CauseKind(link.kind), ref=link.ref, at=DateTime(link.at)))
        link = link.parent
    return found
