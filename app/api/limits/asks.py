"""What a valid document asks for: each of its operations as it was surveyed, and what is counted in its text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import DirectiveNode, DocumentNode, FieldNode, GraphQLSchema, Visitor, visit

from app.api.limits.survey import Surveyed, survey


@dataclass(frozen=True, slots=True)
class Asks:
    """Each of its operations by its name, and what it has written in it."""

    operations: Mapping[str | None, Surveyed]
    aliases: int
    directives: int

    def operation(self, name: str | None) -> Surveyed | None:
        """The one of that name, or the only one there is."""
        found = self.operations.get(name)
        if found is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        return found


def asks_of(schema: GraphQLSchema, document: DocumentNode) -> Asks:
    counting = _Counting()
    visit(document, counting)
    return Asks(survey(schema, document), counting.aliases, counting.directives)


class _Counting(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.aliases = self.directives = 0

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.aliases += node.alias is not None

    def enter_directive(self, _node: DirectiveNode, *_: Any) -> None:
        self.directives += 1
