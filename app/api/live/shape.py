"""What the text of a live query says of its answers, before anything is executed.

It finds what can't be kept right, and what moves by itself: a field that only says at which sequence the answer stands
is no reason to push it again, and a time of last contact moves where no value does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_interface_type,
    is_object_type,
    is_union_type,
)
from graphql.type import GraphQLInterfaceType, GraphQLObjectType, GraphQLUnionType

from app.errors import Invalid, Problem

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType
Place = tuple[str, ...]
"""Names in the answer, without the positions in lists."""

_GRAPH = "it comes from the graph, which is behind the journal"
_FILES = "files change without a word to the journal"
NOT_LIVE: Mapping[str, str] = {
    "Definition.revisions": _GRAPH,
    "Definition.diff": _GRAPH,
    "Definition.asOf": _GRAPH,
    "Definition.auditLog": _GRAPH,
    "Definition.scripts": _GRAPH,
    "Owner.calls": _GRAPH,
    "Behavior.calls": _GRAPH,
    "Alert.history": _GRAPH,
    "Alert.calls": _GRAPH,
    "Alert.auditLog": _GRAPH,
    "Call.alerts": _GRAPH,
    "Call.auditLog": _GRAPH,
    "OverlayLifecycle.since": _GRAPH,
    "OverlayLifecycle.by": _GRAPH,
    "OverlayLifecycle.reason": _GRAPH,
    "OverlayLifecycle.history": _GRAPH,
    "Twin.assets": _FILES,
    "TwinType.assets": _FILES,
    "Overlay.assets": _FILES,
    "OverlayType.assets": _FILES,
    "Connectivity.paths": "how connections stand is told by their supervisors alone",
}
"""Fields of which nothing tells that they have changed, and why. What is asked for at a moment of the past is refused
when it is executed."""

HINT = "leave it out, and ask for it by a query when it is needed"

_MOMENTS = frozenset(
    {
        "Value.timestamp",
        "Value.reportedAt",
        "PropertyReading.timestamp",
        "ConnectivityStatus.lastConnected",
        "TwinInstance.document",
    }
)
"""What moves with every reading, the same value again included."""
_OWN = frozenset({"sequence", "initial", "skipped", "patch", "__typename"})
"""Fields of a push that say something of the push."""


@dataclass(frozen=True, slots=True)
class Shape:
    own: Mapping[str, str]
    """Field by its name in the answer, of those that say something of the push."""
    moments: bool
    """Whether it shows when things were last heard of."""
    moving: frozenset[Place]
    """Where an answer says at which sequence it stands."""


def shape_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Shape:
    """Raises Invalid (NOT_LIVE) with every field that can't be kept right."""
    walk = _Walk(schema, fragments)
    root = schema.subscription_type
    assert root is not None
    for _, push in walk.fields(operation.selection_set, root, ()):
        walk.push(push)
    if walk.refused:
        raise Invalid.of(
            [
                Problem("NOT_LIVE", f"{name} can't be kept right: {why}", hint=HINT)
                for name, why in walk.refused.items()
            ],
            "this live query",
            code="NOT_LIVE",
        )
    return Shape(walk.own, walk.moments, frozenset(walk.moving))


class _Walk:
    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._spread: set[tuple[str, str, Place]] = set()
        """Fragments that were walked, by where they are spread: as often as they are, what they say is the same."""
        self.own: dict[str, str] = {}
        self.moments = False
        self.moving: set[Place] = set()
        self.refused: dict[str, str] = {}

    def push(self, node: FieldNode) -> None:
        """The root field: what it has of its own, and the answer under the rest."""
        root = self._schema.subscription_type
        assert root is not None
        kind = get_named_type(self._schema.get_field(root, node.name.value).type)  # type: ignore[union-attr]
        assert is_object_type(kind)
        assert node.selection_set is not None
        for parent, field in self.fields(node.selection_set, kind, ()):
            name = _answered(field)
            if field.name.value in _OWN:
                self.own[name] = field.name.value
            else:
                self._field(parent, field, (name,))

    def _field(self, parent: Composite, node: FieldNode, place: Place) -> None:
        for name in self._names(parent, node):
            if name in NOT_LIVE:
                self.refused[f"{parent.name}.{node.name.value}"] = NOT_LIVE[name]
            self.moments = self.moments or name in _MOMENTS
            if name.endswith("Connection.sequence") or name == "ImpactAnalysis.sequence":
                self.moving.add(place)
        found = self._schema.get_field(parent, node.name.value)
        kind = get_named_type(found.type) if found is not None else None
        if node.selection_set is not None and (is_object_type(kind) or is_interface_type(kind) or is_union_type(kind)):
            for inner, field in self.fields(node.selection_set, kind, place):
                self._field(inner, field, (*place, _answered(field)))

    def _names(self, parent: Composite, node: FieldNode) -> Iterator[str]:
        """As its type calls the field, and as the interfaces of that do."""
        yield f"{parent.name}.{node.name.value}"
        if not isinstance(parent, GraphQLUnionType):
            for interface in parent.interfaces:
                yield f"{interface.name}.{node.name.value}"

    def fields(
        self, selections: SelectionSetNode, parent: Composite, place: Place
    ) -> Iterator[tuple[Composite, FieldNode]]:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                yield parent, node
            elif isinstance(node, InlineFragmentNode):
                yield from self.fields(node.selection_set, self._narrowed(node.type_condition, parent), place)
            elif isinstance(node, FragmentSpreadNode):
                spread = (node.name.value, parent.name, place)
                if spread not in self._spread:
                    self._spread.add(spread)
                    fragment = self._fragments[node.name.value]
                    inner = self._narrowed(fragment.type_condition, parent)
                    yield from self.fields(fragment.selection_set, inner, place)

    def _narrowed(self, condition: object, parent: Composite) -> Composite:
        name = getattr(getattr(condition, "name", None), "value", None)
        found = self._schema.type_map.get(name) if name is not None else None
        if is_object_type(found) or is_interface_type(found) or is_union_type(found):
            return found
        return parent


def _answered(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
