"""Whether a subscription tells all that changes: now and then every value is read and compared with what was told.

There are servers whose subscription falls silent while its keep-alives go on. A difference alone proves nothing: what
has just changed is on its way. So it counts only where nothing comes of that item, though the server says that it has
nothing more to tell, and a second reading differs still.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asyncua import ua

from app.connectors.opcua_nodes import Item
from app.connectors.opcua_session import Session

FIRST_SECONDS = 5.0
"""After a connect: what came first over the subscription is compared with what is read."""
_GRACE_SECONDS = 1.0


@dataclass(slots=True)
class Told:
    """What of each item was heard last, by client handle."""

    last: dict[int, Any] = field(default_factory=dict)
    times: dict[int, int] = field(default_factory=dict)

    def read(self, handle: int, data: ua.DataValue) -> None:
        self.last[handle] = _content(data)

    def heard(self, handle: int, data: ua.DataValue) -> None:
        self.last[handle] = _content(data)
        self.times[handle] = self.times.get(handle, 0) + 1

    def differs(self, handle: int, data: ua.DataValue) -> bool:
        value, before = _content(data), self.last.get(handle)
        return bool(before != value) and repr(before) != repr(value)  # NaN differs from itself


def _content(data: ua.DataValue) -> Any:
    """None of a bad one, whatever value comes with it. How good a value is else may differ by how it was asked for."""
    if data.Value is None or (data.StatusCode is not None and data.StatusCode.is_bad()):
        return None
    return data.Value.Value


Silent = list[tuple[int, ua.DataValue]]
"""Client handles whose item has changed untold, with what was read."""


class Watch:
    def __init__(self, session: Session, items: Mapping[int, Item], told: Told) -> None:
        self._session = session
        self._items = items
        self._told = told

    async def silent(self) -> Silent:
        """Compares once; empty where all that changed was told, or can still be on its way."""
        before = {handle: self._told.times.get(handle, 0) for handle in self._items}
        drained = {published.id: published.drained for published in self._session.subscriptions.standing}
        different = await self._different(list(self._items))
        if not different:
            return []
        await asyncio.sleep(self._grace([handle for handle, _ in different]))
        quiet = [
            handle
            for published in self._session.subscriptions.standing
            if published.drained > drained.get(published.id, 0) and not published.busy
            for handle in published.handles
            if handle in before
        ]
        wanted = set(quiet) & {handle for handle, _ in different}
        still = await self._different([handle for handle in wanted if self._untold(handle, before)])
        return [(handle, data) for handle, data in still if self._untold(handle, before)]

    def _untold(self, handle: int, before: Mapping[int, int]) -> bool:
        return self._told.times.get(handle, 0) == before[handle]

    async def _different(self, handles: list[int]) -> Silent:
        handles = [handle for handle in handles if handle in self._items]
        answers = await self._session.read([self._items[handle].node for handle in handles])
        pairs = zip(handles, answers, strict=True)
        return [(handle, data) for handle, data in pairs if self._told.differs(handle, data)]

    def _grace(self, handles: list[int]) -> float:
        """Long enough for a change to be sampled, published and followed by a publish without it."""
        wanted = set(handles)
        slowest = max(
            (self._session.subscriptions.slow_seconds(published) for published in self._session.subscriptions.standing
             if wanted & set(published.handles)),
            default=0.0,
        )  # fmt: skip
        return 2 * slowest + _GRACE_SECONDS
