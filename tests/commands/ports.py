"""The ports that commands use, as small fakes: a graph in a dict, an inbox that records, devices that record.

The fake graph keeps what the real one promises: one change or none, Conflict where its revision moved, revision numbers
that go on over a deletion.
"""

import asyncio
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands
from app.errors import Conflict
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, FactBatch, LifecycleRecord, RevisionRecord, StoredDefinition
from app.model.connection import CallAnswer, TwinConnection
from app.model.definitions import Kind, to_document
from app.model.events import Alert, Call, Input, Load, Outcome, Redefined
from app.model.ledger import Books
from app.model.live import ConnectorHealth, PathView
from app.model.plan import Plan
from app.model.time import Micros
from app.model.values import Value
from app.ports import AssetStore
from tests.api.script_store import ScriptMemory
from tests.assets.everything import EveryAsset

ANN = Actor("ann", "test")


class FakeClock:
    def __init__(self) -> None:
        self.moment: Micros = 1_000_000
        self.asleep = asyncio.Event()
        """Set once somebody sleeps."""
        self._sleepers: list[asyncio.Event] = []

    def now(self) -> Micros:
        self.moment += 1
        return self.moment

    async def sleep(self, seconds: float) -> None:
        """Until the test says that the time has come."""
        over = asyncio.Event()
        self._sleepers.append(over)
        self.asleep.set()
        await over.wait()

    def wake_all(self) -> None:
        for over in self._sleepers:
            over.set()


class FakeStore:
    """Implements ports.TwinStore for definitions; `before_save` and `after_save` may raise or wait."""

    def __init__(self) -> None:
        self.revision = 0
        self.stored: dict[tuple[Kind, str], StoredDefinition] = {}
        self.highest: dict[tuple[Kind, str], int] = {}
        self.changes: list[DefinitionChange] = []
        self.history: list[RevisionRecord] = []
        self.lives: list[tuple[str, LifecycleRecord]] = []
        self.before_save: Callable[[], Any] | None = None
        self.after_save: Callable[[], Any] | None = None

    async def migrate(self) -> list[int]:
        return []

    async def take_over(self) -> int:
        return 1

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        return self.revision, list(self.stored.values())

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        return {key: self.highest[key] for key in keys if key in self.highest}

    async def save(self, change: DefinitionChange) -> None:
        await self._hook(self.before_save)
        if change.catalogue_revision != self.revision:
            raise Conflict("the catalogue moved", code="CATALOGUE_MOVED")
        self.revision += 1
        for key in change.removed:
            self.highest[key] = self.stored.pop(key).revision + 1
            self._remember(change, *key, "")
        for item in change.saved:
            self.stored[(item.kind, item.id)] = item
            self.highest[(item.kind, item.id)] = item.revision
            self._remember(change, item.kind, item.id, json.dumps(to_document(item.definition)))
            if item.id in change.lifecycles and item.kind == "overlay":
                began = change.lifecycles[item.id]
                self.lives.append(
                    (item.id, LifecycleRecord(item.revision, began, change.at, change.author, change.reason))
                )
        self.changes.append(change)
        await self._hook(self.after_save)

    def _remember(self, change: DefinitionChange, kind: Kind, id: str, document: str) -> None:
        number = self.highest[(kind, id)]
        self.history.append(
            RevisionRecord(kind, id, number, change.at, change.author, change.reason, document, self.revision)
        )

    @staticmethod
    async def _hook(hook: Callable[[], Any] | None) -> None:
        if hook is not None and (waits := hook()) is not None:
            await waits

    async def revisions(
        self, kind: Kind, id: str, *, first: int = 100, before: int | None = None
    ) -> list[RevisionRecord]:
        found = [item for item in reversed(self.history) if (item.kind, item.id) == (kind, id)]
        return [item for item in found if before is None or item.number < before][:first]

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        found = [item for item in self.history if item.catalogue_revision > catalogue_revision]
        return sorted(found, key=lambda item: (item.catalogue_revision, item.kind, item.id, item.number))[:most]

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        return [await self.revisions(kind, id, first=first, before=before) for kind, id, before in askers]

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        return [
            next((item for item in await self.revisions(kind, id) if item.at <= at), None) for kind, id, at in askers
        ]

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        return {id: [record for of, record in reversed(self.lives) if of == id] for id in overlay_ids}

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]:
        return []

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        return []

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        return []

    async def call_page(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        return []

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        return []

    async def audit_entries(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        return []

    async def audit_of(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        return []

    async def audit(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        return []

    async def forget(self, before: Micros, most: int) -> int:
        return 0

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        return []

    async def calls(self, call_ids: Sequence[str]) -> list[Call]:
        return []

    async def cursor(self) -> int:
        return 0

    async def books(self) -> tuple[int, Books]:
        return 0, Books()

    async def write(self, batch: FactBatch) -> None:
        return None

    async def ping(self) -> None:
        return None

    async def close(self) -> None:
        return None


class FakeInbox:
    """Implements ports.Inbox: records, and answers what `answer` says."""

    def __init__(self) -> None:
        self.inputs: list[Input] = []
        self.redefined: list[Redefined] = []
        """Which definitions changed: told beside what is asked of the engine."""
        self.answer: Callable[[Input], Outcome] = lambda _: Outcome()

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        outcome = self.answer(input)
        if isinstance(input, Redefined):
            self.redefined.append(input)
            return len(self.inputs), outcome
        self.inputs.append(input)
        return len(self.inputs), outcome

    @property
    def plans(self) -> list[Plan]:
        return [item.plan for item in self.inputs if isinstance(item, Load)]


class FakeDevices:
    """Implements ports.Devices: records what it is configured with."""

    def __init__(self) -> None:
        self.configured: list[list[TwinConnection]] = []
        """All of them, after each change."""
        self._twins: dict[str, TwinConnection] = {}

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        return CallAnswer("accepted")

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        return CallAnswer("accepted")

    def reconnect(self, twins: Mapping[str, TwinConnection | None]) -> None:
        before = dict(self._twins)
        for twin_id, twin in twins.items():
            self._twins.pop(twin_id, None)
            if twin is not None:
                self._twins[twin_id] = twin
        if self._twins != before:
            self.configured.append(list(self._twins.values()))

    def time_out(self, twin_id: str, method: str) -> float | None:
        return None

    def paths(self, twin_id: str) -> Sequence[PathView]:
        return ()

    def health(self) -> Sequence[ConnectorHealth]:
        return []


@dataclasses.dataclass
class House:
    """Definition commands with everything they talk to."""

    store: FakeStore = dataclasses.field(default_factory=FakeStore)
    catalogue: Catalogue = dataclasses.field(default_factory=Catalogue)
    inbox: FakeInbox = dataclasses.field(default_factory=FakeInbox)
    devices: FakeDevices = dataclasses.field(default_factory=FakeDevices)
    clock: FakeClock = dataclasses.field(default_factory=FakeClock)
    assets: AssetStore = dataclasses.field(default_factory=EveryAsset)
    scripts: ScriptMemory = dataclasses.field(default_factory=ScriptMemory)

    def __post_init__(self) -> None:
        self.definitions = DefinitionCommands(
            self.store, self.catalogue, self.inbox, self.devices, self.clock, self.assets
        )

    async def save(self, *documents: tuple[Kind, Mapping[str, Any]]) -> Any:
        return await self.definitions.save(documents, ANN)

    def document(self, kind: Kind, id: str) -> dict[str, Any]:
        found = self.catalogue.get(kind, id)
        assert found is not None
        return to_document(found.definition)

    def agrees(self) -> bool:
        """The catalogue is the graph's image, and the engine was loaded with its owners."""
        return self.catalogue.stored == self.store.stored and self.catalogue.revision == self.store.revision
