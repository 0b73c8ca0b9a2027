"""Queries about consequences and causes: what an outage leads to, and what may have led to an alert."""

from functools import partial
from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.pages import DEFAULT_PAGE, MAX_PAGE, decode_cursor, page_size
from app.api.rehearsing import PropertyChangeInput
from app.api.types.causes import CauseSearch
from app.api.types.impact import AFFECTED, ImpactAnalysis
from app.commands.causes import MAX_CANDIDATES, CauseQuestion
from app.commands.impact import Place
from app.commands.impact_question import MAX_DEPTH, MAX_NAMED, Question
from app.commands.what_if import MAX_CHANGES, Change, wait_of
from app.errors import Invalid
from app.model.names import is_identifier

WITHOUT = (
    f"Twins that are gone already, at most {MAX_NAMED}: what they cost is counted as lost before, and nobody is kept "
    "alive by them."
)


@strawberry.input(one_of=True, description="What happens: one of these.")
class ImpactChangeInput:
    failure: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description=f"These twins fail, 1 to {MAX_NAMED}: they are lost."
    )
    maintenance: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"These are taken out for maintenance, 1 to {MAX_NAMED}: as if they failed.",
    )
    disconnected: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET,
        description=f"The paths to these fall silent, 1 to {MAX_NAMED}: they run on, but nothing is heard of them and "
        "nothing reaches them.",
    )
    properties: list[PropertyChangeInput] | None = strawberry.field(
        default=strawberry.UNSET, description=f"These values are reported, 1 to {MAX_CHANGES}, all at once."
    )


@strawberry.input(description="What to find the consequences of.")
class ImpactInput:
    change: ImpactChangeInput = strawberry.field(description="What happens.")
    without: list[strawberry.ID] = strawberry.field(default_factory=list, description=WITHOUT)
    max_depth: int | None = strawberry.field(
        default=None,
        description=f"Tell only of twins so many relationships away, 0 to {MAX_DEPTH}, and of the overlays and "
        "behaviors that those hit. The loss is reckoned to its end all the same.",
    )
    wait: float = strawberry.field(default=0.0, description="Seconds that pass in the rehearsal, at most 30 days.")
    first: int = strawberry.field(default=DEFAULT_PAGE, description=f"So many affected twins, at most {MAX_PAGE}.")
    after: str | None = strawberry.field(default=None, description="A cursor: only twins behind it in the order.")

    def question(self) -> Question:
        asked = partial(Question, without=tuple(self.without), max_depth=self.max_depth, wait=wait_of(self.wait))
        change = self.change
        if change.failure is not strawberry.UNSET:
            return asked("failure", tuple(change.failure or ()))
        if change.maintenance is not strawberry.UNSET:
            return asked("maintenance", tuple(change.maintenance or ()))
        if change.disconnected is not strawberry.UNSET:
            return asked("disconnected", tuple(change.disconnected or ()))
        changes = (Change(it.twin_id, it.property, it.value, it.quality.value) for it in change.properties or ())
        return asked("properties", changes=tuple(changes))


@strawberry.input(one_of=True, description="What to find the causes of: one of these.")
class CauseOfInput:
    twin_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="A twin.")
    alert_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="An open alert: the causes of all twins that it concerns."
    )


@strawberry.input(description="What to find the causes of, and how far to look.")
class CausesInput:
    of: CauseOfInput = strawberry.field(description="Where to start.")
    without: list[strawberry.ID] = strawberry.field(
        default_factory=list, description=f"Twins that are known to be gone, at most {MAX_NAMED}."
    )
    max_depth: int | None = strawberry.field(
        default=None, description=f"Look so many relationships upstream, 0 to {MAX_DEPTH}; to the end where left out."
    )
    first: int = strawberry.field(default=20, description=f"So many causes, at most {MAX_CANDIDATES}.")


@strawberry.type
class ImpactQueries:
    @strawberry.field(
        description=(
            "What an outage or a change of values would lead to: which twins are lost or live on with less (redundancy "
            "counted), the overlays, behaviors and interlocks that this hits, the alerts that would follow. "
            "IMPACT_INVALID with every problem (TWIN_NOT_FOUND, NOTHING_CHANGES, TOO_MANY_TWINS, TOO_MANY_CHANGES, "
            "TWIN_NOT_CONNECTED, DEPTH_INVALID, WAIT_INVALID, PROPERTY_NOT_FOUND, PROPERTY_COMPUTED, VALUE_INVALID); "
            "PAGE_SIZE_INVALID, CURSOR_INVALID; DEFINITIONS_MOVING."
        )
    )
    async def impact(
        self, info: Info, input: Annotated[ImpactInput, strawberry.argument(description="What happens.")]
    ) -> ImpactAnalysis:
        first = page_size(input.first)
        after = place_of(input.after) if input.after is not None else None
        return ImpactAnalysis.of(await info.context.services.commands.impact.analyse(input.question(), first, after))

    @strawberry.field(
        description=(
            "What may be behind a twin's trouble, or an alert: twins that it depends on and that an active alert "
            "concerns, that are disconnected or lost, the likeliest first. CAUSES_INVALID with every problem "
            "(TWIN_NOT_FOUND, TOO_MANY_TWINS, DEPTH_INVALID), ALERT_NOT_OPEN, PAGE_SIZE_INVALID, DEFINITIONS_MOVING."
        )
    )
    async def causes(
        self, info: Info, input: Annotated[CausesInput, strawberry.argument(description="Where to look.")]
    ) -> CauseSearch:
        first = page_size(input.first, most=MAX_CANDIDATES)
        question = CauseQuestion(
            input.of.twin_id or None, input.of.alert_id or None, tuple(input.without), input.max_depth
        )
        return CauseSearch.of(await info.context.services.commands.causes.search(question), first)


def place_of(cursor: str) -> Place:
    """Raises Invalid (CURSOR_INVALID, CURSOR_FOREIGN)."""
    parts = decode_cursor(cursor, "after", AFFECTED).split("/")
    state, required, left, depth, twin_id = (*parts, "", "", "", "", "")[:5]
    numbers = (state, required.removeprefix("-"), left, depth)
    if not (all(part.isascii() and part.isdecimal() and len(part) < 10 for part in numbers) and is_identifier(twin_id)):
        raise Invalid("`after` is not a cursor of affected twins", code="CURSOR_INVALID", path="/after")
    return Place(int(state), int(required), int(left), int(depth), twin_id)
