"""Which behaviors go blind or are disarmed, and which interlocks go blind, once some twins are gone.

*Blind*: it reads a property of one of them. *Disarmed*: it acts on one (calls, writes, or raises an event of it). Who
reads and acts is what the graph's READS and ACTS_ON say (rows.py). The behaviors of a twin read and act on that twin
alone, so they are looked at once for all twins that have the same ones.
"""

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from app.commands.overlay_names import behaviors_in_effect
from app.commands.rows import overlay_behaviors, overlay_interlocks, twin_behaviors, twin_interlocks
from app.model.behaviors import AlertAction, BehaviorDefinition, Severity, action_lists
from app.model.catalogue import Capabilities, Catalogue
from app.model.change import BehaviorNode, InterlockNode
from app.model.composition import overlays_around
from app.model.listed import MOST_LISTED, Listed
from app.model.plan import BehaviorKey, PropertyKey

MOST_NAMED = 20
SEVERITIES: tuple[Severity, ...] = ("critical", "error", "warning", "info")
_NONE = len(SEVERITIES)


@dataclass(frozen=True, slots=True)
class BehaviorLoss:
    key: BehaviorKey
    severity: Severity | None
    """The worst of the alerts that it may raise."""
    reads: tuple[PropertyKey, ...]
    """The first of those that it reads and that are gone; empty where it does not go blind."""
    reads_count: int
    whole: bool
    """Whether nothing is left of what it reads."""
    acts_on: tuple[str, ...]
    """Twins that it acts on and that are gone; empty where it is not disarmed."""


@dataclass(frozen=True, slots=True)
class InterlockLoss:
    key: BehaviorKey
    reads: tuple[PropertyKey, ...]
    reads_count: int
    whole: bool
    guards: tuple[str, ...]
    """The twins that it stands before: nothing it covers can be sent to them, for it is unknown."""


@dataclass(frozen=True, slots=True)
class Silenced:
    behaviors: Listed[BehaviorLoss]
    interlocks: Listed[InterlockLoss]
    blind: int
    disarmed: int


_Place = tuple[int, str, str, str]
"""Severity (0 is the worst), kind of owner, its id, the behavior's name: the order in which they are told."""
_Own = tuple[Capabilities, list[tuple[int, str, bool, bool]], list[str]]
"""What a twin can do, its behaviors that are hit (severity, name, blind, disarmed), and its interlocks that are."""


class _First:
    """The first of many in their order, and how many there were: all of a plant's behaviors are not kept for that."""

    def __init__(self) -> None:
        self.total = 0
        self._places: list[_Place] = []

    def put(self, place: _Place) -> None:
        self.total += 1
        self._places.append(place)
        if len(self._places) >= 5 * MOST_LISTED:
            self._places = self.first()

    def first(self) -> list[_Place]:
        return heapq.nsmallest(MOST_LISTED, self._places)


class Silencing:
    """`gone(twin_id)` says which properties of one of the twins are gone: None for every one; `already`, whether all of
    a twin was before."""

    def __init__(
        self,
        catalogue: Catalogue,
        twins: Collection[str],
        gone: Callable[[str], Collection[str] | None],
        already: Callable[[str], bool],
    ) -> None:
        self._catalogue = catalogue
        self._twins = twins
        self._gone = gone
        self._already = already
        self._behaviors, self._interlocks = _First(), _First()
        self._blind = self._disarmed = 0
        self._told: list[BehaviorLoss] = []
        self._told_interlocks: list[InterlockLoss] = []
        self._nodes: dict[str, Sequence[BehaviorNode]] = {}
        """By overlay: several of its behaviors are told of."""
        self._of_twins: dict[tuple[int, frozenset[str] | None], _Own] = {}

    def look(self) -> Iterator[None]:
        """An owner at a time; then what is told of them, one by one."""
        around: dict[str, None] = {}
        for twin_id in self._twins:
            self._twin(twin_id)
            around.update(dict.fromkeys(self._catalogue.overlays_of_twin(twin_id)))
            yield
        for overlay_id in overlays_around(self._catalogue, around):
            self._overlay(overlay_id)
            yield
        for place in self._behaviors.first():
            if (behavior := self._behavior(place)) is not None:
                self._told.append(behavior)
            yield
        for place in self._interlocks.first():
            if (interlock := self._interlock(place)) is not None:
                self._told_interlocks.append(interlock)
            yield

    @property
    def found(self) -> Silenced:
        """Once all of it was looked at."""
        behaviors = Listed(self._told, self._behaviors.total)
        interlocks = Listed(self._told_interlocks, self._interlocks.total)
        return Silenced(behaviors, interlocks, self._blind, self._disarmed)

    # ------------------------------------------------------------ who there is

    def _twin(self, twin_id: str) -> None:
        _, behaviors, interlocks = self._own(twin_id)
        for severity, name, blind, disarmed in behaviors:
            self._count((severity, "twin", twin_id, name), blind, disarmed)
        for name in interlocks:
            self._interlocks.put((0, "twin", twin_id, name))

    def _own(self, twin_id: str) -> _Own:
        """The same of all twins that can do the same and have lost the same."""
        capabilities, gone = self._catalogue.capabilities(twin_id), self._gone(twin_id)
        key = id(capabilities), None if gone is None else frozenset(gone)
        known = self._of_twins.get(key)
        if known is None:
            behaviors = [
                (_rank(capabilities.behaviors[node.key.name]), node.key.name, self._blinds(node), bool(node.acts_on))
                for node in twin_behaviors(self._catalogue, twin_id)
            ]
            hit = [item for item in behaviors if item[2] or item[3]]
            interlocks = [node.key.name for node in twin_interlocks(self._catalogue, twin_id) if self._blinds(node)]
            known = self._of_twins[key] = (capabilities, hit, interlocks)
        return known

    def _overlay(self, overlay_id: str) -> None:
        overlay = self._catalogue.overlay(overlay_id)
        if overlay is None or not overlay.in_place:
            return
        if overlay.lifecycle == "active":
            definitions = behaviors_in_effect(self._catalogue, overlay)
            for node in overlay_behaviors(self._catalogue, overlay):
                blind, disarmed = self._blinds(node), any(id in self._twins for id in node.acts_on)
                if blind or disarmed:
                    place = (_rank(definitions[node.key.name]), "overlay", overlay_id, node.key.name)
                    self._count(place, blind, disarmed)
        for item in overlay_interlocks(self._catalogue, overlay):
            if self._blinds(item):
                self._interlocks.put((0, "overlay", overlay_id, item.key.name))

    def _count(self, place: _Place, blind: bool, disarmed: bool) -> None:
        self._behaviors.put(place)
        self._blind += blind
        self._disarmed += disarmed

    def _blinds(self, node: BehaviorNode | InterlockNode) -> bool:
        return any(self._is_gone(key) for key in node.reads)

    def _whole(self, node: BehaviorNode | InterlockNode) -> bool:
        return all(self._is_gone(key) or self._already(key.twin_id) for key in node.reads)

    def _is_gone(self, key: PropertyKey) -> bool:
        if key.twin_id not in self._twins:
            return False
        gone = self._gone(key.twin_id)
        return gone is None or key.name in gone

    # ------------------------------------------------------------ what is told of them

    def _behavior(self, place: _Place) -> BehaviorLoss | None:
        """None where its definition has gone meanwhile: whoever asked begins again then."""
        severity, kind, owner_id, name = place
        overlay = self._catalogue.overlay(owner_id) if kind == "overlay" else None
        if overlay is None:
            nodes: Sequence[BehaviorNode] = twin_behaviors(self._catalogue, owner_id)
        elif owner_id not in self._nodes:
            nodes = self._nodes[owner_id] = overlay_behaviors(self._catalogue, overlay)
        else:
            nodes = self._nodes[owner_id]
        node = next((node for node in nodes if node.key.name == name), None)
        if node is None:
            return None
        reads = [key for key in node.reads if self._is_gone(key)]
        return BehaviorLoss(
            node.key,
            SEVERITIES[severity] if severity < _NONE else None,
            tuple(reads[:MOST_NAMED]),
            len(reads),
            bool(reads) and self._whole(node),
            tuple(id for id in node.acts_on if id in self._twins),
        )

    def _interlock(self, place: _Place) -> InterlockLoss | None:
        _, kind, owner_id, name = place
        overlay = self._catalogue.overlay(owner_id) if kind == "overlay" else None
        nodes = overlay_interlocks(self._catalogue, overlay) if overlay else twin_interlocks(self._catalogue, owner_id)
        node = next((node for node in nodes if node.key.name == name), None)
        if node is None:
            return None
        reads = [key for key in node.reads if self._is_gone(key)]
        return InterlockLoss(node.key, tuple(reads[:MOST_NAMED]), len(reads), self._whole(node), node.guards)


def _rank(behavior: BehaviorDefinition) -> int:
    """0 for one that may raise a critical alert."""
    raised = [a.severity for _, actions in action_lists(behavior) for a in actions if isinstance(a, AlertAction)]
    return min((SEVERITIES.index(severity) for severity in raised), default=_NONE)
