"""Documents that clients send, each parsed and validated once while it is remembered, with the plans to execute it by.

What is remembered is bounded by length, not only by number: with what is compiled of it, a document takes some 500
times its text.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, parse
from strawberry.schema.schema import validate_document

from app.api.limits.survey import Asks, asks_of
from app.api.selections.plans import Plans

REMEMBERED = 500
"""Documents."""
REMEMBERED_LENGTH = 300_000
"""Characters of them together."""
LONGEST_REMEMBERED = 32_768
"""Characters: a longer document is read anew each time, so that one can't push out all the others."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Document(DocumentNode):
    errors: tuple[GraphQLError, ...] = ()
    """What validation has against it."""
    asks: Asks | None = None
    """What the limits look at; None where it is not valid."""
    plans: Plans | None = None
    """None for one that is not remembered: compiling pays where a document comes again."""


class Documents:
    def __init__(self, schema: GraphQLSchema, rules: Sequence[type[ASTValidationRule]]) -> None:
        self._schema = schema
        self._rules = tuple(rules)
        self._found: OrderedDict[tuple[str, int], Document] = OrderedDict()
        self._length = 0

    def read(self, text: str, max_tokens: int) -> Document:
        """Raises GraphQLError, RecursionError where it can't be parsed."""
        key = text, max_tokens
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
            return found
        parsed = parse(text, max_tokens=max_tokens)
        errors = tuple(validate_document(self._schema, parsed, self._rules))
        keep = len(text) <= LONGEST_REMEMBERED
        document = Document(
            definitions=parsed.definitions,
            loc=parsed.loc,
            errors=errors,
            asks=None if errors else asks_of(self._schema, parsed),
            plans=Plans(parsed) if keep and not errors else None,
        )
        if keep:
            self._found[key] = document
            self._length += len(text)
            while len(self._found) > REMEMBERED or self._length > REMEMBERED_LENGTH:
                (forgotten, _), _ = self._found.popitem(last=False)
                self._length -= len(forgotten)
        return document
