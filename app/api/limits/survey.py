"""From a valid document to what its operations ask for: how deep, how many fields, and the cost tree of each.

Fields of one response name are merged as execution merges them, and fragments are followed wherever they are spread,
so a small document may ask for very much: the walk stops with FIELDS_EXCEEDED before it becomes long.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from app.api.limits.cost import Condition, Cost, Filled, Given, Size, Variables, counted
from app.api.limits.sizes import (
    DEPTHS,
    INPUT,
    INTROSPECTION_PART,
    MOST,
    MOST_DEPTH,
    PAGE,
    PAGE_FIELDS,
    PAGED,
    PATIENCE,
    REACH_DEPTH,
    REACHES,
    STEP,
    UNBOUNDED_DEPTH,
    Declared,
    declared,
    weight,
)
from app.api.pages import DEFAULT_PAGE

MAX_FIELDS = 5_000
"""Of one operation, wherever its fragments are spread."""


class TooManyFields(Exception):
    """The walk was stopped."""


@dataclass(slots=True)
class Surveyed:
    """One operation."""

    fields: tuple[Cost, ...] = ()
    depth: int = 0
    root_fields: int = 0
    introspects: bool = False
    patience: float = 0.0
    """Seconds that one of its fields may take by a limit of its own."""
    too_many: bool = False
    size: int = 0
    """Fields, those of a fragment wherever it is spread."""

    def cost(self, variables: Variables) -> int:
        return sum(item.of(variables) for item in self.fields)


@dataclass(slots=True)
class _Merged:
    """The fields of one response name in one selection."""

    nodes: list[FieldNode]
    conditions: tuple[Condition, ...] | None


@dataclass(slots=True)
class Survey:
    """`of` an operation of the document; raises nothing on a valid one."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    _operation: OperationDefinitionNode | None = None
    _defaults: dict[str, ValueNode] = field(default_factory=dict)
    _seen: int = 0
    _depth: int = 0

    def of(self, operation: OperationDefinitionNode) -> Surveyed:
        self._defaults = {
            item.variable.name.value: item.default_value
            for item in operation.variable_definitions or ()
            if item.default_value is not None
        }
        self._seen = self._depth = 0
        root = self.schema.get_root_type(operation.operation)
        assert root is not None
        found = Surveyed()
        try:
            merged = self._collect(root, [operation.selection_set])
            found.fields = self._costs(root, merged, 1, operation.operation is OperationType.MUTATION)
        except TooManyFields:
            found.too_many = True
            return found
        found.depth, found.root_fields, found.size = self._depth, len(merged), self._seen
        names = {node.name.value for item in merged.values() for node in item.nodes}
        found.introspects = bool(names & {"__schema", "__type"})
        found.patience = max((PATIENCE.get(f"{root.name}.{name}", 0.0) for name in names), default=0.0)
        return found

    # ------------------------------------------------------------ what is asked for

    def _collect(self, on: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, _Merged]:
        found: dict[str, _Merged] = {}
        spread: set[str] = set()
        for item in sets:
            self._collect_from(on, item, (), spread, found)
        return found

    def _collect_from(
        self,
        on: GraphQLObjectType,
        selection_set: SelectionSetNode,
        conditions: tuple[Condition, ...],
        spread: set[str],
        found: dict[str, _Merged],
    ) -> None:
        for selection in selection_set.selections:
            self._seen += 1
            if self._seen > MAX_FIELDS:
                raise TooManyFields
            here = self._conditions(selection.directives)
            if here is None:
                continue
            here = (*conditions, *here)
            if isinstance(selection, FieldNode):
                key = selection.alias.value if selection.alias else selection.name.value
                if key in found:
                    found[key].nodes.append(selection)
                    found[key].conditions = None
                else:
                    found[key] = _Merged([selection], here)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, on):
                    self._collect_from(on, selection.selection_set, here, spread, found)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                # Under a condition it may be spread again without one.
                if not here:
                    spread.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
                if self._applies(fragment.type_condition.name.value, on):
                    self._collect_from(on, fragment.selection_set, here, spread, found)

    def _applies(self, condition: str, on: GraphQLObjectType) -> bool:
        if condition == on.name:
            return True
        named = self.schema.type_map[condition]
        return is_abstract_type(named) and self.schema.is_sub_type(named, on)

    def _conditions(self, directives: Sequence[DirectiveNode] | None) -> tuple[Condition, ...] | None:
        """None where the literal ones leave it out."""
        found: list[Condition] = []
        for directive in directives or ():
            if directive.name.value not in ("skip", "include"):
                continue
            wanted = directive.name.value == "include"
            value = next((item.value for item in directive.arguments or () if item.name.value == "if"), None)
            if isinstance(value, BooleanValueNode) and value.value is not wanted:
                return None
            if isinstance(value, VariableNode):
                default = self._defaults.get(value.name.value)
                found.append(
                    Condition(value.name.value, isinstance(default, BooleanValueNode) and default.value, wanted)
                )
        return tuple(found)

    # ------------------------------------------------------------ what it counts

    def _costs(
        self,
        on: GraphQLObjectType,
        merged: Mapping[str, _Merged],
        depth: int,
        writes: bool = False,
        page: Size | None = None,
    ) -> tuple[Cost, ...]:
        self._depth = max(self._depth, depth)
        found = (self._cost(on, key, item, depth, writes, page) for key, item in merged.items())
        return tuple(item for item in found if item is not None and item.fixed != 0)

    def _cost(
        self, on: GraphQLObjectType, key: str, merged: _Merged, depth: int, writes: bool, page: Size | None
    ) -> Cost | None:
        node = merged.nodes[0]
        definition = self.schema.get_field(on, node.name.value)
        if definition is None:  # never of a valid document
            return None
        name = f"{on.name}.{node.name.value}"
        named = get_named_type(definition.type)
        own = weight(name, writes=writes)
        if is_leaf_type(named):
            # Asking for it is free unless it was given a weight, or changes something.
            own = own if own > 1 else 0
            return Cost(key, node, own, (), (), (), merged.conditions or ()) if own else None
        size = self._page(node, definition, page)
        sizes = self._sizes(name, node, definition, page)
        sets = [item.selection_set for item in merged.nodes if item.selection_set]
        introspects = node.name.value in ("__schema", "__type")
        # The schema's own types are few, known, and as deep as every client's introspection makes them.
        below = depth + 1 if not on.name.startswith("__") and not introspects else depth
        common, choices = self._below(named, sets, below, size)
        common = (*common, *self._steps(key, node, definition))
        part = INTROSPECTION_PART if introspects else 1
        return Cost(key, node, own, sizes, common, choices, merged.conditions or (), part)

    def _below(
        self, named: GraphQLNamedType, sets: list[SelectionSetNode], depth: int, page: Size | None
    ) -> tuple[tuple[Cost, ...], tuple[tuple[Cost, ...], ...]]:
        kinds = [named] if isinstance(named, GraphQLObjectType) else self._told_apart(named, sets)
        found = [self._costs(kind, self._collect(kind, sets), depth, page=page) for kind in kinds]
        return (found[0], ()) if len(found) == 1 else ((), tuple(found))

    def _told_apart(self, named: GraphQLNamedType, sets: list[SelectionSetNode]) -> list[GraphQLObjectType]:
        """One of each group of its types that these selections treat alike."""
        conditions = sorted(set(self._type_conditions(sets, set())))
        alike: dict[tuple[bool, ...], GraphQLObjectType] = {}
        for kind in self.schema.get_possible_types(cast(Any, named)):
            alike.setdefault(tuple(self._applies(condition, kind) for condition in conditions), kind)
        return list(alike.values())

    def _type_conditions(self, sets: Iterable[SelectionSetNode], spread: set[str]) -> Iterator[str]:
        for selection_set in sets:
            for selection in selection_set.selections:
                if isinstance(selection, InlineFragmentNode):
                    if selection.type_condition is not None:
                        yield selection.type_condition.name.value
                    yield from self._type_conditions([selection.selection_set], spread)
                elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                    spread.add(selection.name.value)
                    fragment = self.fragments[selection.name.value]
                    yield fragment.type_condition.name.value
                    yield from self._type_conditions([fragment.selection_set], spread)

    def _sizes(self, name: str, node: FieldNode, definition: GraphQLField, page: Size | None) -> tuple[Size, ...]:
        if not _is_list(definition.type):
            return ()
        if page is not None and node.name.value in PAGE_FIELDS:
            return (replace(page, above=True),)
        return (self._size(node, definition, declared(name, definition.args)),)

    def _page(self, node: FieldNode, definition: GraphQLField, around: Size | None) -> Size | None:
        """Of what is below: by the arguments of this field, else of the one around it, which asked for a page in its
        input."""
        if _is_list(definition.type):
            return None
        if any(name in definition.args for name in PAGE.arguments):
            return self._size(node, definition, PAGE)
        if (given := self._given_in_input(node, definition)) is not None:
            return Size((given,), DEFAULT_PAGE, MOST, (given.argument,))
        if around is None and get_named_type(definition.type).name.endswith("Connection"):
            return self._size(node, definition, PAGE)
        return around

    def _given_in_input(self, node: FieldNode, definition: GraphQLField) -> Given | None:
        argument = definition.args.get(INPUT)
        kind = get_named_type(argument.type) if argument is not None else None
        if not isinstance(kind, GraphQLInputObjectType):
            return None
        name = next((item for item in PAGED if item in kind.fields), None)
        if name is None:
            return None
        value = _argument(node, INPUT)
        return self._given_in(value, INPUT, name, counted(kind.fields[name].default_value))

    def _given_in(self, value: ValueNode | None, argument: str, name: str, otherwise: int | None = None) -> Given:
        """What the member `name` of the argument's object says: a literal, a variable, or one for the whole object."""
        at = f"{argument}.{name}"
        if isinstance(value, VariableNode):
            said = _member(self._defaults.get(value.name.value), name)
            return Given(at, _literal(said, otherwise), value.name.value, name)
        said = _member(value, name)
        if isinstance(said, VariableNode):
            return self._of_variable(at, said, otherwise)
        return Given(at, _literal(said, otherwise))

    def _of_variable(self, argument: str, variable: VariableNode, otherwise: int | None = None) -> Given:
        name = variable.name.value
        return Given(argument, _literal(self._defaults.get(name), otherwise), name)

    def _steps(self, key: str, node: FieldNode, definition: GraphQLField) -> tuple[Cost, ...]:
        """A traversal costs what it walks, whatever it answers with."""
        depths = (
            replace(self._depth_size(node, definition, name), above=True) for name in DEPTHS if name in definition.args
        )
        walked = [Cost(key, node, STEP, (size,), (), (), ()) for size in depths]
        return (*walked, *(cost for name in REACHES if (cost := self._reach(key, node, name)) is not None))

    def _reach(self, key: str, node: FieldNode, name: str) -> Cost | None:
        """Of an argument that is a traversal itself; None where it is left out."""
        value = _argument(node, name)
        if value is None or isinstance(value, NullValueNode):
            return None
        conditions: tuple[Filled, ...] = ()
        if isinstance(value, VariableNode):
            default = self._defaults.get(value.name.value)
            conditions = (Filled(value.name.value, default is not None and not isinstance(default, NullValueNode)),)
        given = self._given_in(value, name, REACH_DEPTH)
        size = Size((given,), UNBOUNDED_DEPTH, MOST_DEPTH, (given.argument,), above=True)
        return Cost(key, node, STEP, (size,), (), (), conditions)

    def _size(self, node: FieldNode, definition: GraphQLField, by: Declared) -> Size:
        takes = tuple(item for item in by.arguments if item in definition.args)
        given = tuple(item for name in takes if (item := self._given(node, definition, name)) is not None)
        lists = any(_is_list(definition.args[name].type) for name in takes)
        return Size(given, by.assumed, MOST, takes, lists)

    def _depth_size(self, node: FieldNode, definition: GraphQLField, name: str) -> Size:
        given = self._given(node, definition, name)
        return Size((given,) if given is not None else (), UNBOUNDED_DEPTH, MOST_DEPTH, (name,))

    def _given(self, node: FieldNode, definition: GraphQLField, name: str) -> Given | None:
        value = _argument(node, name)
        if value is None:
            default = counted(definition.args[name].default_value)
            return Given(name, default) if default is not None else None
        if isinstance(value, VariableNode):
            return self._of_variable(name, value)
        found = _literal(value)
        return Given(name, found) if found is not None else None


def survey(schema: GraphQLSchema, document: DocumentNode) -> dict[str | None, Surveyed]:
    """Each operation of a valid document, by its name."""
    fragments = {item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)}
    walk = Survey(schema, fragments)
    return {
        item.name.value if item.name else None: walk.of(item)
        for item in document.definitions
        if isinstance(item, OperationDefinitionNode)
    }


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((item.value for item in node.arguments or () if item.name.value == name), None)


def _literal(value: ValueNode | None, otherwise: int | None = None) -> int | None:
    if isinstance(value, IntValueNode):
        return int(value.value)
    if isinstance(value, ListValueNode):
        return len(value.values)
    return otherwise


def _member(value: ValueNode | None, name: str) -> ValueNode | None:
    fields = value.fields if isinstance(value, ObjectValueNode) else ()
    return next((item.value for item in fields if item.name.value == name), None)


def _is_list(type_: object) -> bool:
    return isinstance(type_.of_type if isinstance(type_, GraphQLNonNull) else type_, GraphQLList)
