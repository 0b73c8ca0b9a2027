"""A part of the live plant in an engine of its own: everything that given changes can lead to, and no more.

Readers are followed: whoever reads a property that may change, and whatever those may set, and so on. What is copied
are facts, which nobody ever changes, so the live engine waits only while they are listed; the rest is done wherever
the copy is built.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.engine.cells import Cell, OverlayState, Owner
from app.engine.live import LiveState
from app.model.plan import ActionPlan, CallPlan, EmitPlan, OwnerKey, PropertyKey, Rule, WritePlan


class TooWide(Exception):
    """More owners of behaviors than were allowed."""


@dataclass(frozen=True, slots=True)
class Part:
    """Ids of twins and overlays, in the order in which the live state has them."""

    twins: tuple[str, ...]
    overlays: tuple[str, ...]
    behaviors: int
    around: tuple[str, ...] = ()
    """Overlays of which nothing is copied: alerts of its twins are counted under them (flood.py)."""


def reached(
    live: LiveState,
    properties: Iterable[PropertyKey],
    paths: Iterable[str],
    most: int,
    owners: Iterable[OwnerKey] = (),
) -> Part:
    """By a change of these properties, of the paths to these twins and of the rules of these owners. Raises TooWide."""
    search = _Search(live, most)
    for key in owners:
        if (owner := live.owner(key)) is not None:
            search.include(owner)
    for changing in properties:
        twin = live.twins.get(changing.twin_id)
        if twin is not None:
            search.include(twin)
            if (cell := twin.cells.get(changing.name)) is not None:
                search.touch(cell)
    for twin_id in paths:
        twin = live.twins.get(twin_id)
        if twin is not None:
            search.include(twin)
            for cell in twin.cells.values():
                if cell.pathed:
                    search.touch(cell)
    search.follow()
    keys = search.owners
    return Part(
        tuple(key.id for key in keys if key.kind == "twin"),
        tuple(key.id for key in keys if key.kind == "overlay"),
        sum(len(owner.rules) for owner in keys.values()),
        search.around(),
    )


class _Search:
    def __init__(self, live: LiveState, most: int) -> None:
        self.owners: dict[OwnerKey, Owner] = {}
        self._live = live
        self._most = most
        self._touched: set[Cell] = set()
        self._waiting: list[Owner] = []

    def include(self, owner: Owner) -> None:
        if owner.key in self.owners:
            return
        if len(self.owners) >= self._most:
            raise TooWide
        self.owners[owner.key] = owner
        self._waiting.append(owner)

    def touch(self, cell: Cell) -> None:
        """It may change: so may what is computed from it, and whoever reads it may act."""
        if cell in self._touched:
            return
        self._touched.add(cell)
        for reader in cell.readers:
            self.include(reader.owner)
        for fed in cell.feeds:
            self.touch(fed)

    def follow(self) -> None:
        while self._waiting:
            owner = self._waiting.pop()
            if isinstance(owner, OverlayState):
                for twin_id in owner.plan.bindings.values():
                    if (bound := self._live.twins.get(twin_id)) is not None:
                        self.include(bound)
            for rule in owner.rules.values():
                for action in actions_of(rule.plan):
                    self._act(owner, action)

    def around(self) -> tuple[str, ...]:
        """Those that bind twins of it and are not in it."""
        live, found = self._live, set[str]()
        for key in self.owners:
            if key.kind == "twin":
                found |= live.overlays_of.get(key.id, set())
        known = (id for id in found if id in live.overlays or id in live.beyond)
        return tuple(sorted(id for id in known if OwnerKey("overlay", id) not in self.owners))

    def _act(self, owner: Owner, action: ActionPlan) -> None:
        if not isinstance(action, CallPlan | WritePlan | EmitPlan):
            return
        for twin_id in owner.twins_of(action.owner):
            twin = self._live.twins.get(twin_id)
            if twin is None:
                continue
            self.include(twin)
            for guard in twin.guards:
                self.include(guard.owner)
            if isinstance(action, EmitPlan):
                for listener in twin.listeners:
                    self.include(listener.owner)
            cell = twin.cells.get(action.property) if isinstance(action, WritePlan) else None
            if cell is not None and not cell.mapped:
                self.touch(cell)


def actions_of(rule: Rule) -> Iterator[ActionPlan]:
    """Wherever they stand."""
    yield from rule.actions
    yield from rule.otherwise
    for escalation in rule.escalations:
        yield from escalation.actions
    for expect in rule.expects():
        yield from expect.otherwise
