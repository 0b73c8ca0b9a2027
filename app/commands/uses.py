"""Who reads a property and who acts on a twin: what behaviors and interlocks name, the other way round.

It says what the graph's READS, ACTS_ON and GUARDS say, of drafts and suspended overlays too, without asking the graph.
All twins that add nothing to their type share one answer; an overlay's is made when somebody first asks for it, and
everything is forgotten with the next change of definitions.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from app.commands.bound import behind
from app.commands.overlay_names import behaviors_in_effect, names_in_overlay
from app.commands.rows import overlay_behaviors, overlay_interlocks, twin_behaviors, twin_interlocks
from app.model.behaviors import BehaviorDefinition, EmitEventAction, MethodCallAction, TargetedAction, targeted_actions
from app.model.catalogue import Capabilities, Catalogue
from app.model.change import BehaviorNode, DefinitionChange, InterlockNode
from app.model.composition import overlays_around
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey


class Act(NamedTuple):
    """One thing that a behavior does to a twin: exactly one of the last three is named."""

    twin_id: str
    method: str | None = None
    property: str | None = None
    event: str | None = None


@dataclass(slots=True)
class _Owned:
    """Of one owner, or (without twin ids) of all twins of one shape."""

    reads: dict[str, tuple[PropertyKey, ...]] = field(default_factory=dict)
    """By behavior."""
    acts: dict[str, tuple[Act, ...]] = field(default_factory=dict)
    readers: dict[PropertyKey, list[str]] = field(default_factory=dict)
    """Behaviors, by what they read."""
    actors: dict[str, list[str]] = field(default_factory=dict)
    """Behaviors, by the twin that they act on."""
    guards: dict[PropertyKey, list[tuple[str, str]]] = field(default_factory=dict)
    """Interlocks, by what they read, each with a twin that it stands before."""

    @classmethod
    def of(
        cls,
        behaviors: Sequence[BehaviorNode],
        interlocks: Sequence[InterlockNode],
        acts: Mapping[str, tuple[Act, ...]],
    ) -> "_Owned":
        found = cls(acts=dict(acts))
        for node in behaviors:
            found.reads[node.key.name] = node.reads
            for key in node.reads:
                found.readers.setdefault(key, []).append(node.key.name)
        for name, done in acts.items():
            for twin_id in dict.fromkeys(act.twin_id for act in done):
                found.actors.setdefault(twin_id, []).append(name)
        for interlock in interlocks:
            for key in interlock.reads:
                found.guards.setdefault(key, []).extend((interlock.key.name, twin_id) for twin_id in interlock.guards)
        return found


class Uses:
    """Make one per catalogue: it follows that one's changes."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._shapes: dict[int, tuple[Capabilities, str, _Owned]] = {}
        """By the identity of what a twin can do, which is kept beside it; with the twin that it was made of."""
        self._overlays: dict[str, _Owned] = {}
        catalogue.followers.append(self._forget)

    def readers(self, key: PropertyKey) -> list[BehaviorKey]:
        """Behaviors whose conditions read it, the twin's own first."""
        own, made_of = self._of_twin(key.twin_id)
        owner = OwnerKey("twin", key.twin_id)
        found = [BehaviorKey(owner, name) for name in own.readers.get(PropertyKey(made_of, key.name), ())]
        for overlay_id in self._around(key.twin_id):
            owner = OwnerKey("overlay", overlay_id)
            found += [BehaviorKey(owner, name) for name in self._of_overlay(overlay_id).readers.get(key, ())]
        return found

    def interlocks(self, key: PropertyKey) -> list[tuple[BehaviorKey, str]]:
        """Interlocks whose conditions read it (owner and name), with each twin that they stand before."""
        own, made_of = self._of_twin(key.twin_id)
        owner = OwnerKey("twin", key.twin_id)
        found = [
            (BehaviorKey(owner, name), key.twin_id) for name, _ in own.guards.get(PropertyKey(made_of, key.name), ())
        ]
        for overlay_id in self._around(key.twin_id):
            owner = OwnerKey("overlay", overlay_id)
            standing = self._of_overlay(overlay_id).guards.get(key, ())
            found += [(BehaviorKey(owner, name), twin_id) for name, twin_id in standing]
        return found

    def readers_of_twin(self, twin_id: str) -> list[BehaviorKey]:
        """Behaviors that read any property of it."""
        names = self._catalogue.capabilities(twin_id).properties
        return list(dict.fromkeys(key for name in names for key in self.readers(PropertyKey(twin_id, name))))

    def actors(self, twin_id: str) -> list[BehaviorKey]:
        """Behaviors that call a method of it, write a property of it or emit an event of it."""
        own, made_of = self._of_twin(twin_id)
        found = [BehaviorKey(OwnerKey("twin", twin_id), name) for name in own.actors.get(made_of, ())]
        for overlay_id in self._around(twin_id):
            names = self._of_overlay(overlay_id).actors.get(twin_id, ())
            found += [BehaviorKey(OwnerKey("overlay", overlay_id), name) for name in names]
        return found

    def reads(self, key: BehaviorKey) -> Sequence[PropertyKey]:
        """What its conditions read; empty for one that is not there."""
        if key.owner.kind == "overlay":
            return self._of_overlay(key.owner.id).reads.get(key.name, ())
        own, _ = self._of_twin(key.owner.id)
        return [PropertyKey(key.owner.id, item.name) for item in own.reads.get(key.name, ())]

    def acts(self, key: BehaviorKey) -> Sequence[Act]:
        """What it does to twins, each once, in the order in which it is written."""
        if key.owner.kind == "overlay":
            return self._of_overlay(key.owner.id).acts.get(key.name, ())
        own, _ = self._of_twin(key.owner.id)
        return [act._replace(twin_id=key.owner.id) for act in own.acts.get(key.name, ())]

    # ------------------------------------------------------------ keeping

    def _around(self, twin_id: str) -> list[str]:
        return sorted(overlays_around(self._catalogue, self._catalogue.overlays_of_twin(twin_id)))

    def _of_twin(self, twin_id: str) -> tuple[_Owned, str]:
        """And the twin id that stands in it for the twin itself."""
        able = self._catalogue.capabilities(twin_id)
        found = self._shapes.get(id(able))
        if found is None:
            acts = {name: _acts(item, lambda _: [twin_id]) for name, item in able.behaviors.items()}
            owned = _Owned.of(twin_behaviors(self._catalogue, twin_id), twin_interlocks(self._catalogue, twin_id), acts)
            found = self._shapes[id(able)] = (able, twin_id, owned)
        return found[2], found[1]

    def _of_overlay(self, overlay_id: str) -> _Owned:
        found = self._overlays.get(overlay_id)
        if found is None:
            overlay = self._catalogue.overlay(overlay_id)
            if overlay is None:
                return _Owned()
            named = names_in_overlay(self._catalogue, overlay)

            def meant(action: TargetedAction) -> Iterable[str]:
                path = named.target(action)
                someone = behind(self._catalogue, overlay, named, path) if path is not None else ()
                return [item.twin_id for _, item in someone if item.twin_id is not None]

            acts = {name: _acts(item, meant) for name, item in behaviors_in_effect(self._catalogue, overlay).items()}
            found = self._overlays[overlay_id] = _Owned.of(
                overlay_behaviors(self._catalogue, overlay), overlay_interlocks(self._catalogue, overlay), acts
            )
        return found

    def _forget(self, change: DefinitionChange) -> None:
        self._shapes.clear()
        self._overlays.clear()


def _acts(behavior: BehaviorDefinition, meant: Callable[[TargetedAction], Iterable[str]]) -> tuple[Act, ...]:
    found: dict[Act, None] = {}
    for action in targeted_actions(behavior):
        for twin_id in meant(action):
            found[_act(twin_id, action)] = None
    return tuple(found)


def _act(twin_id: str, action: TargetedAction) -> Act:
    match action:
        case MethodCallAction():
            return Act(twin_id, method=action.method)
        case EmitEventAction():
            return Act(twin_id, event=action.event)
        case _:
            return Act(twin_id, property=action.property)
