"""The plant as one execution of a live query sees it: everything it reads is noted on the way.

This is the one place where reading is noted. What a live answer can't be kept right for, because nothing says when it
changes, is not within reach of it: asking refuses with NOT_LIVE.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from app.api.context import Context
from app.api.live.reads import Reads
from app.api.live.shape import HINT
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.services import Services
from app.commands.commands import Commands
from app.commands.impact import ImpactCommands
from app.errors import Invalid
from app.find.edges import Edges
from app.find.finder import Finder, Found
from app.find.properties import Passing, compared
from app.find.query import Around, OverlayFilter, TwinFilter, Window
from app.find.query import Order as Sorting
from app.find.traversals import RelatedPage, Traversals
from app.model.catalogue import Capabilities, Catalogue
from app.model.change import StoredDefinition
from app.model.connectivity import Template
from app.model.definitions import MODELS, Kind, Overlay, OverlayType, RelationshipType, Twin, TwinType
from app.model.definitions import Connectivity as ConnectivityDefinition
from app.model.events import Alert, AlertKey, Call, Shelving, Timer, TwinEventOccurred
from app.model.explanation import Explanation, WhyNot
from app.model.lineage import lineage
from app.model.live import AlertEvidence, BehaviorView, ClockView, Connectivity, Fault, GuardView
from app.model.plan import BehaviorKey, OwnerKey, OwnerKind, PropertyKey
from app.model.time import Micros
from app.model.values import Override, PropertyState, Value
from app.ports import LiveView

KINDS: tuple[Kind, ...] = tuple(MODELS)
FEW = 256
"""Twins of a filter's column that are noted one by one."""


class NotedLive:
    """Implements LiveView."""

    def __init__(self, live: LiveView, reads: Reads) -> None:
        self._live = live
        self._reads = reads

    @property
    def sequence(self) -> int:
        return self._live.sequence

    def property_state(self, twin_id: str, name: str) -> PropertyState | None:
        found = self._live.property_state(twin_id, name)
        self._reads.value(twin_id, name, found)
        return found

    def mark_of(self, twin_id: str) -> object | None:
        """None: from what was kept nobody would note what it was read from."""
        return None

    def mark_with_behaviors(self, twin_id: str) -> object | None:
        return None

    def overrides(self) -> Mapping[PropertyKey, Override]:
        self._reads.note("overrides")
        self._reads.note("loaded")
        return self._live.overrides()

    def values(self, name: str, twin_ids: Sequence[str]) -> Sequence[Value]:
        self._reads.column(name, twin_ids, few=len(twin_ids) <= FEW)
        return self._live.values(name, twin_ids)

    def owners_with_active(self, kind: OwnerKind, behavior: str) -> set[str]:
        self._reads.note("active", kind, behavior)
        self._reads.note("loaded")
        return self._live.owners_with_active(kind, behavior)

    def connectivity(self, twin_id: str) -> Connectivity | None:
        self._reads.path(twin_id)
        return self._live.connectivity(twin_id)

    def clock(self, twin_id: str) -> ClockView | None:
        self._reads.note("heard", twin_id)
        self._reads.twin(twin_id)
        return self._live.clock(twin_id)

    def behaviors(self, owner: OwnerKey) -> Sequence[BehaviorView]:
        self._behaviors_of(owner)
        return self._live.behaviors(owner)

    def timers_of(self, key: BehaviorKey) -> Sequence[Timer]:
        self._reads.note("timers", key.owner.kind, key.owner.id)
        self._reads.note("stepped")
        self._reads.note("owner", key.owner.kind, key.owner.id)
        return self._live.timers_of(key)

    def why_unknown(self, key: BehaviorKey) -> Sequence[str]:
        self._reads.note("anything")
        return self._live.why_unknown(key)

    def fault(self, key: BehaviorKey) -> Fault | None:
        self._reads.note("anything")
        return self._live.fault(key)

    def faults(self) -> Sequence[Fault]:
        self._reads.note("anything")
        return self._live.faults()

    def explain(self, key: BehaviorKey) -> Explanation | None:
        self._reads.note("anything")
        return self._live.explain(key)

    def explain_alert(self, alert: Alert) -> Explanation:
        self._reads.note("calls")
        return self._live.explain_alert(alert)

    def why_not(self, key: BehaviorKey) -> WhyNot | None:
        self._reads.note("anything")
        return self._live.why_not(key)

    def guards(self, twin_id: str) -> Sequence[GuardView]:
        self._reads.note("anything")
        return self._live.guards(twin_id)

    def retry_at(self, twin_id: str, method: str) -> Micros | None:
        self._reads.note("anything")
        return self._live.retry_at(twin_id, method)

    def last_events(self, twin_id: str) -> Sequence[TwinEventOccurred]:
        self._reads.note("events", twin_id)
        self._reads.twin(twin_id)
        return self._live.last_events(twin_id)

    def open_alerts(self) -> Iterable[Alert]:
        self._reads.note("alerts")
        return self._live.open_alerts()

    def shelved(self) -> Mapping[AlertKey, Shelving]:
        self._reads.note("shelvings")
        return self._live.shelved()

    def against_shelving(self, key: AlertKey, duration: Micros) -> str:
        self._reads.note("anything")
        return self._live.against_shelving(key, duration)

    def alert(self, alert_id: str) -> Alert | None:
        self._reads.note("alerts", alert_id)
        return self._live.alert(alert_id)

    def alert_evidence(self, alert_id: str) -> AlertEvidence | None:
        self._reads.note("alerts", alert_id)
        alert = self._live.alert(alert_id)
        if alert is not None:
            self._behaviors_of(alert.owner)
        return self._live.alert_evidence(alert_id)

    def call(self, call_id: str) -> Call | None:
        self._reads.note("calls")
        return self._live.call(call_id)

    def open_calls(self) -> Iterable[Call]:
        self._reads.note("calls")
        return self._live.open_calls()

    def _behaviors_of(self, owner: OwnerKey) -> None:
        self._reads.note("behaviors", owner.kind, owner.id)
        self._reads.note("owner", owner.kind, owner.id)


class NotedCatalogue(Catalogue):
    """The same definitions, read only. A search over all of a kind is noted as that; what it finds, one by one.

    Of an index both sides are noted: the place that was looked at, where a definition may join, and each that was
    found there, which may leave.
    """

    __slots__ = ("_all", "_reads", "_types")

    def __init__(self, catalogue: Catalogue, reads: Reads) -> None:
        for item in dataclasses.fields(Catalogue):
            if item.name != "stored":
                setattr(self, item.name, getattr(catalogue, item.name))
        self._all = catalogue.stored
        self._reads = reads
        self._types: set[str] = set()
        """Whose lineage is noted."""

    @property
    def stored(self) -> Mapping[tuple[Kind, str], StoredDefinition]:  # type: ignore[override]
        for kind in self._by_kind:
            self._reads.note("kind", kind)
        return self._all

    def get(self, kind: Kind, id: str) -> StoredDefinition | None:
        self._reads.note("definition", kind, id)
        return super().get(kind, id)

    def ids(self, kind: Kind) -> Iterable[str]:
        self._reads.note("kind", kind)
        return super().ids(kind)

    def all(self, kind: Kind) -> Iterable[StoredDefinition]:
        self._reads.note("kind", kind)
        return super().all(kind)

    def relationship_type(self, name: str) -> RelationshipType | None:
        self._reads.note("definition", "relationship_type", name)
        return super().relationship_type(name)

    def twin_type(self, type_id: str) -> TwinType | None:
        self._reads.note("definition", "twin_type", type_id)
        return super().twin_type(type_id)

    def twin(self, twin_id: str) -> Twin | None:
        self._reads.note("definition", "twin", twin_id)
        return super().twin(twin_id)

    def overlay_type(self, type_id: str) -> OverlayType | None:
        self._reads.note("definition", "overlay_type", type_id)
        return super().overlay_type(type_id)

    def overlay(self, overlay_id: str) -> Overlay | None:
        self._reads.note("definition", "overlay", overlay_id)
        return super().overlay(overlay_id)

    def subtypes_of(self, type_id: str) -> list[str]:
        return self._found("subtypes", "twin_type", type_id, super().subtypes_of(type_id))

    def twins_of_exactly(self, type_id: str) -> Iterable[str]:
        self._reads.note("kind", "twin")
        return super().twins_of_exactly(type_id)

    def overlays_of_type(self, type_id: str) -> list[str]:
        self._reads.note("kind", "overlay")
        return super().overlays_of_type(type_id)

    def overlays_of_twin(self, twin_id: str) -> list[str]:
        return self._found("overlays_of_twin", "overlay", twin_id, super().overlays_of_twin(twin_id))

    def overlays_of_overlay(self, overlay_id: str) -> list[str]:
        return self._found("overlays_of_overlay", "overlay", overlay_id, super().overlays_of_overlay(overlay_id))

    def overlay_types_of_twin_type(self, type_id: str) -> list[str]:
        self._reads.note("kind", "overlay_type")
        return super().overlay_types_of_twin_type(type_id)

    def overlay_types_of_overlay_type(self, type_id: str) -> list[str]:
        self._reads.note("kind", "overlay_type")
        return super().overlay_types_of_overlay_type(type_id)

    def twins_relating_to(self, twin_id: str) -> list[str]:
        return self._found("twins_relating_to", "twin", twin_id, super().twins_relating_to(twin_id))

    def overlays_relating_to(self, twin_id: str) -> list[str]:
        return self._found("overlays_relating_to", "overlay", twin_id, super().overlays_relating_to(twin_id))

    def capabilities(self, twin_id: str) -> Capabilities:
        self._line_of(self.twin(twin_id))
        return super().capabilities(twin_id)

    def type_capabilities(self, type_id: str) -> Capabilities:
        self._line(type_id)
        return super().type_capabilities(type_id)

    def template(self, type_id: str) -> Template | None:
        self._line(type_id)
        return super().template(type_id)

    def connectivity(self, twin_id: str) -> ConnectivityDefinition | None:
        self._line_of(self.twin(twin_id))
        return super().connectivity(twin_id)

    def mapped(self, twin_id: str) -> tuple[str, ...] | None:
        self._line_of(self.twin(twin_id))
        return super().mapped(twin_id)

    def _found(self, index: str, kind: Kind, id: str, found: list[str]) -> list[str]:
        self._reads.note(index, id)
        for item in found:
            self._reads.note("definition", kind, item)
        return found

    def _line_of(self, twin: Twin | None) -> None:
        if twin is not None:
            self._line(twin.twin_type)

    def _line(self, type_id: str) -> None:
        """What is kept of a type is of all it extends, and is not looked up in them again."""
        if type_id not in self._types:
            self._types.add(type_id)
            lineage(self, type_id)


class NotedFinder:
    """The same indexes, with live values that are noted; its own reading of definitions is noted by kind."""

    def __init__(self, finder: Finder, live: LiveView, noted: NotedLive, reads: Reads) -> None:
        self._live = live
        self._finder = finder.through(noted, self._compare)
        self._reads = reads

    def _compare(self, name: str, ids: Sequence[str], tests: Sequence[Passing]) -> list[str]:
        passed = compared(self._live, name, ids, tests)
        self._reads.compared(name, tests, ids, passed)
        return passed

    def twins(self, where: TwinFilter, order: Sorting, window: Window) -> Found:
        self.note("twin", "twin_type")
        if where.member is not None or where.related_to is not None:
            self.note(*KINDS)
        return self._finder.twins(where, order, window)

    def overlays(self, where: OverlayFilter, order: Sorting, window: Window) -> Found:
        self.note(*KINDS)
        return self._finder.overlays(where, order, window)

    @property
    def edges(self) -> Edges:
        return cast(Edges, Noted(self._finder.edges, self))

    def within(self) -> Finder:
        """For what asks it on behalf of something that notes for itself of which kinds that is."""
        return self._finder

    def note(self, *kinds: Kind) -> None:
        for kind in kinds:
            self._reads.note("kind", kind)


class Noted:
    """What is read off definitions the other way round: any of them may matter."""

    def __init__(self, found: Any, finder: NotedFinder) -> None:
        self._found = found
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        self._finder.note(*KINDS)
        return getattr(self._found, name)


class NotedTraversals:
    """Walks along the same edges; whose edges they are, and what is filtered, is noted by kind."""

    def __init__(self, services: Services, finder: NotedFinder, live: NotedLive) -> None:
        self._found = Traversals(services.catalogue, services.topology, finder.within(), live)
        self._finder = finder

    def related(self, asked: Around, size: int, after: str | None) -> RelatedPage:
        self._finder.note(*KINDS)
        return self._found.related(asked, size, after)


class NotedCommands:
    """The one that changes nothing and is asked as a query: it rehearses with the engine, so anything may matter."""

    def __init__(self, commands: Commands, finder: NotedFinder, reads: Reads) -> None:
        self._commands = commands
        self._finder = finder
        self._reads = reads

    @property
    def impact(self) -> ImpactCommands:
        self._finder.note(*KINDS)
        self._reads.note("anything")
        return self._commands.impact

    def __getattr__(self, name: str) -> Any:
        raise not_live("files and scripts change without a word to the journal")


class NotedOrder(Order):
    def __init__(self, order: Order, catalogue: Catalogue, reads: Reads) -> None:
        self._whole = (order, catalogue)
        self._reads = reads

    def ids(self, catalogue: Catalogue, kind: Kind) -> Sequence[str]:
        self._reads.note("kind", kind)
        order, whole = self._whole
        return order.ids(whole, kind)


class NotLive:
    """In place of a service whose changes nobody tells of."""

    def __init__(self, why: str) -> None:
        self._why = why

    def __getattr__(self, name: str) -> Any:
        raise not_live(self._why)

    def __call__(self, *given: Any) -> Any:
        raise not_live(self._why)


def not_live(why: str) -> Invalid:
    return Invalid(f"this can't be kept right in a live query: {why}", code="NOT_LIVE", hint=HINT)


class NotedServices(Services):
    """What a live query can talk to."""

    noted: Catalogue

    def __post_init__(self) -> None:
        """Nothing is made of it that services make of their own."""

    @property
    def catalogue(self) -> Catalogue:
        return self.noted


_WHY_NOT = {
    "store": "this comes from the graph, which is behind the journal",
    "devices": "how connections stand is told by their supervisors alone",
    "clock": "this hangs on the clock",
    "past": "this is of the past, which is run again for it",
}
"""By service; of all that is not named here, and not noted, nothing tells how it changes either."""
_ELSE = "nothing tells how this changes"


def noting(context: Context, reads: Reads) -> Context:
    """The same request, through the noting views."""
    services = context.services
    live = NotedLive(services.live, reads)
    finder = NotedFinder(services.finder, services.live, live, reads)
    noted: dict[str, Any] = {
        "live": live,
        "finder": finder,
        "traversals": NotedTraversals(services, finder, live),
        "commands": NotedCommands(services.commands, finder, reads),
        "walking": services.walking,
    }
    fields = [item.name for item in dataclasses.fields(Services) if item.init]
    refused: dict[str, Any] = {name: NotLive(_WHY_NOT.get(name, _ELSE)) for name in fields}
    seen = NotedServices(**{**refused, **noted})
    object.__setattr__(seen, "noted", NotedCatalogue(services.catalogue, reads))
    object.__setattr__(seen, "uses", Noted(services.uses, finder))
    return dataclasses.replace(
        context,
        services=seen,
        order=NotedOrder(context.order, services.catalogue, reads),
        loaders=Loaders(seen),
    )
