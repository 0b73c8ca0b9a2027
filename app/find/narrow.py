"""A checked filter as sets to intersect (from the definition indexes) and steps to run over what they leave.

Sets cost nothing to make; steps read live values and run over blocks of ids, so that a page costs what it shows.
"""

from collections.abc import Iterable, Set
from dataclasses import dataclass, field

from app.find.index import PLACES, Index, OverlayIndex, TwinIndex
from app.find.properties import Properties, Step
from app.find.query import Membership, OverlayFilter, TwinFilter
from app.model.catalogue import Catalogue
from app.model.composition import overlays_around
from app.model.events import Alert
from app.model.lineage import family
from app.ports import LiveView
from app.topology.topology import Topology
from app.topology.walk import downstream

_NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class Narrowed:
    sets: list[Set[str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)

    def smallest(self) -> Set[str] | None:
        """The set that leaves least; None where nothing is narrowed by a set."""
        return min(self.sets, key=lambda members: len(members)) if self.sets else None

    def run(self, ids: list[str]) -> list[str]:
        """Those that pass, in their order."""
        for members in self.sets:
            ids = [id for id in ids if id in members]
        for step in self.steps:
            if not ids:
                break
            ids = step(ids)
        return ids


class Narrowing:
    def __init__(
        self,
        catalogue: Catalogue,
        topology: Topology,
        live: LiveView,
        twins: TwinIndex,
        overlays: OverlayIndex,
        properties: Properties,
    ) -> None:
        self._catalogue = catalogue
        self._topology = topology
        self._live = live
        self._twins = twins
        self._overlays = overlays
        self._properties = properties

    def twins(self, where: TwinFilter) -> Narrowed:
        found = Narrowed()
        sets, steps = found.sets, found.steps
        if where.types:
            below = {type_id for wanted in where.types for type_id in family(self._catalogue, wanted)}
            sets.append(_union(self._twins.types.get(type_id, _NOBODY) for type_id in below))
        sets += [self._twins.tags.get(tag, _NOBODY) for tag in where.tags]
        if where.location is not None:
            for name in PLACES:
                if (word := getattr(where.location, name)) is not None:
                    sets.append(self._twins.places[name].get(word, _NOBODY))
            if (box := where.location.within) is not None:
                steps.append(lambda ids: self._twins.inside(box, ids))
        if (near := where.related_to) is not None:
            found_near = downstream(self._topology, [near.twin_id], near.way, near.relationship_types, near.max_depth)
            sets.append(found_near)
        if where.member is not None:
            sets.append(self._members(where.member))
        if where.alert_severity:
            wanted_alerts, held = self._alerts(where.alert_severity), self._twins.held
            # An open alert of an overlay names the twins that it concerned, also one that has been deleted since.
            sets.append({twin_id for alert in wanted_alerts for twin_id in alert.twins if twin_id in held})
        if where.active_behavior is not None:
            sets.append(self._live.owners_with_active("twin", where.active_behavior))
        if where.overridden is not None:
            self._overridden(where.overridden, found)
        if where.text is not None:
            steps.append(_text(self._twins, where.text))
        for test in where.properties:
            steps += self._properties.steps(test)
        if where.connectivity:
            steps.append(self._connectivity(frozenset(where.connectivity)))
        return found

    def overlays(self, where: OverlayFilter) -> Narrowed:
        found = Narrowed()
        sets, steps = found.sets, found.steps
        if where.types:
            sets.append(_union(self._overlays.types.get(type_id, _NOBODY) for type_id in where.types))
        sets += [self._overlays.tags.get(tag, _NOBODY) for tag in where.tags]
        if where.lifecycles:
            sets.append(_union(self._overlays.lifecycles.get(item, _NOBODY) for item in where.lifecycles))
        elif retired := self._overlays.lifecycles.get("retired"):
            steps.append(lambda ids: [id for id in ids if id not in retired])
        for test in where.members:
            twins = None if test.where is None else self.all_twins(test.where)
            if test.twin_id is not None:
                twins = {test.twin_id} if twins is None or test.twin_id in twins else set()
            sets.append(self._with_member(test.role, twins))
        if where.alert_severity:
            sets.append(self._alarmed(self._alerts(where.alert_severity)))
        if where.active_behavior is not None:
            sets.append(self._live.owners_with_active("overlay", where.active_behavior))
        if where.text is not None:
            steps.append(_text(self._overlays, where.text))
        return found

    def _overridden(self, wanted: bool, found: Narrowed) -> None:
        ids = {key.twin_id for key in self._live.overrides()}
        if wanted:
            found.sets.append(ids)
        else:
            found.steps.append(lambda left: [id for id in left if id not in ids])

    def all_twins(self, where: TwinFilter) -> set[str]:
        narrowed = self.twins(where)
        among = narrowed.smallest()
        return set(narrowed.run(list(self._twins.held if among is None else among)))

    def _members(self, member: Membership) -> set[str]:
        overlay_ids = [member.overlay_id] if member.overlay_id is not None else list(self._overlays.held)
        return {
            binding.twin_id
            for overlay_id in overlay_ids
            if (overlay := self._catalogue.overlay(overlay_id)) is not None
            for binding in overlay.twins
            if binding.twin_id is not None and (member.role is None or binding.role == member.role)
        }

    def _with_member(self, role: str | None, twins: Set[str] | None) -> set[str]:
        """Overlays where one of `twins` (None: any twin) fills the role (None: any role)."""
        overlay_ids: Iterable[str] = self._overlays.held
        if twins is not None and len(twins) < len(self._overlays.held):
            overlay_ids = {id for twin_id in twins for id in self._catalogue.overlays_of_twin(twin_id)}
        return {
            overlay_id
            for overlay_id in overlay_ids
            if (overlay := self._catalogue.overlay(overlay_id)) is not None
            and any(
                binding.twin_id is not None
                and (role is None or binding.role == role)
                and (twins is None or binding.twin_id in twins)
                for binding in overlay.twins
            )
        }

    def _alerts(self, severities: Iterable[str]) -> list[Alert]:
        wanted = frozenset(severities)
        return [alert for alert in self._live.open_alerts() if alert.severity in wanted]

    def _alarmed(self, alerts: Iterable[Alert]) -> set[str]:
        """Overlays that raised one of them or have a twin it concerns, and all that such an overlay is inside of."""
        found = set()
        for alert in alerts:
            if alert.owner.kind == "overlay":
                found.add(alert.owner.id)
            for twin_id in alert.twins:
                found.update(self._catalogue.overlays_of_twin(twin_id))
        return set(overlays_around(self._catalogue, found))

    def _connectivity(self, wanted: frozenset[str]) -> Step:
        status = self._live.connectivity
        return lambda ids: [id for id in ids if (found := status(id)) is not None and found.status in wanted]


def _text(index: Index, text: str) -> Step:
    texts, wanted = index.texts, text.casefold()
    return lambda ids: [id for id in ids if wanted in texts[id]]


def _union(sets: Iterable[Set[str]]) -> Set[str]:
    """The set itself where there is one: nothing is copied for a type without subtypes."""
    found = [members for members in sets if members]
    if len(found) == 1:
        return found[0]
    return frozenset().union(*found)
