"""Plans: how the operations of one document are executed, kept from one execution to the next.

What is asked for depends on the values of `@include` and `@skip` too, so each choice of them has a plan of its own. The
lists of fields that graphql-core collects are kept with it: what is compiled is found again by them.
"""

from threading import Lock
from typing import Any, cast

from graphql import (
    DirectiveNode,
    DocumentNode,
    GraphQLObjectType,
    VariableNode,
    Visitor,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

from app.api.selections.place import NotForeseen
from app.api.selections.run import Run
from app.api.selections.selection import LEFT, Selection

MOST_PLANS = 8
"""For one document: the last choices of its directives."""
MOST_SELECTIONS = 1_000
"""Of one plan; past that, which only fragments spread within fragments reach, nothing is kept."""


class Plan:
    def __init__(self, root: GroupedFieldSet) -> None:
        self.root = root
        self.sub_fields: dict[tuple[GraphQLObjectType, int], tuple[FieldDetailsList, CollectedFields]] = {}
        self._selections: dict[int, Selection | None] = {}
        """By the identity of its fields, which `sub_fields` keeps alive; None for those graphql-core executes."""

    @property
    def too_large(self) -> bool:
        return len(self.sub_fields) > MOST_SELECTIONS

    @property
    def whole(self) -> bool:
        """Whether its root was executed, and is one function."""
        selection = self._selections.get(id(self.root))
        return selection is not None and selection.whole

    def execute(
        self, run: Run, parent: GraphQLObjectType, source: Any, path: Path | None, fields: GroupedFieldSet
    ) -> Any:
        """Raises NotForeseen, once: from then on, too, where graphql-core is to execute the fields."""
        key = id(fields)
        if key not in self._selections:
            self._selections[key] = Selection(parent, fields, run)
        selection = self._selections[key]
        if selection is None:
            raise NotForeseen
        try:
            return selection.execute(run, source, path)
        except NotForeseen:
            self._selections[key] = None
            raise

    def ahead(self, root: GraphQLObjectType, run: Run, *, serially: bool) -> None:
        """Compiles all that an execution would compile as it comes to it. `serially`: graphql-core executes the fields
        at the root itself, one after the other."""
        if not serially:
            self._compile(root, self.root, run)
            return
        for details in self.root.values():
            self._below(root, details, run)

    def _compile(self, parent: GraphQLObjectType, fields: GroupedFieldSet, run: Run) -> None:
        if id(fields) in self._selections or self.too_large:
            return
        selection = self._selections[id(fields)] = Selection(parent, fields, run)
        for details in selection.left:
            self._below(parent, details, run)

    def _below(self, parent: GraphQLObjectType, details: FieldDetailsList, run: Run) -> None:
        """Of a field that is graphql-core's, what is asked of the objects in it."""
        executor = run.executor
        definition = executor.schema.get_field(parent, details[0].node.name.value)
        kind = get_named_type(definition.type) if definition is not None else None
        if not is_composite_type(kind):
            return
        for inner in executor.schema.get_possible_types(kind) if is_abstract_type(kind) else [kind]:
            try:
                found = executor.collect_subfields(cast(GraphQLObjectType, inner), details).grouped_field_set
            except LEFT:  # a directive without a value: told where it is met, if it is
                continue
            self._compile(cast(GraphQLObjectType, inner), found, run)


class Plans:
    """Asked by the loop, and added to by the thread that compiles what is large."""

    def __init__(self, document: DocumentNode) -> None:
        self._deciding = _deciding(document)
        self._plans: dict[tuple[Any, ...], Plan | None] = {}
        self._changing = Lock()

    def of(self, executor: Executor[Any], root: GroupedFieldSet) -> Plan | None:
        """None where the operation is more than is kept."""
        with self._changing:
            key = self._key(executor)
            if key not in self._plans:
                self._put(key, Plan(root))
            plan = self._plans[key]
            if plan is not None and plan.too_large:
                plan = self._plans[key] = None
            return plan

    def missing(self, executor: Executor[Any]) -> bool:
        """Whether it would be planned anew."""
        return self._key(executor) not in self._plans

    def add(self, executor: Executor[Any], plan: Plan) -> None:
        """One that was compiled ahead; where another came first, that one stays."""
        with self._changing:
            if self.missing(executor):
                self._put(self._key(executor), plan)

    def _put(self, key: tuple[Any, ...], plan: Plan) -> None:
        if len(self._plans) >= MOST_PLANS:
            del self._plans[next(iter(self._plans))]
        self._plans[key] = plan

    def _key(self, executor: Executor[Any]) -> tuple[Any, ...]:
        given = executor.variable_values.coerced
        return (id(executor.operation), *(given.get(name) for name in self._deciding))


def _deciding(document: DocumentNode) -> tuple[str, ...]:
    """The variables in directives."""
    found: dict[str, None] = {}

    class Directives(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            for argument in node.arguments or ():
                if isinstance(argument.value, VariableNode):
                    found[argument.value.name.value] = None

    visit(document, Directives())
    return tuple(found)
