"""Batch loaders: what the graph must be asked is asked once per batch, what memory must be searched is searched once.

How many statements a request makes depends on what it selects, never on how many things that is: what differs between
the keys of a batch are ids and places, and what does not (filters, page sizes) makes one statement of its own.

They keep nothing between batches (`cache=False`): a WebSocket's context lives for days and would serve old answers.
"""

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Loaders:
    history: DataLoader[HistoryPage, list[RevisionRecord]]
    history_at: DataLoader[HistoryAt, RevisionRecord | None]
    alert: DataLoader[str, Alert | None]
    call: DataLoader[str, Call | None]
    open_alerts: DataLoader[Sought, list[Alert]]
    closed_alerts: DataLoader[AlertsOf, list[Alert]]
    calls: DataLoader[CallsOf, list[Call]]
    audit: DataLoader[AuditOf, list[AuditEntry]]
    audit_entry: DataLoader[str, AuditEntry | None]
    lifecycles: DataLoader[str, list[LifecycleRecord]]
    script: DataLoader[str, StoredScript | None]
    scripts_declaring: DataLoader[str, list[str]]


def loaders(services: Services) -> Loaders:
    store, live = services.store, services.live

    async def history(keys: list[HistoryPage]) -> Sequence[list[RevisionRecord] | BaseException]:
        if sum(key.first for key in keys) > MAX_REVISIONS:
            error = Invalid(
                f"the request asks for more than {MAX_REVISIONS:,} revisions",
                code="TOO_MANY_HISTORIES",
                hint="take smaller pages of definitions, or fewer revisions of each",
            )
            return [error] * len(keys)

        async def ask(first: int, wanted: Sequence[HistoryPage]) -> Sequence[list[RevisionRecord]]:
            return await store.revisions_of([(key.kind, key.id, key.before) for key in wanted], first)

        return await _grouped(keys, lambda key: key.first, ask)

    async def history_at(keys: list[HistoryAt]) -> Sequence[RevisionRecord | None]:
        return await store.revisions_at([(key.kind, key.id, key.at) for key in keys])

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

    async def open_alerts(keys: list[Sought]) -> Sequence[list[Alert]]:
        by: dict[str, list[Alert]] = {}
        for item in newest_first(live.open_alerts()):
            owner = f"{item.owner.kind}/{item.owner.id}"
            for place in (owner, f"{owner}/{item.behavior}", *item.twins):  # a twin's id has no slash
                by.setdefault(place, []).append(item)
        return [_of(by, key) for key in keys]

    async def closed_alerts(keys: list[AlertsOf]) -> Sequence[list[Alert]]:
        async def ask(asked: tuple[ClosedAlerts, int, Place | None], wanted: Sequence[AlertsOf]) -> list[list[Alert]]:
            return await store.closed_alerts_of([key.sought for key in wanted], *asked)

        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def calls(keys: list[CallsOf]) -> Sequence[list[Call]]:
        async def ask(asked: tuple[Calls, int, Place | None], wanted: Sequence[CallsOf]) -> list[list[Call]]:
            return await store.calls_of([key.sought for key in wanted], *asked)

        await services.caught_up()
        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def audit(keys: list[AuditOf]) -> Sequence[list[AuditEntry]]:
        async def ask(
            asked: tuple[AuditQuery, int, AuditPlace | None], wanted: Sequence[AuditOf]
        ) -> list[list[AuditEntry]]:
            return await store.audit_of([key.subject for key in wanted], *asked)

        await services.caught_up()
        return await _grouped(keys, lambda key: (key.asked, key.first, key.before), ask)

    async def audit_entry(keys: list[str]) -> Sequence[AuditEntry | None]:
        found = {item.entry_id: item for item in await store.audit_entries(keys)}
        return [found.get(key) for key in keys]

    async def lifecycles(keys: list[str]) -> Sequence[list[LifecycleRecord]]:
        found = await store.lifecycles(list(dict.fromkeys(keys)))
        return [found[key] for key in keys]

    async def script(keys: list[str]) -> Sequence[StoredScript | None]:
        found = {item.script_id: item for item in await services.commands.stored_scripts.several(keys)}
        return [found.get(key) for key in keys]

    async def scripts_declaring(keys: list[str]) -> Sequence[list[str]]:
        found = await services.commands.stored_scripts.declaring(keys)
        return [found[key] for key in keys]

    return Loaders(
        history=DataLoader(history, cache=False),
        history_at=DataLoader(history_at, cache=False),
        alert=DataLoader(alert, cache=False),
        call=DataLoader(call, cache=False),
        open_alerts=DataLoader(open_alerts, cache=False),
        closed_alerts=DataLoader(closed_alerts, cache=False),
        calls=DataLoader(calls, cache=False),
        audit=DataLoader(audit, cache=False),
        audit_entry=DataLoader(audit_entry, cache=False),
        lifecycles=DataLoader(lifecycles, cache=False),
        script=DataLoader(script, cache=False),
        scripts_declaring=DataLoader(scripts_declaring, cache=False),
    )


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
