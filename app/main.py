"""The one assembly: build(settings) -> Starlette, whose lifespan opens every room in order and owns one TaskGroup.

Nothing starts at import time and no room builds another: whoever wants to know what is wired to what reads this file.
The order at start matters. An embedded graph engine is already starting when this begins (serve.py spawns it before
the imports); the journal's lock comes before anything can act (one actor per installation, design D12); the engine is
folded from the journal before anything can reach it; connectors come last, when everything they wake is there.
"""

import asyncio
import contextlib
import dataclasses
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import msgspec
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

from app.api.app import middleware, routes
from app.api.limits.admission import Admission
from app.api.problem import PREFIX
from app.api.renderings import Renderings
from app.api.replays import Replays
from app.api.schema import faults
from app.api.security import address_of
from app.api.services import Services
from app.api.traffic import RenderingSeries, Traffic
from app.api.trusted import Trusted
from app.assets.folder import AssetFolder
from app.attach import Absent, Away, StartEngine, follow, gone, reach, taken
from app.backup.restore import refuse_unfinished
from app.backup.take import Backups
from app.commands.activation import ActivationCommands
from app.commands.alerts import AlertCommands
from app.commands.assets import AssetCommands
from app.commands.causes import CauseCommands
from app.commands.commands import Commands
from app.commands.connections import connections
from app.commands.control import ControlCommands
from app.commands.definitions import DefinitionCommands
from app.commands.dry_run import DryRunCommands
from app.commands.impact import ImpactCommands
from app.commands.needs_kept import NeedsKept
from app.commands.notifications import NotificationCommands
from app.commands.overrides import OverrideCommands
from app.commands.plan import changed_since
from app.commands.reports import ReportCommands
from app.commands.scripts import ScriptCommands
from app.commands.shelving import ShelvingCommands
from app.commands.stored_scripts import StoredScriptCommands
from app.commands.what_if import WhatIfCommands
from app.connectors.keys import Keys
from app.connectors.mqtt_publish import publish
from app.connectors.paths import Hysteresis
from app.connectors.protocols import protocols
from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.engine.engine import Engine
from app.errors import Misconfigured, TwinOverlayError, Unavailable
from app.find.finder import Finder
from app.find.traversals import Traversals
from app.graph.respawn import Respawn
from app.graph.store import GraphStore
from app.journal.definitions import DefinitionsCopy
from app.journal.identity import Identity, identity_of
from app.journal.retention import Retention
from app.journal.space import SpaceSize
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.catalogue import Catalogue
from app.model.events import HERE, EngineSettings, Load, Note, Started
from app.model.live import GraphState
from app.model.time import SECOND, Micros
from app.notify.metrics import TargetSeries
from app.notify.room import Notifications
from app.notify.tail import Tail
from app.observe import AssetsToRead, NoJournal, Observer, refuse_backup, refused
from app.past import Past
from app.ports import Journal
from app.runtime.bus import Bus
from app.runtime.clock import SystemClock
from app.runtime.effects import Effects
from app.runtime.graph_writer import GraphWriter
from app.runtime.ingest import Ingest
from app.runtime.ledger import LossLedger
from app.runtime.metrics import Metrics
from app.runtime.phases import Phases
from app.runtime.set_aside import SetAside
from app.settings import Settings, certificates_folder, secrets_folder
from app.standby import Opened, open_at_once
from app.topology.topology import Topology

log = logging.getLogger("twin_overlay")
OpenJournal = Callable[[Settings], Journal]
_ENGINE_TIMES = 6
"""How much longer an embedded engine may take: its process is there and on its way, however slow the machine is."""


def open_journal(settings: Settings) -> Journal:
    retention = Retention(round(settings.journal.keep_hours * 3600 * SECOND), settings.journal.keep_mb * 1024 * 1024)
    segment = SegmentSize(settings.journal.segment_mb * 1024 * 1024)
    return SqliteJournal.open(
        settings.data_dir / "journal",
        retention=retention,
        segment=segment,
        space=SpaceSize(settings.journal.reserve_mb * 1024 * 1024, settings.journal.low_space_mb * 1024 * 1024),
        accept_gap=settings.journal.accept_gap,
    )


def build(
    settings: Settings,
    port: int,
    start_engine: StartEngine | None,
    *,
    opened: Callable[[], Opened] | None = None,
) -> Starlette:
    """The application, not started yet. `port` is the one bound for it: the Host and Origin lists need to know.
    `start_engine` gives the graph engine once it has started (serve.py stops it), None where the graph is a server
    elsewhere. `opened` gives what to start from, where it was not opened here: by a standby, or a fault test. Entering
    its lifespan may raise Misconfigured or Unavailable; this raises Misconfigured where trusted documents are none."""
    trusted = Trusted(settings.graphql.documents_dir, partial(faults, settings=settings.graphql))
    trusted.load()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        start_from = opened or (lambda: open_at_once(open_journal(settings)))
        address = address_of(settings.server, port)
        acting = running(settings, start_engine, start_from, address)
        async with observing(settings, address) if settings.actor.observe else acting as services:
            admission = Admission(settings.graphql, trusted, Traffic(services.registry))
            app.router.routes[:] = routes(services, settings.server, admission)
            app.state.going, app.state.built = services.going, services.built
            yield

    return Starlette(lifespan=lifespan, middleware=middleware(settings.server, port, settings.assets))


@dataclass(slots=True)
class _Rooms:
    """What runs, between being wired and being started."""

    services: Services
    journal: Journal
    clock: SystemClock
    engine: Engine
    ingest: Ingest
    effects: Effects
    writer: GraphWriter
    supervisor: Supervisor
    notifications: Notifications


@contextlib.asynccontextmanager
async def running(
    settings: Settings, start_engine: StartEngine | None, start_from: Callable[[], Opened], address: str = ""
) -> AsyncIterator[Services]:
    phases = Phases()
    async with contextlib.AsyncExitStack() as stack:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        refuse_unfinished(settings.data_dir)
        opened = start_from()  # reads only, and needs no graph: an embedded one is starting meanwhile
        journal, engine = opened.journal, opened.engine
        stack.push_async_callback(journal.close)
        identity = identity_of(settings.data_dir / "journal")
        phases.done("journal")
        copy = DefinitionsCopy(settings.data_dir / "journal")
        stack.push_async_callback(copy.close)
        clock = SystemClock()
        store, catalogue, absent = await _definitions(settings, start_engine, opened, copy, clock, phases)
        stack.push_async_callback(store.close)
        assets = AssetFolder(settings.assets.dir or settings.data_dir / "assets", settings.assets)
        backups = Backups(settings.data_dir, journal, store, clock, version("twin-overlay"), identity.name)
        respawn = Respawn(start_engine, partial(follow, store), clock) if start_engine is not None else None
        rooms = _wire(
            settings,
            engine,
            journal,
            store,
            catalogue,
            assets,
            copy,
            clock,
            absent,
            respawn,
            backups,
            address,
            identity,
        )
        await rooms.notifications.begin()
        await backups.begin()
        phases.done("indexes")
        engine.live.sequence = journal.last_sequence  # an empty journal begins where its graph is
        rooms.clock.never_before(rooms.engine.live.time)
        async with asyncio.TaskGroup() as group:
            connecting = group.create_task(rooms.supervisor.run())
            tasks = [
                group.create_task(room.run())
                for room in (rooms.ingest, rooms.effects, rooms.writer, rooms.notifications)
            ]
            tasks.append(group.create_task(_keep(absent, respawn, rooms.services.commands.definitions)))
            await _start(rooms, settings, absent is not None)
            phases.done("changes")
            log.info("ready after %s", phases)
            yield rooms.services
            await _settle(rooms, connecting, settings.server.drain_seconds)
            rooms.services.bus.close()
            for task in (connecting, *tasks):
                task.cancel()


@contextlib.asynccontextmanager
async def observing(settings: Settings, address: str) -> AsyncIterator[Services]:
    """The same rooms around a journal that is none; those that act are not started."""
    graph = settings.graph
    if graph.uri == "embedded":
        raise Misconfigured(
            "an embedded graph can be read by the server that runs it only",
            code="OBSERVER_NEEDS_GRAPH",
            hint="give the address of a Neo4j server with --graph",
        )
    async with contextlib.AsyncExitStack() as stack:
        try:
            store = await reach(graph, None, graph.start_timeout_seconds)
        except Away as away:
            raise away.error from away
        stack.push_async_callback(store.close)
        store.only_read()
        engine, journal, clock = Engine(), NoJournal(), SystemClock()
        catalogue = Catalogue.of(*await store.load())
        assets = AssetsToRead(settings.assets.dir or settings.data_dir / "assets", settings.assets)
        nobody = Identity("")
        backups = Backups(settings.data_dir / "none", journal, store, clock, version("twin-overlay"), nobody.name)
        rooms = _wire(
            settings, engine, journal, store, catalogue, assets, None, clock, None, None, backups, address, nobody
        )
        rooms.ingest.failure = refused()
        bus = rooms.services.bus
        observer = Observer(journal, engine, catalogue, store, bus, clock, settings.actor.observe_interval_seconds)
        await observer.begin()
        log.info("observing, as of sequence %d and catalogue revision %d", journal.last_sequence, catalogue.revision)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(observer.run())
            yield dataclasses.replace(rooms.services, ready=observer.ready, backup=refuse_backup)
            bus.close()
            watching.cancel()


async def _definitions(
    settings: Settings,
    start_engine: StartEngine | None,
    opened: Opened,
    copy: DefinitionsCopy,
    clock: SystemClock,
    phases: Phases,
) -> tuple[GraphStore, Catalogue, Absent | None]:
    """The graph with what it has; where it is not there, an absent one with what was copied from it. An empty journal
    waits for it: it must begin behind what the graph has. Whoever takes over waits for nothing. Raises Misconfigured
    and Unavailable."""
    graph, journal = settings.graph, opened.journal
    if opened.catalogue is not None and journal.last_sequence:
        comes = Unavailable("this server has just taken over, the graph comes next", code="GRAPH_UNAVAILABLE")
        return _absent(settings, start_engine, journal, clock, comes, opened.catalogue)
    copied = copy.revision if journal.last_sequence else None
    seconds = graph.start_timeout_seconds
    if copied is not None:
        seconds = min(seconds, graph.degraded_after_seconds * (1 if start_engine is None else _ENGINE_TIMES))
    try:
        store = await taken(graph, start_engine, seconds, journal, copied)
        phases.done("graph")
        with gone():
            revision, stored = await store.load()
    except Away as away:
        found = copy.load() if copied is not None else None
        if found is None:
            raise away.error from away
        log.error("%s", away.error)
        log.error(
            "STARTING WITHOUT THE GRAPH, with the definitions of catalogue revision %d as they were saved here: alarms,"
            " calls and live values go on; definitions cannot change, and what only the graph knows cannot be asked"
            " for, until it is back",
            found.revision,
        )
        phases.done("no graph")
        catalogue = Catalogue.of(found.revision, found.saved)
        return _absent(settings, start_engine, journal, clock, away.error, catalogue)
    if copy.revision != revision:
        await copy.replace(revision, stored)
    phases.done("definitions")
    return store, Catalogue.of(revision, stored), None


def _absent(
    settings: Settings,
    start_engine: StartEngine | None,
    journal: Journal,
    clock: SystemClock,
    why: TwinOverlayError,
    catalogue: Catalogue,
) -> tuple[GraphStore, Catalogue, Absent]:
    store = GraphStore(None, settings.graph.database, answer_seconds=settings.graph.answer_timeout_seconds)
    return store, catalogue, Absent(store, settings.graph, start_engine, journal, clock, why)


def _wire(
    settings: Settings,
    engine: Engine,
    journal: Journal,
    store: GraphStore,
    catalogue: Catalogue,
    assets: AssetFolder,
    copy: DefinitionsCopy | None,
    clock: SystemClock,
    absent: Absent | None,
    respawn: Respawn | None,
    backups: Backups,
    address: str,
    identity: Identity,
) -> _Rooms:
    deadband_of = engine.live.deadband
    if copy is not None:
        copy.whole = lambda: (catalogue.revision, list(catalogue.stored.values()))
    registry, bus = CollectorRegistry(), Bus(deadband_of)
    metrics = Metrics(registry)
    ingest = Ingest(engine, journal, bus, clock, metrics, settings.ingest, settings.snapshot_every_entries)
    keys = Keys.of(certificates_folder(settings), secrets_folder(settings))
    connecting = settings.connectors
    supervisor = Supervisor(
        ingest,
        clock,
        registry,
        protocols=protocols(keys, connecting.connect_timeout_seconds, connecting.read_back_seconds),
        installation=identity.id,
        counters=ingest.counters,
        back_off=BackOff(connecting.retry_first_seconds, connecting.retry_most_seconds, connecting.stable_seconds),
        hysteresis=Hysteresis(connecting.fallback_after_seconds, connecting.return_after_seconds),
    )
    effects = Effects(ingest, supervisor, settings.calls.timeout_seconds, metrics)
    ingest.perform = effects.perform

    def life_of(twin_id: str, at: Micros) -> int | None:
        stored = catalogue.get("twin", twin_id)
        return stored.life if stored and stored.created_at <= at else None

    def counting_since() -> Micros:
        return engine.live.counting_since

    def waits_for() -> str:
        """The embedded engine's files are on the journal's disk: they must not take its reserve."""
        return journal.space().problem if settings.graph.uri == "embedded" and journal.full else ""

    def check_space() -> None:
        if journal.full:
            raise Unavailable(journal.space().problem, code="DISK_FULL", hint="make space on it, then try again")

    aside = SetAside(settings.data_dir / "set-aside.ndjson", metrics)
    writer = GraphWriter(
        journal, store, life_of, clock, metrics, settings.graph_writer, aside, deadband_of, counting_since, waits_for
    )
    ledger = LossLedger(ingest, lambda: writer.books, counting_since, journal.gaps)
    metrics.show_ledger(ledger.read)
    metrics.count_pushes(bus.pushed)
    notifications = _notifications(settings, engine, journal, catalogue, ingest, clock, bus, address, identity.name)
    registry.register(TargetSeries(notifications.targets))
    definitions = DefinitionCommands(store, catalogue, ingest, supervisor, clock, assets, copy, check_space)
    control = ControlCommands(catalogue, engine.live, ingest, bus, clock, settings.calls.timeout_seconds)
    overrides = OverrideCommands(catalogue, engine.live, ingest)
    reports = ReportCommands(catalogue, ingest, clock)
    files = AssetCommands(assets, catalogue, ingest)
    alerts, shelving = AlertCommands(engine.live, ingest), ShelvingCommands(engine.live, ingest, clock)
    scripts = ScriptCommands(definitions, store.scripts)
    stored_scripts = StoredScriptCommands(store.scripts, scripts, clock)
    what_if = WhatIfCommands(catalogue, engine, clock)
    activation = ActivationCommands(definitions, engine, clock)
    past = Past(settings.data_dir / "journal")
    dry_run = DryRunCommands(definitions, engine, past, clock)
    topology = Topology(catalogue)
    needs = NeedsKept(topology)
    commands = Commands(
        definitions,
        scripts,
        stored_scripts,
        control,
        files,
        overrides,
        reports,
        alerts,
        what_if,
        dry_run,
        shelving,
        activation,
        NotificationCommands(notifications, ingest),
        ImpactCommands(catalogue, topology, needs, engine.live, what_if),
        CauseCommands(catalogue, topology, needs, engine.live),
    )
    metrics.count_overrides(lambda: (item.kind for item in engine.live.overrides().values()))
    metrics.count_faults(lambda: (fault.reason for fault in engine.live.faults()))

    def graph() -> GraphState:
        state = writer.state
        problem = respawn.problem if respawn is not None else None
        return state if problem is None else msgspec.structs.replace(state, problem=problem)

    async def ready() -> dict[str, str]:
        problem = journal.space().problem
        return {**({"journal": problem} if problem else {}), **await graph_problem()}

    async def graph_problem() -> dict[str, str]:
        if absent is not None and absent.why is not None:
            return {"graph": f"started without it: {absent.why.message}"}
        if problem := graph().problem:
            return {"graph": problem}
        try:
            await store.ping()
        except TwinOverlayError as error:
            return {"graph": error.message}
        return {}

    def warnings() -> dict[str, str]:
        told = [f"{gap.records} lost ({gap.why})" for gap in journal.gaps()]
        told += [space.warning] if (space := journal.space()).warning else []
        refused = f"it refused {aside.count} rows, which are in {aside.file}" if aside.count else ""
        return {part: text for part, text in (("journal", "; ".join(told)), ("graph", refused)) if text}

    metrics.show_space(journal.space)

    finder = Finder(catalogue, topology, engine.live)
    services = Services(
        commands,
        engine.live,
        store,
        bus,
        supervisor,
        clock,
        registry,
        ready,
        warnings,
        journal.space,
        graph,
        ledger.read,
        topology,
        finder,
        Traversals(catalogue, topology, finder, engine.live),
        notifications,
        writer.caught_up,
        past,
        backups.take,
        Replays(journal.read),
        built=lambda: engine.live.built,
        renderings=Renderings(settings.graphql.keep_rendered_mb * 1024 * 1024),
    )
    registry.register(RenderingSeries(services.renderings))
    return _Rooms(services, journal, clock, engine, ingest, effects, writer, supervisor, notifications)


async def _settle(rooms: _Rooms, connecting: asyncio.Task[None], seconds: float) -> None:
    """Nothing new is sent, what was sent is answered, then the connections end, and what they brought is committed; as
    far as that goes in time, or until somebody hurries. What is left is as after a crash: the journal knows it."""

    async def quietly() -> None:
        await rooms.effects.settle()
        connecting.cancel()
        await asyncio.wait({connecting})
        await rooms.ingest.settle()

    work = [asyncio.create_task(quietly()), asyncio.create_task(rooms.services.going.hurry.wait())]
    await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if not work[0].done():
        log.warning("going down without waiting for everything that is under way: the journal knows it")
    for task in work:
        task.cancel()
    await asyncio.gather(*work, return_exceptions=True)


def _notifications(
    settings: Settings,
    engine: Engine,
    journal: Journal,
    catalogue: Catalogue,
    ingest: Ingest,
    clock: SystemClock,
    bus: Bus,
    address: str,
    installation: str,
) -> Notifications:
    tail = Tail(journal, journal.last_sequence)
    bus.followers.append(tail.seen)
    return Notifications(
        settings.notifications,
        journal,
        tail,
        catalogue,
        engine.live,
        ingest,
        clock,
        publish,
        installation,
        f"{address}{PREFIX}/alerts/{{alert_id}}" if address else "",
    )


def engine_settings(settings: Settings) -> EngineSettings:
    return EngineSettings(
        max_skew=round(settings.ingest.max_skew_seconds * SECOND),
        call_deadline=round(settings.calls.deadline_seconds * SECOND),
        max_shelving=round(settings.alerts.max_shelving_seconds * SECOND),
        flood_limit=settings.alerts.flood_per_minute,
    )


async def _start(rooms: _Rooms, settings: Settings, degraded: bool) -> None:
    """What the journal does not know yet: that this is a new run, and definitions changed behind its back. What a copy
    lacks of them is no change."""
    await rooms.ingest.submit(Started(engine_settings(settings)))
    await _note_gaps(rooms)
    catalogue, loaded = rooms.services.catalogue, rooms.engine.loaded()
    definitions = rooms.services.commands.definitions
    definitions.told = loaded.catalogue_revision or catalogue.revision  # of a new journal nobody can have followed
    if not degraded:
        await definitions.tell()
    behind = degraded and catalogue.revision < loaded.catalogue_revision
    plan = None if behind else changed_since(catalogue, loaded)
    if plan is not None:
        await rooms.ingest.submit(Load(plan, starting=True))
    rooms.supervisor.configure(connections(rooms.services.catalogue))


async def _note_gaps(rooms: _Rooms) -> None:
    """In the audit, once: what is lost of the journal, and that this server goes on without it."""
    gaps = [gap for gap in rooms.journal.gaps() if not gap.noted]
    for gap in gaps:
        reason = "accepted by a person" if gap.accepted else "behind the snapshot and every cursor: nobody needs them"
        what, details = f"{gap.records} lost: {gap.why}", {"first": gap.first, "last": gap.last}
        await rooms.ingest.submit(Note("journal", "done", "system", HERE, ("journal",), what, reason, details=details))
    if gaps:
        await rooms.journal.noted()


async def _keep(absent: Absent | None, respawn: Respawn | None, definitions: DefinitionCommands) -> None:
    """The graph: where the server started without it, until it is there; an embedded one from then on."""
    if absent is not None:
        await absent.run(definitions)
    if respawn is not None:
        await respawn.run()
