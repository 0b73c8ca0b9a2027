"""Documents that clients send, each parsed and validated once while it is remembered, with the plans to execute it by.

What is remembered is bounded by length, not only by number: with what is compiled of it, a document takes some 500
times its text.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from graphql import ASTValidationRule, DocumentNode, GraphQLError, GraphQLSchema, parse
from graphql.validation.rules import overlapping_fields_can_be_merged as overlapping
from strawberry.schema.schema import validate_document

from app.api.limits.asks import Asks, asks_of
from app.api.selections.plans import Plans

Made = TypeVar("Made")
REMEMBERED = 500
"""Documents."""
REMEMBERED_LENGTH = 300_000
"""Characters of them together."""
LONGEST_REMEMBERED = 32_768
"""Characters: a longer document is read anew each time, so that one can't push out all the others."""
LONGEST_AT_ONCE = 4_096
"""Characters: what is longer may take a second to be read."""
CHARACTERS_A_TOKEN = 20
"""So many characters for each token that a document may have: blanks, comments and texts are no reason for more."""
# graphql-core's own bound on comparisons of fields is a second of work; a screen takes some hundreds of them.
overlapping.MAX_COMPLEXITY_BUDGET = 100_000


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
        self._aside = ThreadPoolExecutor(1, "documents")

    async def soon(self, text: str, max_tokens: int) -> Document:
        """As `read`, but what takes long is done in a thread: the loop has alarms to deal with. One at a time, so that
        those who send such documents wait for each other and not all the others for them."""
        found = self._known(text, max_tokens)
        if found is None and len(text) > LONGEST_AT_ONCE:
            return self._kept(text, max_tokens, await self.aside(partial(self._made, text, max_tokens)))
        return found or self._kept(text, max_tokens, self._made(text, max_tokens))

    async def aside(self, work: Callable[[], Made]) -> Made:
        return await asyncio.get_running_loop().run_in_executor(self._aside, work)

    def read(self, text: str, max_tokens: int) -> Document:
        """Raises GraphQLError, RecursionError where it can't be parsed."""
        return self._known(text, max_tokens) or self._kept(text, max_tokens, self._made(text, max_tokens))

    def _known(self, text: str, max_tokens: int) -> Document | None:
        key = text, max_tokens
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
        return found

    def _made(self, text: str, max_tokens: int) -> Document:
        if len(text) > max_tokens * CHARACTERS_A_TOKEN:
            most = max_tokens * CHARACTERS_A_TOKEN
            told = {"code": "TOKENS_EXCEEDED", "hint": "ask for less at a time; give texts and lists as variables"}
            raise GraphQLError(f"the document has {len(text):,} characters, the most is {most:,}", extensions=told)
        parsed = parse(text, max_tokens=max_tokens)
        errors = tuple(validate_document(self._schema, parsed, self._rules))
        return Document(
            definitions=parsed.definitions,
            loc=parsed.loc,
            errors=errors,
            asks=None if errors else asks_of(self._schema, parsed),
            plans=Plans(parsed) if len(text) <= LONGEST_REMEMBERED and not errors else None,
        )

    def _kept(self, text: str, max_tokens: int, document: Document) -> Document:
        key = text, max_tokens
        if len(text) <= LONGEST_REMEMBERED and key not in self._found:
            self._found[key] = document
            self._length += len(text)
            while len(self._found) > REMEMBERED or self._length > REMEMBERED_LENGTH:
                (forgotten, _), _ = self._found.popitem(last=False)
                self._length -= len(forgotten)
        return document
