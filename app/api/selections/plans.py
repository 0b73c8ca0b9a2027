"""Plans: how the operations of one document are executed, kept from one execution to the next.

What is asked for depends on the values of `@include` and `@skip` too, so each choice of them has a plan of its own. The
lists of fields that graphql-core collects are kept with it: what is compiled is found again by them.
"""

from typing import Any

from graphql import DirectiveNode, DocumentNode, GraphQLObjectType, VariableNode, Visitor, visit
from graphql.execution import Executor
from graphql.execution.collect_fields import CollectedFields, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import Path

from app.api.selections.place import NotForeseen
from app.api.selections.run import Run
from app.api.selections.selection import Selection

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


class Plans:
    def __init__(self, document: DocumentNode) -> None:
        self._deciding = _deciding(document)
        self._plans: dict[tuple[Any, ...], Plan | None] = {}

    def of(self, executor: Executor[Any], root: GroupedFieldSet) -> Plan | None:
        """None where the operation is more than is kept."""
        given = executor.variable_values.coerced
        key = (id(executor.operation), *(given.get(name) for name in self._deciding))
        if key not in self._plans:
            if len(self._plans) >= MOST_PLANS:
                del self._plans[next(iter(self._plans))]
            self._plans[key] = Plan(root)
        plan = self._plans[key]
        if plan is not None and plan.too_large:
            plan = self._plans[key] = None
        return plan


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
