"""The installation that the API tests talk to: real catalogue, commands, bus and routes; fakes where a port begins.

`Installation.change` does what Ingest does after a commit: live state first, then the sequence, then the bus.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from app.api.app import middleware, routes
from app.api.limits.admission import Admission
from app.api.replays import Replays
from app.api.services import Services
from app.api.traffic import Traffic
from app.api.trusted import Trusted
from app.commands.activation import ActivationCommands
from app.commands.alerts import AlertCommands
from app.commands.assets import AssetCommands
from app.commands.causes import CauseCommands
from app.commands.commands import Commands
from app.commands.control import ControlCommands
from app.commands.definitions import DefinitionCommands
from app.commands.dry_run import DryRunCommands
from app.commands.impact import ImpactCommands
from app.commands.needs_kept import NeedsKept
from app.commands.notifications import NotificationCommands
from app.commands.overrides import OverrideCommands
from app.commands.reports import ReportCommands
from app.commands.scripts import ScriptCommands
from app.commands.shelving import ShelvingCommands
from app.commands.stored_scripts import StoredScriptCommands
from app.commands.what_if import WhatIfCommands
from app.engine.engine import Engine
from app.errors import Conflict, NotFound, TwinOverlayError, Unavailable
from app.find.finder import Finder
from app.find.traversals import Traversals
from app.graph.codec import definition_audit, owner_key
from app.model.asked import Calls, ClosedAlerts, Place, Sought
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditPlace, AuditQuery, RecordPlace
from app.model.beside import Beside, Comparison
from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, FactBatch, LifecycleRecord, RevisionRecord, StoredDefinition
from app.model.connection import CallAnswer, TwinConnection
from app.model.definitions import MODELS, Kind, id_of, to_document
from app.model.events import (
    Alert,
    AlertChanged,
    AlertKey,
    BehaviorChanged,
    Call,
    Cause,
    ConnectivityChanged,
    Entry,
    Input,
    Outcome,
    PropertyChanged,
    Shelving,
    Tick,
    Timer,
    TwinEventOccurred,
)
from app.model.explanation import Explanation, WhyNot
from app.model.ledger import Books, Ledger
from app.model.live import (
    AlertEvidence,
    BehaviorView,
    ClockView,
    Connectivity,
    ConnectorHealth,
    Fault,
    GraphState,
    GuardView,
    PathView,
)
from app.model.notifications import TargetHealth
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind, PropertyKey
from app.model.space import Space
from app.model.time import SECOND, Micros, parse_iso
from app.model.values import Override, PropertyState, Value
from app.ports import AssetStore, Inbox, LiveView, Past
from app.runtime.audited import audited, recorded
from app.runtime.bus import Bus
from app.settings import AssetSettings, GraphQLSettings, ServerSettings
from app.topology.topology import Topology
from tests.api.script_store import ScriptMemory
from tests.assets.everything import EveryAsset

NOON = parse_iso("2026-01-02T12:00:00Z")
PORT = 8420
CALL_SECONDS = 5.0
READING = Cause("reading", "opcua", NOON)

DOCUMENTS: list[tuple[Kind, dict[str, Any]]] = [
    (
        "twin_type",
        {
            "type_id": "pump",
            "name": "Pump",
            "description": "Moves water",
            "properties": [
                {
                    "name": "temperature",
                    "description": "Of the bearing",
                    "data_type": "float",
                    "unit": "celsius",
                    "min_value": -20.0,
                    "max_value": 100.0,
                },
                {"name": "status", "data_type": "enum", "enum_values": ["off", "running", "fault"]},
                {"name": "starts", "data_type": "integer", "access": "read-write"},
                {"name": "speed", "data_type": "float", "unit": "rpm", "max_value": 3000.0, "access": "read-write"},
            ],
            "methods": [
                {"name": "stop", "return_type": "boolean"},
                {"name": "set_speed", "parameters": [{"name": "speed", "data_type": "float", "unit": "rpm"}]},
            ],
            "events": [{"name": "fault_occurred", "parameters": [{"name": "code", "data_type": "integer"}]}],
            "behaviors": [
                {
                    "name": "hot",
                    "description": "Too hot",
                    "conditions": ["temperature >= 80.0"],
                    "actions": [{"type": "alert", "severity": "warning", "message": "Pump is hot"}],
                }
            ],
            "simulation": {"enabled": True, "model_type": "physics_based"},
            "visualization": {"icon_2d": "/icons/pump.svg"},
        },
    ),
    ("twin_type", {"type_id": "valve", "properties": [{"name": "open", "data_type": "boolean"}]}),
    (
        "twin",
        {
            "twin_id": "pump_123",
            "twin_type": "pump",
            "version": "1.2.0",
            "description": "In the cellar",
            "manufacturer": "Acme Pumps",
            "model": "CP-5000",
            "serial_number": "CP5000-12345",
            "installation_date": "2024-01-15",
            "location": {"site": "Plant 1", "coordinates": {"x": 123.45}},
            "relationships": [
                {"name": "outlet", "target_twin_id": "valve_234", "relationship_type": "physical_connection"},
                {"name": "drive", "target_twin_id": "motor_9", "relationship_type": "control", "direction": "incoming"},
            ],
            "connectivity": {
                "protocol": "opc-ua",
                "endpoint": "opc.tcp://127.0.0.1:4840",
                "authentication": {"type": "password", "username": "operator", "password_env": "HIDDEN"},
                "mapping": {
                    "properties": {
                        "temperature": {"node_id": "ns=2;s=T", "sampling_interval": 100.0},
                        "speed": {"node_id": "ns=2;s=S"},
                    },
                    "methods": {"stop": {"node_id": "ns=2;s=Stop"}, "set_speed": {"node_id": "ns=2;s=SetSpeed"}},
                },
            },
            "metadata": {"tags": ["water"]},
        },
    ),
    ("twin", {"twin_id": "pump_124", "twin_type": "pump"}),
    ("twin", {"twin_id": "valve_234", "twin_type": "valve"}),
    (
        "overlay_type",
        {
            "type_id": "pumping",
            "name": "Pumping",
            "twin_roles": [
                {"role": "primary", "twin_type": "pump"},
                {"role": "backup", "twin_type": "pump", "required": False},
                {"role": "outlet", "twin_type": "valve"},
            ],
            "relationship_types": [
                {
                    "name": "out",
                    "source_role": "primary",
                    "target_role": "outlet",
                    "relationship_type": "physical_connection",
                }
            ],
            "behaviors": [{"name": "failing", "conditions": ["primary.status == 'fault'"]}],
        },
    ),
    (
        "overlay",
        {
            "overlay_id": "cellar",
            "overlay_type": "pumping",
            "name": "Cellar",
            "twins": [{"twin_id": "pump_123", "role": "primary"}, {"twin_id": "valve_234", "role": "outlet"}],
        },
    ),
]


class FakeClock:
    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> Micros:
        return self.at

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class FakeLive:
    def __init__(self) -> None:
        self.sequence = 0
        self.states: dict[tuple[str, str], PropertyState] = {}
        self.paths: dict[str, Connectivity] = {}
        self.views: dict[OwnerKey, dict[str, BehaviorView]] = {}
        self.events: dict[str, list[TwinEventOccurred]] = {}
        self.alerts: dict[str, Alert] = {}
        self.calls: dict[str, Call] = {}
        self.clocks: dict[str, ClockView] = {}
        self.broken: dict[BehaviorKey, Fault] = {}
        self.doubts: dict[BehaviorKey, Sequence[str]] = {}
        self.timers: dict[BehaviorKey, Sequence[Timer]] = {}
        self.standing: dict[str, Sequence[GuardView]] = {}
        self.limited: dict[tuple[str, str], Micros] = {}
        self.alert_searches = 0

    def property_state(self, twin_id: str, name: str) -> PropertyState | None:
        return self.states.get((twin_id, name))

    def mark_of(self, twin_id: str) -> object | None:
        return None  # its states are set from anywhere

    def mark_with_behaviors(self, twin_id: str) -> object | None:
        return None

    def overrides(self) -> Mapping[PropertyKey, Override]:
        return {PropertyKey(*key): item.override for key, item in self.states.items() if item.override is not None}

    def values(self, name: str, twin_ids: Sequence[str]) -> Sequence[Value]:
        found = (self.states.get((twin_id, name)) for twin_id in twin_ids)
        return [state.value if state is not None and state.known else None for state in found]

    def owners_with_active(self, kind: OwnerKind, behavior: str) -> set[str]:
        active = (view.key for views in self.views.values() for view in views.values() if view.state == "active")
        return {key.owner.id for key in active if key.owner.kind == kind and key.name == behavior}

    def connectivity(self, twin_id: str) -> Connectivity | None:
        return self.paths.get(twin_id)

    def clock(self, twin_id: str) -> ClockView | None:
        return self.clocks.get(twin_id)

    def timers_of(self, key: BehaviorKey) -> Sequence[Timer]:
        return self.timers.get(key, ())

    def why_unknown(self, key: BehaviorKey) -> Sequence[str]:
        return self.doubts.get(key, ())

    def fault(self, key: BehaviorKey) -> Fault | None:
        return self.broken.get(key)

    def faults(self) -> Sequence[Fault]:
        return list(self.broken.values())

    def explain(self, key: BehaviorKey) -> Explanation | None:
        view = self.views.get(key.owner, {}).get(key.name)
        return Explanation(key, NOON, view.state, view.evidence, view.since, view.error) if view else None

    def explain_alert(self, alert: Alert) -> Explanation:
        return Explanation(BehaviorKey(alert.owner, alert.behavior), alert.raised_at, "active", "true", alert=alert)

    def why_not(self, key: BehaviorKey) -> WhyNot | None:
        explanation = self.explain(key)
        return WhyNot(explanation) if explanation else None

    def guards(self, twin_id: str) -> Sequence[GuardView]:
        return self.standing.get(twin_id, ())

    def retry_at(self, twin_id: str, method: str) -> Micros | None:
        return self.limited.get((twin_id, method))

    def behaviors(self, owner: OwnerKey) -> Sequence[BehaviorView]:
        return list(self.views.get(owner, {}).values())

    def last_events(self, twin_id: str) -> Sequence[TwinEventOccurred]:
        return self.events.get(twin_id, [])

    def open_alerts(self) -> Iterable[Alert]:
        self.alert_searches += 1
        return list(self.alerts.values())

    def shelved(self) -> Mapping[AlertKey, Shelving]:
        return {}

    def against_shelving(self, key: AlertKey, duration: Micros) -> str:
        return ""

    def alert(self, alert_id: str) -> Alert | None:
        return self.alerts.get(alert_id)

    def alert_evidence(self, alert_id: str) -> AlertEvidence | None:
        alert = self.alerts.get(alert_id)
        view = self.views.get(alert.owner, {}).get(alert.behavior) if alert is not None else None
        return AlertEvidence(view.evidence, None) if view is not None else None

    def call(self, call_id: str) -> Call | None:
        return self.calls.get(call_id)

    def open_calls(self) -> Iterable[Call]:
        return [call for call in self.calls.values() if call.status in ("decided", "attempted")]


class NoPast:
    """Of an installation to which nothing has happened."""

    async def compare(self, comparison: Comparison) -> Beside:
        return Beside(comparison.since, comparison.since, 0, True, ())

    async def explain(self, key: BehaviorKey, at: Micros) -> Explanation | None:
        return None


class FakeStore:
    """The parts of TwinStore that the API reads; `statements` names each time the graph would be asked."""

    def __init__(self) -> None:
        self.closed: list[Alert] = []
        self.old_calls: dict[str, Call] = {}
        self.statements: list[str] = []
        self.down = False
        self.changes: list[DefinitionChange] = []
        self.history: list[RevisionRecord] = []
        self.fault: Exception | None = None
        self.scripts = ScriptMemory()
        self.journal: list[Entry] = []

    async def audit(self, query: AuditQuery, first: int, before: AuditPlace | None) -> list[AuditEntry]:
        self._ask("audit")
        found = [definition_audit(change) for change in self.changes]
        found += [item for entry in self.journal for item in audited(entry)]
        found.sort(key=lambda item: item.place, reverse=True)
        return [
            item
            for item in found
            if (before is None or item.place < before)
            and (query.since is None or item.at >= query.since)
            and (query.until is None or item.at < query.until)
            and (not query.kinds or item.kind in query.kinds)
            and (not query.outcomes or item.outcome in query.outcomes)
            and query.actor in (None, item.actor)
            and (query.subject is None or query.subject in item.subjects)
        ][:first]

    async def audit_entries(self, entry_ids: Sequence[str]) -> list[AuditEntry]:
        return [item for item in await self.audit(AuditQuery(), 1000, None) if item.entry_id in entry_ids]

    async def audit_of(
        self, subjects: Sequence[str], query: AuditQuery, first: int, before: AuditPlace | None
    ) -> list[list[AuditEntry]]:
        found = await self.audit(query, 1000, before)
        return [[item for item in found if subject in item.subjects][:first] for subject in subjects]

    async def forget(self, before: Micros, most: int) -> int:
        raise AssertionError("not the API's to call")

    async def alert_records(self, query: AlertQuery, first: int, before: RecordPlace | None) -> list[AlertRecord]:
        self._ask("alert_records")
        found = [item for entry in self.journal for item in recorded(entry)]
        return [
            item
            for item in reversed(found)
            if (before is None or item.place < before)
            and query.alert_id in (None, item.change.alert.alert_id)
            and query.owner in (None, owner_key(item.change.alert.owner))
            and (query.twin_id is None or query.twin_id in item.change.alert.twins)
            and (not query.transitions or item.change.transition in query.transitions)
            and (query.since is None or item.change.at >= query.since)
            and (query.until is None or item.change.at < query.until)
        ][:first]

    async def alerts(self, alert_ids: Sequence[str]) -> list[Alert]:
        self._ask(f"alerts {','.join(sorted(alert_ids))}")
        return [item for item in self.closed if item.alert_id in alert_ids]

    async def closed_alerts(self, asked: ClosedAlerts, first: int, before: Place | None) -> list[Alert]:
        self._ask("closed_alerts")
        return self._closed(asked, first, before, lambda item: True)

    async def closed_alerts_of(
        self, sought: Sequence[Sought], asked: ClosedAlerts, first: int, before: Place | None
    ) -> list[list[Alert]]:
        self._ask("closed_alerts_of")

        def of(one: Sought) -> Callable[[Alert], bool]:
            return lambda item: (
                bool({owner_key(item.owner), *item.twins, f"{owner_key(item.owner)}/{item.behavior}"} & _places(one))
                and _during(one, item.raised_at)
            )

        return [self._closed(asked, first, before, of(one)) for one in sought]

    def _closed(
        self, asked: ClosedAlerts, first: int, before: Place | None, wanted: Callable[[Alert], bool]
    ) -> list[Alert]:
        ordered = sorted(self.closed, key=lambda item: (item.raised_at, item.alert_id), reverse=True)
        owners, twins = asked.about or (frozenset(), frozenset())
        return [
            item
            for item in ordered
            if (before is None or (item.raised_at, item.alert_id) < before)
            and wanted(item)
            and (not asked.severities or item.severity in asked.severities)
            and (asked.about is None or owner_key(item.owner) in owners or bool(twins & {*item.twins}))
        ][:first]

    async def calls(self, call_ids: Sequence[str]) -> list[Call]:
        self._ask(f"calls {','.join(sorted(call_ids))}")
        return [self.old_calls[id] for id in call_ids if id in self.old_calls]

    async def call_page(self, asked: Calls, first: int, before: Place | None) -> list[Call]:
        self._ask("call_page")
        return self._calls(asked, first, before, lambda item: True)

    async def calls_of(
        self, sought: Sequence[Sought], asked: Calls, first: int, before: Place | None
    ) -> list[list[Call]]:
        self._ask("calls_of")

        def of(one: Sought) -> Callable[[Call], bool]:
            return lambda item: bool({item.twin_id, *_decider(item)} & _places(one)) and _during(one, item.decided_at)

        return [self._calls(asked, first, before, of(one)) for one in sought]

    def _calls(self, asked: Calls, first: int, before: Place | None, wanted: Callable[[Call], bool]) -> list[Call]:
        made = {item.call.call_id: item.call for entry in self.journal for item in entry.outcome.calls}
        found = [*{**self.old_calls, **made}.values()]
        found.sort(key=lambda item: (item.decided_at, item.call_id), reverse=True)
        return [
            item
            for item in found
            if (before is None or (item.decided_at, item.call_id) < before)
            and wanted(item)
            and (not asked.statuses or item.status in asked.statuses)
            and (asked.twins is None or item.twin_id in asked.twins)
            and asked.method in (None, item.method)
        ][:first]

    def _ask(self, statement: str) -> None:
        self.statements.append(statement)
        if self.fault is not None:
            raise self.fault
        if self.down:
            raise Unavailable("the graph does not answer", hint="it is tried again by itself")

    async def migrate(self) -> list[int]:
        raise NotImplementedError

    async def take_over(self) -> int:
        raise NotImplementedError

    async def load(self) -> tuple[int, list[StoredDefinition]]:
        raise NotImplementedError

    async def last_revisions(self, keys: Sequence[tuple[Kind, str]]) -> dict[tuple[Kind, str], int]:
        return {(item.kind, item.id): item.number for item in self.history if (item.kind, item.id) in keys}

    async def save(self, change: DefinitionChange) -> None:
        self.changes.append(change)
        self.remember(change)

    def remember(self, change: DefinitionChange) -> None:
        def keep(kind: Kind, id: str, document: str) -> None:
            number = 1 + sum((item.kind, item.id) == (kind, id) for item in self.history)
            reason, revision = change.reason, change.catalogue_revision + 1
            self.history.append(RevisionRecord(kind, id, number, change.at, change.author, reason, document, revision))

        for key in change.removed:
            keep(*key, "")
        for item in change.saved:
            keep(item.kind, item.id, json.dumps(to_document(item.definition)))

    async def revisions(
        self, kind: Kind, id: str, *, first: int = 100, before: int | None = None
    ) -> list[RevisionRecord]:
        self._ask(f"revisions {kind} {id} {first} {before}")
        return self._history(kind, id, before)[:first]

    async def changes_after(self, catalogue_revision: int, most: int) -> list[RevisionRecord]:
        return [item for item in self.history if item.catalogue_revision > catalogue_revision][:most]

    async def revisions_of(
        self, askers: Sequence[tuple[Kind, str, int | None]], first: int
    ) -> list[list[RevisionRecord]]:
        self._ask(f"revisions_of {first}")
        return [self._history(kind, id, before)[:first] for kind, id, before in askers]

    async def revisions_at(self, askers: Sequence[tuple[Kind, str, Micros]]) -> list[RevisionRecord | None]:
        self._ask("revisions_at")
        return [
            next((item for item in self._history(kind, id, None) if item.at <= at), None) for kind, id, at in askers
        ]

    def _history(self, kind: Kind, id: str, before: int | None) -> list[RevisionRecord]:
        found = [item for item in reversed(self.history) if (item.kind, item.id) == (kind, id)]
        return [item for item in found if before is None or item.number < before]

    async def lifecycles(self, overlay_ids: Sequence[str]) -> dict[str, list[LifecycleRecord]]:
        self._ask("lifecycles")
        found: dict[str, list[LifecycleRecord]] = {id: [] for id in overlay_ids}
        for change in reversed(self.changes):
            for item in change.saved:
                if item.kind == "overlay" and item.id in found and item.id in change.lifecycles:
                    began = change.lifecycles[item.id]
                    found[item.id].append(
                        LifecycleRecord(item.revision, began, change.at, change.author, change.reason)
                    )
        return found

    async def cursor(self) -> int:
        raise NotImplementedError

    async def books(self) -> tuple[int, Books]:
        raise NotImplementedError

    async def write(self, batch: FactBatch) -> None:
        raise NotImplementedError

    async def ping(self) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


def _places(sought: Sought) -> set[str]:
    return {*sought.twins, *sought.owners, *sought.behaviors}


def _during(sought: Sought, at: Micros) -> bool:
    return (sought.since is None or at >= sought.since) and (sought.until is None or at < sought.until)


def _decider(call: Call) -> tuple[str, ...]:
    key = call.behavior
    return () if key is None else (owner_key(key.owner), f"{owner_key(key.owner)}/{key.name}")


class FakeDevices:
    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Any]] = []
        self.answer = CallAnswer("accepted", True)
        self.connections = [
            ConnectorHealth(
                "opc-ua 127.0.0.1:4840", "opc-ua", "opc.tcp://127.0.0.1:4840", "connected", 2, "", NOON, 3_000_000_000,
                {"NotFinite": 2},
            )
        ]  # fmt: skip
        self.ways: Sequence[PathView] = ()

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        self.sent.append((twin_id, property, value))
        return self.answer

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        self.sent.append((twin_id, method, arguments))
        return self.answer

    def reconnect(self, twins: Mapping[str, TwinConnection | None]) -> None:
        return None

    def time_out(self, twin_id: str, method: str) -> float | None:
        return None

    def paths(self, twin_id: str) -> Sequence[PathView]:
        return self.ways

    def health(self) -> Sequence[ConnectorHealth]:
        return self.connections


class FakeNotifications:
    """Implements ports.Notifications; `trouble` is what the target says to a test."""

    def __init__(self) -> None:
        self.trouble: TwinOverlayError | None = None
        self.warning = ""
        self.tested: list[tuple[str, str]] = []
        self.standing = [
            TargetHealth("shift", "webhook", "https://chat.example.org", "ok", NOON, sent=3, last_sent_at=NOON),
            TargetHealth(
                "office", "smtp", "ops@example.org by mail:587", "failed", NOON, "it answered 535 no", NOON,
                failed=2, tries_failed=7, pending=500, pending_more=True, oldest_pending_at=NOON,
            ),
        ]  # fmt: skip

    def targets(self) -> Sequence[TargetHealth]:
        return self.standing

    async def test(self, target: str, by: str) -> str:
        if target not in [item.name for item in self.standing]:
            raise NotFound.named("notification target", target, [item.name for item in self.standing], path="/target")
        if self.trouble is not None:
            raise self.trouble
        self.tested.append((target, by))
        return self.warning


class QuietInbox:
    """Takes everything and decides nothing: for tests that write live state themselves."""

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        return 0, Outcome()


class Parts(Protocol):
    catalogue: Catalogue
    store: FakeStore
    devices: FakeDevices
    bus: Bus
    clock: FakeClock
    assets: AssetStore
    past: Past
    notifications: "FakeNotifications"
    warnings: dict[str, str]

    async def ready(self) -> dict[str, str]: ...

    def recorded(self, after: int, limit: int) -> Sequence[Entry]: ...


def services(parts: "Parts", live: LiveView, inbox: Inbox, engine: Engine | None = None) -> Services:
    """With the real commands on whatever stands behind them."""

    async def caught_up() -> int:
        return live.sequence

    definitions = DefinitionCommands(parts.store, parts.catalogue, inbox, parts.devices, parts.clock, parts.assets)
    control = ControlCommands(parts.catalogue, live, inbox, parts.bus, parts.clock, CALL_SECONDS)
    overrides = OverrideCommands(parts.catalogue, live, inbox)
    reports = ReportCommands(parts.catalogue, inbox, parts.clock)
    scripts = ScriptCommands(definitions, parts.store.scripts)
    topology = Topology(parts.catalogue)
    needs = NeedsKept(topology)
    what_if = WhatIfCommands(parts.catalogue, engine or Engine(), parts.clock)
    commands = Commands(
        definitions,
        scripts,
        StoredScriptCommands(parts.store.scripts, scripts, parts.clock),
        control,
        AssetCommands(parts.assets, parts.catalogue, inbox),
        overrides,
        reports,
        AlertCommands(live, inbox),
        what_if,
        DryRunCommands(definitions, engine or Engine(), parts.past, parts.clock),
        ShelvingCommands(live, inbox, parts.clock),
        ActivationCommands(definitions, engine or Engine(), parts.clock),
        NotificationCommands(parts.notifications, inbox),
        ImpactCommands(parts.catalogue, topology, needs, live, what_if),
        CauseCommands(parts.catalogue, topology, needs, live),
    )
    finder = Finder(parts.catalogue, topology, live)
    return Services(
        commands,
        live,
        parts.store,
        parts.bus,
        parts.devices,
        parts.clock,
        CollectorRegistry(),
        parts.ready,
        lambda: parts.warnings,
        Space,
        GraphState,
        lambda: Ledger(NOON, ()),
        topology,
        finder,
        Traversals(parts.catalogue, topology, finder, live),
        parts.notifications,
        caught_up,
        parts.past,
        no_backup,
        Replays(parts.recorded),
    )


async def no_backup() -> Path:
    raise Conflict("a backup is under way", code="BACKUP_UNDER_WAY", hint="wait until it is done")


class Installation:
    def __init__(self, assets: AssetStore | None = None, **settings: Any) -> None:
        self.catalogue = Catalogue()
        self.assets = assets or EveryAsset()
        self.live = FakeLive()
        self.store = FakeStore()
        self.devices = FakeDevices()
        self.past: Past = NoPast()
        self.notifications = FakeNotifications()
        self.bus = Bus()
        self.clock = FakeClock()
        self.problems: dict[str, str] = {}
        self.warnings: dict[str, str] = {}
        self.settings = ServerSettings(**settings)
        self.registry = CollectorRegistry()
        """Of GraphQL's numbers alone."""
        self.admission = Admission(traffic=Traffic(self.registry))
        self.services = services(self, self.live, QuietInbox())
        self.save(*DOCUMENTS)

    async def ready(self) -> dict[str, str]:
        return self.problems

    def recorded(self, after: int, limit: int) -> Sequence[Entry]:
        """What a journal would have."""
        return [entry for entry in self.store.journal if entry.sequence > after][:limit]

    def limit(self, trusted: Trusted | None = None, **settings: Any) -> None:
        """Other settings of GraphQL than the defaults, before anything is asked."""
        self.registry = CollectorRegistry()
        self.admission = Admission(GraphQLSettings(**settings), trusted or Trusted(), Traffic(self.registry))

    def app(self, port: int = PORT) -> Starlette:
        return Starlette(
            routes=routes(self.services, self.settings, self.admission),
            middleware=middleware(self.settings, port, AssetSettings()),
        )

    def save(self, *documents: tuple[Kind, dict[str, Any]]) -> None:
        saved = []
        for kind, document in documents:
            definition = MODELS[kind].model_validate(document)
            saved.append(StoredDefinition(kind, id_of(definition), definition, 1, 1, NOON, "ann", NOON, "ann"))
        change = DefinitionChange(self.catalogue.revision, NOON, "ann", "", tuple(saved))
        self.store.remember(change)
        self.catalogue.apply(change)
        self.services.commands.definitions.told = self.catalogue.revision

    # ------------------------------------------------------------ what the plant does

    def commit(self, outcome: Outcome) -> None:
        self.live.sequence += 1
        self.store.journal.append(Entry(self.live.sequence, self.clock.at, Tick(), outcome))
        self.bus.publish(self.live.sequence, self.clock.at, outcome)

    def change(self, twin_id: str, name: str, value: Value, **more: Any) -> None:
        fact = PropertyChanged(
            twin_id, name, value, **{"quality": "good", "timestamp": NOON, "reported_at": NOON, "known": True, **more}
        )
        self.live.states[(twin_id, name)] = fact.state()
        self.commit(Outcome(changes=(fact,)))

    def behave(self, view: BehaviorView) -> None:
        self.live.views.setdefault(view.key.owner, {})[view.key.name] = view
        fact = BehaviorChanged(view.key, view.state, view.evidence, NOON, READING, "inactive", view.since)
        self.commit(Outcome(behaviors=(fact,)))

    def raise_alert(self, alert: Alert) -> None:
        self.live.alerts[alert.alert_id] = alert
        self.commit(Outcome(alerts=(AlertChanged(alert, "raised", NOON, READING),)))

    def disconnect(self, twin_id: str, reason: str) -> None:
        self.live.paths[twin_id] = Connectivity("disconnected", reason, NOON)
        self.commit(Outcome(connectivity=(ConnectivityChanged(twin_id, "disconnected", reason, NOON, NOON),)))


def an_alert(alert_id: str = "alert-1", **more: Any) -> Alert:
    fields: dict[str, Any] = {
        "owner": OwnerKey("twin", "pump_123"),
        "behavior": "hot",
        "code": "0",
        "severity": "warning",
        "message": "Pump is hot",
        "twins": ("pump_123",),
        "raised_at": NOON,
        "ack_required": False,
        "latched": False,
        "cause": Cause("behavior", "pump_123/hot", NOON, READING),
    }
    return Alert(alert_id, **{**fields, **more})


def a_call(call_id: str = "call-1", **more: Any) -> Call:
    fields: dict[str, Any] = {
        "twin_id": "pump_123",
        "status": "accepted",
        "decided_at": NOON,
        "cause": Cause("command", "ann", NOON),
        "attempted_at": NOON + SECOND,
        "finished_at": NOON + 2 * SECOND,
    }
    return Call(call_id, **{**fields, **more})
