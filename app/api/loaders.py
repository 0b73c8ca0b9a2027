"""Batch loaders: what the graph must be asked is asked once per batch, what memory must be searched is searched once.

How many statements a request makes depends on what it selects, never on how many things that is: what differs between
the keys of a batch are ids and places, and what does not (filters, page sizes) makes one statement of its own.

They keep nothing between batches (`cache=False`): a WebSocket's context lives for days and would serve old answers.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from strawberry.dataloader import DataLoader

from app.api.alert_pages import newest_first
from app.api.services import Services
from app.errors import Invalid
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.audit import AuditEntry, AuditPlace, AuditQuery
from app.model.change import LifecycleRecord, RevisionRecord
from app.model.definitions import Kind
from app.model.events import Alert, Call
from app.model.stored_script import StoredScript
from app.model.time import Micros

MAX_REVISIONS = 10_000
"""Per batch, of all definitions: each may be a whole document."""
_AT_ONCE = 8
Key = TypeVar("Key")
Asked = TypeVar("Asked", bound=Hashable)
Answer = TypeVar("Answer")


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
class AlertsOf:
    sought: Sought
    asked: ClosedAlerts
    first: int
    before: Place | None


@dataclass(frozen=True, slots=True)
class CallsOf:
    sought: Sought
    asked: Calls
    first: int
    before: Place | None


@dataclass(frozen=True, slots=True)
class AuditOf:
    """Entries about one subject, `twin/pump_1`."""

    subject: str
    asked: AuditQuery
    first: int
    before: AuditPlace | None


class Loaders:
    """Each is made when it is first asked: nearly every request asks none."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @cached_property
    def history(self) -> DataLoader[HistoryPage, list[RevisionRecord]]:
        return DataLoader(self._history, cache=False)

    @cached_property
    def history_at(self) -> DataLoader[HistoryAt, RevisionRecord | None]:
        return DataLoader(self._history_at, cache=False)

    @cached_property
    def alert(self) -> DataLoader[str, Alert | None]:
        return DataLoader(self._alert, cache=False)

    @cached_property
    def call(self) -> DataLoader[str, Call | None]:
        return DataLoader(self._call, cache=False)

    @cached_property
    def open_alerts(self) -> DataLoader[Sought, list[Alert]]:
        return DataLoader(self._open_alerts, cache=False)

    @cached_property
    def closed_alerts(self) -> DataLoader[AlertsOf, list[Alert]]:
        return DataLoader(self._closed_alerts, cache=False)

    @cached_property
    def calls(self) -> DataLoader[CallsOf, list[Call]]:
        return DataLoader(self._calls, cache=False)

    @cached_property
    def audit(self) -> DataLoader[AuditOf, list[AuditEntry]]:
        return DataLoader(self._audit, cache=False)

    @cached_property
    def audit_entry(self) -> DataLoader[str, AuditEntry | None]:
        return DataLoader(self._audit_entry, cache=False)

    @cached_property
    def lifecycles(self) -> DataLoader[str, list[LifecycleRecord]]:
        return DataLoader(self._lifecycles, cache=False)

    @cached_property
    def script(self) -> DataLoader[str, StoredScript | None]:
        return DataLoader(self._script, cache=False)

    @cached_property
    def scripts_declaring(self) -> DataLoader[str, list[str]]:
        return DataLoader(self._scripts_declaring, cache=False)

    async def _history(self, keys: list[HistoryPage]) -> Sequence[list[RevisionRecord] | BaseException]:
        if sum(key.first for key in keys) > MAX_REVISIONS:
            error = Invalid(
                f"the request asks for more than {MAX_REVISIONS:,} revisions",
                code="TOO_MANY_HISTORIES",
                hint="take smaller pages of definitions, or fewer revisions of each",
            )
            return [error] * len(keys)

        async def ask(first: int, wanted: Sequence[HistoryPage]) -> Sequence[list[RevisionRecord]]:
            return await self._services.store.revisions_of([(key.kind, key.id, key.before) for key in wanted], first)

        return await _grouped(keys, lambda key: key.first, ask)

    async def _history_at(self, keys: list[HistoryAt]) -> Sequence[RevisionRecord | None]:
        return await self._services.store.revisions_at([(key.kind, key.id, key.at) for key in keys])

    async def _alert(self, keys: list[str]) -> Sequence[Alert | None]:
        """Live ones first: the graph lags behind them."""
        found = {key: self._services.live.alert(key) for key in keys}
        missing = [key for key, item in found.items() if item is None]
        if missing:
            found.update({item.alert_id: item for item in await self._services.store.alerts(missing)})
        return [found[key] for key in keys]

    async def _call(self, keys: list[str]) -> Sequence[Call | None]:
        found = {key: self._services.live.call(key) for key in keys}
        missing = [key for key, item in found.items() if item is None]
        if missing:
            found.update({item.call_id: item for item in await self._services.store.calls(missing)})
        return [found[key] for key in keys]

    async def _open_alerts(self, keys: list[Sought]) -> Sequence[list[Alert]]:
        by: dict[str, list[Alert]] = {}
        for item in newest_first(self._services.live.open_alerts()):
            owner = f"{item.owner.kind}/{item.owner.id}"
            for place in (owner, f"{owner}/{item.behavior}", *item.twins):  # a twin's id has no slash
                by.setdefault(place, []).append(item)
        return [_of(by, key) for key in keys]

    async def _closed_alerts(self, keys: list[AlertsOf]) -> Sequence[list[Alert]]:
        async def ask(asked: tuple[ClosedAlerts, int, Place | None], wanted: Sequence[AlertsOf]) -> list[list[Alert]]:
            return await self._services.store.closed_alerts_of([key.sought for key in wanted], *asked)

        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def _calls(self, keys: list[CallsOf]) -> Sequence[list[Call]]:
        async def ask(asked: tuple[Calls, int, Place | None], wanted: Sequence[CallsOf]) -> list[list[Call]]:
            return await self._services.store.calls_of([key.sought for key in wanted], *asked)

        await self._services.caught_up()
        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def _audit(self, keys: list[AuditOf]) -> Sequence[list[AuditEntry]]:
        async def ask(
            asked: tuple[AuditQuery, int, AuditPlace | None], wanted: Sequence[AuditOf]
        ) -> list[list[AuditEntry]]:
            return await self._services.store.audit_of([key.subject for key in wanted], *asked)

        await self._services.caught_up()
        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def _audit_entry(self, keys: list[str]) -> Sequence[AuditEntry | None]:
        found = {item.entry_id: item for item in await self._services.store.audit_entries(keys)}
        return [found.get(key) for key in keys]

    async def _lifecycles(self, keys: list[str]) -> Sequence[list[LifecycleRecord]]:
        found = await self._services.store.lifecycles(list(dict.fromkeys(keys)))
        return [found[key] for key in keys]

    async def _script(self, keys: list[str]) -> Sequence[StoredScript | None]:
        found = {item.script_id: item for item in await self._services.commands.stored_scripts.several(keys)}
        return [found.get(key) for key in keys]

    async def _scripts_declaring(self, keys: list[str]) -> Sequence[list[str]]:
        found = await self._services.commands.stored_scripts.declaring(keys)
        return [found[key] for key in keys]


def _of(by: dict[str, list[Alert]], sought: Sought) -> list[Alert]:
    places = (*sought.twins, *sought.owners, *sought.behaviors)
    found = (
        by.get(places[0], [])
        if len(places) == 1
        else newest_first({item.alert_id: item for place in places for item in by.get(place, ())}.values())
    )
    return [
        item
        for item in found
        if (sought.since is None or item.raised_at >= sought.since)
        and (sought.until is None or item.raised_at < sought.until)
    ]


async def _grouped(
    keys: Sequence[Key],
    asked: Callable[[Key], Asked],
    ask: Callable[[Asked, Sequence[Key]], Awaitable[Sequence[Answer]]],
) -> list[Answer]:
    """One call for all keys that ask the same."""
    groups: dict[Asked, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(asked(key), []).append(index)
    answers: dict[int, Answer] = {}
    for question, indexes in groups.items():
        answers.update(zip(indexes, await ask(question, [keys[index] for index in indexes]), strict=True))
    return [answers[index] for index in range(len(keys))]
