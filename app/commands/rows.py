"""The edges and nodes that a change derives for the graph: properties, relationships, behaviors and interlocks.

Complete per owner: an owner in a row set loses there whatever is not listed. An owner that is left out keeps all it
has, so dependents appear only where their rows differ.
"""

from collections.abc import Callable, Iterable

from app.commands.bound import behind
from app.commands.draft import World
from app.commands.overlay_names import (
    Named,
    Names,
    behaviors_in_effect,
    interlocks_in_effect,
    names_in_overlay,
    nobody,
    twin_behind,
)
from app.dtsl.parse import parse_condition
from app.errors import Invalid
from app.model import composition
from app.model.behaviors import BehaviorDefinition, expressions, targeted_actions
from app.model.change import BehaviorNode, InterlockNode, PropertyRow, RelationshipEdge
from app.model.conditions import references
from app.model.definitions import Overlay, Twin
from app.model.interlocks import InterlockDefinition
from app.model.plan import BehaviorKey, OwnerKey, PropertyKey
from app.model.relationships import direction_of, type_of


def property_rows(world: World, twin_id: str) -> tuple[PropertyRow, ...]:
    properties = world.capabilities(twin_id).properties.values()
    return tuple(PropertyRow(item.name, item.data_type, item.unit) for item in properties)


def twin_edges(world: World, twin: Twin) -> tuple[RelationshipEdge, ...]:
    """Those to twins that exist; `incoming` ones point at this twin."""
    edges = []
    for item in twin.relationships:
        if world.twin(item.target_twin_id) is not None:
            source, target = twin.twin_id, item.target_twin_id
            if direction_of(world, twin, item) == "incoming":
                source, target = target, source
            edges.append(RelationshipEdge(item.name, type_of(world, twin, item), source, target))
    return tuple(edges)


def overlay_edges(world: World, overlay: Overlay) -> tuple[RelationshipEdge, ...]:
    """Those between twins that exist."""
    return tuple(
        RelationshipEdge(edge.name, edge.relationship_type, edge.source, edge.target)
        for edge in composition.overlay_edges(world, overlay)
        if world.twin(edge.source) is not None and world.twin(edge.target) is not None
    )


def twin_behaviors(world: World, twin_id: str) -> tuple[BehaviorNode, ...]:
    capabilities = world.capabilities(twin_id)
    owner = OwnerKey("twin", twin_id)
    own = Named(capabilities, twin_id)
    return _nodes(owner, capabilities.behaviors.values(), nobody(), own, lambda path: [own] if path is None else [])


def overlay_behaviors(world: World, overlay: Overlay) -> tuple[BehaviorNode, ...]:
    owner = OwnerKey("overlay", overlay.overlay_id)
    behaviors = behaviors_in_effect(world, overlay).values()
    if not behaviors:
        return ()
    named = names_in_overlay(world, overlay)

    found: dict[str, tuple[Named, ...]] = {}  # thousands may be behind a path that every behavior names

    def meant(path: str | None) -> Iterable[Named]:
        if path is None:
            return ()
        if path not in found:
            found[path] = tuple([item for _, item in behind(world, overlay, named, path)])
        return found[path]

    return _nodes(owner, behaviors, named, None, meant)


def twin_interlocks(world: World, twin_id: str) -> tuple[InterlockNode, ...]:
    capabilities = world.capabilities(twin_id)
    own = Named(capabilities, twin_id)
    return tuple(
        _interlock(OwnerKey("twin", twin_id), item, lambda path: [own] if path is None else [], (twin_id,))
        for item in capabilities.interlocks.values()
    )


def overlay_interlocks(world: World, overlay: Overlay) -> tuple[InterlockNode, ...]:
    interlocks = interlocks_in_effect(world, overlay).values()
    if not interlocks:
        return ()
    named = names_in_overlay(world, overlay)

    def meant(path: str | None) -> Iterable[Named]:
        return () if path is None else [item for _, item in behind(world, overlay, named, path)]

    owner = OwnerKey("overlay", overlay.overlay_id)
    return tuple(
        _interlock(
            owner, item, meant, (found.twin_id for found in meant(named.target(item)) if found.twin_id is not None)
        )
        for item in interlocks
    )


def _interlock(
    owner: OwnerKey,
    item: InterlockDefinition,
    meant: Callable[[str | None], Iterable[Named]],
    guards: Iterable[str],
) -> InterlockNode:
    return InterlockNode(
        BehaviorKey(owner, item.name),
        item.description,
        item.method,
        item.property,
        item.condition,
        tuple(dict.fromkeys(_reads(item.condition, meant))),
        tuple(dict.fromkeys(guards)),
    )


def _nodes(
    owner: OwnerKey,
    behaviors: Iterable[BehaviorDefinition],
    named: Names,
    own: Named | None,
    meant: Callable[[str | None], Iterable[Named]],
) -> tuple[BehaviorNode, ...]:
    nodes = []
    for behavior in behaviors:
        reads: dict[PropertyKey, None] = {}
        acts_on: dict[str, None] = {}
        for _, text in expressions(behavior):
            for key in _reads(text, meant):
                reads[key] = None
        for action in targeted_actions(behavior):
            itself = own is not None and action.role is None and action.twin_id is None
            twin_id = own.twin_id if own and itself else twin_behind(named, named.target(action))[0]
            if twin_id is not None:
                acts_on[twin_id] = None
        nodes.append(
            BehaviorNode(BehaviorKey(owner, behavior.name), behavior.description, tuple(reads), tuple(acts_on))
        )
    return tuple(nodes)


def _reads(text: str, meant: Callable[[str | None], Iterable[Named]]) -> Iterable[PropertyKey]:
    try:
        condition = parse_condition(text)
    except Invalid:
        return  # stored by an older grammar: it is shown with its error (plan.py) and reads nothing
    for reference in references(condition):
        for twin in meant(reference.owner):
            if twin.twin_id is not None and reference.name in twin.capabilities.properties:
                yield PropertyKey(twin.twin_id, reference.name)
