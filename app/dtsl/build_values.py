"""Names, texts and numbers from lark's tokens: what every declaration and condition is made of.

Lark's types stay in parse.py; a tree here is anything with `data`, `children` and `meta`, a token a str with `type`,
`start_pos` and `end_pos`. What is wrong is reported and replaced by something harmless, so that checking goes on.
"""

from collections.abc import Callable
from typing import Any

from app.dtsl import diagnostics
from app.dtsl.ast import Constant, Name, joined
from app.dtsl.source import Span
from app.dtsl.spelling import read_name, read_number, unquote
from app.model.document import MAX_ITEMS, MAX_TEXT
from app.model.names import IDENTIFIER_RULE, is_identifier

_BEYOND = str(2**63)
"""Only with a sign before it a number that there is."""

Tree = Any
Token = Any
Report = Callable[[diagnostics.Message, Span], None]


def span_of(token: Token) -> Span:
    return Span(token.start_pos, token.end_pos)


def tree_span(tree: Tree) -> Span:
    return Span(tree.meta.start_pos, tree.meta.end_pos)


class ValueBuilder:
    def __init__(self, report: Report) -> None:
        self.lost: set[str] = set()
        """Names that are no identifiers: reported, and to be left alone."""
        self.report = report

    def name(self, tree: Tree) -> Name:
        token = tree.children[0]
        text = self.text(token) if token.type == "STRING" else read_name(str(token))
        if not is_identifier(text):
            self.report(diagnostics.no_identifier(text, IDENTIFIER_RULE), span_of(token))
            self.lost.add(text)
        return Name(text, span_of(token))

    def _path(self, trees: list[Tree]) -> Name:
        return joined([self.name(tree) for tree in trees])

    def constant(self, tree: Tree) -> Constant:
        return Constant(self.value(tree), tree_span(tree))

    def value(self, tree: Tree) -> Any:
        match tree.data:
            case "text":
                return self.text(tree.children[0])
            case "number":
                return self.number(tree.children[0])
            case "negative_number":
                token = tree.children[0].children[0]
                return -(2**63) if token == _BEYOND else -self.number(token)
            case "truth":
                return tree.children[0] == "true"
            case "list":
                if len(tree.children) > MAX_ITEMS:
                    self.report(diagnostics.list_too_long(len(tree.children), MAX_ITEMS), tree_span(tree))
                    return []
                return [self.value(child) for child in tree.children]
            case "object":
                return self._object(tree)
            case _:
                return None

    def _object(self, tree: Tree) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for entry in tree.children:
            key, value = entry.children
            token = key.children[0]
            name = self.text(token) if token.type == "STRING" else read_name(str(token))
            if name in found:
                self.report(diagnostics.said_twice(name), span_of(token))
            found[name] = self.value(value)
        return found

    def text(self, token: Token) -> str:
        if len(token) > MAX_TEXT + 2:
            self.report(diagnostics.text_too_long(len(token) - 2, MAX_TEXT), span_of(token))
            return ""
        text, faults = unquote(str(token))
        for start, end, escape in faults:
            self.report(diagnostics.unknown_escape(escape), Span(token.start_pos + start, token.start_pos + end))
        return text

    def number(self, token: Token) -> int | float:
        number = read_number(str(token))
        if number is None:
            self.report(diagnostics.number_too_large(str(token)), span_of(token))
            return 0
        return number
