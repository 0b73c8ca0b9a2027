"""The lifecycle of an overlay: how far it is, since when, and by whom.

The state is in its document; who brought it there, and why, is in its history, which only the graph has.
"""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.pages import page_size
from app.api.scalars import DateTime, moment
from app.api.types.enums import OverlayState
from app.model.change import LifecycleRecord
from app.model.definitions import Lifecycle

DEFAULT_CHANGES = 20


@strawberry.type(description="An overlay came into a state.")
class LifecycleChange:
    state: OverlayState = strawberry.field(description="The state that it came into.")
    at: DateTime | None = strawberry.field(description="When.")
    by: str = strawberry.field(description="Who brought it there.")
    reason: str = strawberry.field(description="Why; empty where nobody said.")
    revision: int = strawberry.field(description="The revision of the overlay that this made.")

    @classmethod
    def of(cls, record: LifecycleRecord) -> "LifecycleChange":
        return cls(
            state=OverlayState(record.lifecycle),
            at=moment(record.at),
            by=record.author,
            reason=record.reason,
            revision=record.number,
        )


@strawberry.type(description="How far an overlay is in its life, since when, and by whom.")
class OverlayLifecycle:
    overlay_id: strawberry.Private[str]
    lifecycle: strawberry.Private[Lifecycle]

    @strawberry.field(description="The state it is in.")
    def state(self) -> OverlayState:
        return OverlayState(self.lifecycle)

    @strawberry.field(description="When it came into this state. UNAVAILABLE while the graph is down.")
    async def since(self, info: Info) -> DateTime | None:
        last = await self._last(info)
        return moment(last.at) if last is not None else None

    @strawberry.field(description="Who brought it there. UNAVAILABLE while the graph is down.")
    async def by(self, info: Info) -> str | None:
        last = await self._last(info)
        return last.author if last is not None else None

    @strawberry.field(description="Why; empty where nobody said. UNAVAILABLE while the graph is down.")
    async def reason(self, info: Info) -> str | None:
        last = await self._last(info)
        return last.reason if last is not None else None

    @strawberry.field(description="The states it came into, newest first, over deletions too. PAGE_SIZE_INVALID.")
    async def history(
        self,
        info: Info,
        first: Annotated[int, strawberry.argument(description="So many at most.")] = DEFAULT_CHANGES,
    ) -> list[LifecycleChange]:
        size = page_size(first)
        found = await info.context.loaders.lifecycles.load(self.overlay_id)
        return [LifecycleChange.of(record) for record in found[:size]]

    async def _last(self, info: Info) -> LifecycleRecord | None:
        found = await info.context.loaders.lifecycles.load(self.overlay_id)
        return found[0] if found else None
