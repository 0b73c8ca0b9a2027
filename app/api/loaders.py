"""Batch loaders: what the graph must be asked is asked once per batch, what memory must be searched is searched once.

They keep nothing between batches (`cache=False`): a WebSocket's context lives for days and would serve old answers.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from strawberry.dataloader import DataLoader

from app.api.alert_pages import newest_first
from app.errors import Invalid
from app.model.change import LifecycleRecord, RevisionRecord
from app.model.definitions import Kind
from app.model.events import Alert, Call
from app.model.time import Micros
from app.ports import LiveView, TwinStore

MAX_HISTORIES = 100
"""Looks into the history per batch: each is a statement on the graph."""
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Revisions of one definition, newest first, with numbers below `before`."""

    kind: Kind
    id: str
    first: int
    before: int | None


@dataclass(frozen=True, slots=True)
class HistoryAt:
    """The one that stood at a moment."""

    kind: Kind
    id: str
    at: Micros


@dataclass(frozen=True, slots=True)
class Loaders:
    history: DataLoader[HistoryPage | HistoryAt, list[RevisionRecord]]
    alert: DataLoader[str, Alert | None]
    call: DataLoader[str, Call | None]
    open_alerts_of_twin: DataLoader[str, list[Alert]]
    lifecycles: DataLoader[str, list[LifecycleRecord]]


def loaders(store: TwinStore, live: LiveView) -> Loaders:
    async def history(keys: list[HistoryPage | HistoryAt]) -> Sequence[list[RevisionRecord] | BaseException]:
        wanted = list(dict.fromkeys(keys))
        if len(wanted) > MAX_HISTORIES:
            error = Invalid(
                f"the request asks for the history of definitions {len(wanted)} times; the most is {MAX_HISTORIES}",
                code="TOO_MANY_HISTORIES",
                hint="take smaller pages of definitions",
            )
            return [error] * len(keys)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(key: HistoryPage | HistoryAt) -> list[RevisionRecord]:
            async with gate:
                if isinstance(key, HistoryPage):
                    return await store.revisions(key.kind, key.id, first=key.first, before=key.before)
                found = await store.revision_at(key.kind, key.id, key.at)
                return [found] if found else []

        found = await asyncio.gather(*(one(key) for key in wanted), return_exceptions=True)
        by_key = dict(zip(wanted, found, strict=True))
        return [by_key[key] for key in keys]

    async def alert(keys: list[str]) -> Sequence[Alert | None]:
        """Live ones first: the graph lags behind them."""
        found = {key: live.alert(key) for key in keys}
        missing = [key for key, item in found.items() if item is None]
        if missing:
            found.update({item.alert_id: item for item in await store.alerts(missing)})
        return [found[key] for key in keys]

    async def call(keys: list[str]) -> Sequence[Call | None]:
        found = {key: live.call(key) for key in keys}
        missing = [key for key, item in found.items() if item is None]
        if missing:
            found.update({item.call_id: item for item in await store.calls(missing)})
        return [found[key] for key in keys]

    async def open_alerts_of_twin(keys: list[str]) -> Sequence[list[Alert]]:
        found: dict[str, list[Alert]] = {key: [] for key in keys}
        for item in newest_first(live.open_alerts()):
            for twin_id in item.twins:
                if twin_id in found:
                    found[twin_id].append(item)
        return [found[key] for key in keys]

    async def lifecycles(keys: list[str]) -> Sequence[list[LifecycleRecord]]:
        found = await store.lifecycles(list(dict.fromkeys(keys)))
        return [found[key] for key in keys]

    return Loaders(
        history=DataLoader(history, cache=False),
        alert=DataLoader(alert, cache=False),
        call=DataLoader(call, cache=False),
        open_alerts_of_twin=DataLoader(open_alerts_of_twin, cache=False),
        lifecycles=DataLoader(lifecycles, cache=False),
    )
