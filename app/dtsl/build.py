"""From lark's tree to the AST: names become ids, quotes and numbers become values, each node gets its place.

Here are names, values, conditions and behaviors, which all declarations share; those are in build_declarations.py.

Lark's types stay in parse.py; a tree here is anything with `data`, `children` and `meta`, a token a str with `type`,
`start_pos` and `end_pos`. What is wrong is reported and replaced by something harmless, so that checking goes on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from app.dtsl import diagnostics
from app.dtsl.ast import (
    Behavior,
    Call,
    Constant,
    Expression,
    Name,
    Named,
    Place,
    Word,
    Write,
    joined,
)
from app.dtsl.source import Span
from app.dtsl.spelling import SELF, read_name, read_number, unquote
from app.model.conditions import (
    And,
    Arithmetic,
    Bound,
    Compare,
    Condition,
    Literal,
    Negative,
    Not,
    Or,
    PropertyRef,
)
from app.model.document import MAX_ITEMS, MAX_TEXT
from app.model.names import IDENTIFIER_RULE, is_identifier

MAX_NESTING = 64
"""Of brackets, and of operators within a condition; what evaluates a condition may recurse this deep."""

Tree = Any
Token = Any
Report = Callable[[diagnostics.Message, Span], None]


def span_of(token: Token) -> Span:
    return Span(token.start_pos, token.end_pos)


def tree_span(tree: Tree) -> Span:
    return Span(tree.meta.start_pos, tree.meta.end_pos)


_BEYOND = str(2**63)
"""Only with a sign before it a number that there is."""


@dataclass(slots=True)
class Docs:
    """The `///` comments by the offset of the word that they stand above, and those of them that described it."""

    above: dict[int, list[Token]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


class Builder:
    def __init__(self, report: Report, docs: "Docs | None" = None) -> None:
        self.lost: set[str] = set()
        """Names that are no identifiers: reported, and to be left alone."""
        self._docs = docs if docs is not None else Docs()
        self.report = report
        self._places: dict[int, Place] = {}

    # ------------------------------------------------------------ behaviors

    def behavior(self, tree: Tree) -> Behavior:
        name, when, *then = tree.children
        actions = tuple(self._action(item) for item in then[0].children) if then else ()
        description = self.description(tree)
        said = description[0] if description is not None else None
        return Behavior(self.name(name), self.expression(when.children[0]), actions, bool(then), said)

    def description(self, tree: Tree) -> tuple[str, Span] | None:
        """What the `///` above something say, without the one space before it and any behind."""
        comments = self._docs.above.get(tree.meta.start_pos)
        if not comments:
            return None
        self._docs.used |= {comment.start_pos for comment in comments}
        span = Span(comments[0].start_pos, comments[-1].end_pos)
        text = "\n".join(comment[3:].removeprefix(" ").rstrip() for comment in comments)
        if len(text) > MAX_TEXT:
            self.report(diagnostics.text_too_long(len(text), MAX_TEXT), span)
            return "", span
        return text, span

    def _action(self, tree: Tree) -> Call | Write:
        path, *rest = tree.children
        names = tuple(self.name(child) for child in path.children)
        if tree.data == "write":
            return Write(names, self.constant(rest[0]), tree_span(tree))
        return Call(names, tuple(self._argument(child) for child in rest), tree_span(tree))

    def _argument(self, tree: Tree) -> Constant | Word | Named:
        if tree.data == "named":
            name, value = tree.children
            return Named(self.name(name), self.constant(value))
        if tree.data == "word":
            return Word(str(tree.children[0]), tree_span(tree))
        return self.constant(tree)

    def name(self, tree: Tree) -> Name:
        token = tree.children[0]
        text = self.text(token) if token.type == "STRING" else read_name(str(token))
        if not is_identifier(text):
            self.report(diagnostics.no_identifier(text, IDENTIFIER_RULE), span_of(token))
            self.lost.add(text)
        return Name(text, span_of(token))

    # ------------------------------------------------------------ values

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

    # ------------------------------------------------------------ conditions

    def expression(self, tree: Tree) -> Expression:
        self._places = {}
        condition = self.condition(tree)
        return Expression(condition, tree_span(tree), self._places)

    def condition(self, tree: Tree, depth: int = 1) -> Condition:
        span = tree_span(tree)
        while tree.data == "group":
            tree = tree.children[0]
        if depth > MAX_NESTING:
            self.report(diagnostics.too_deep(MAX_NESTING), span)
            return self._placed(Literal(True), span)
        match tree.data:
            case "any_of":
                node: Condition = Or(tuple(self.condition(child, depth + 1) for child in tree.children))
            case "all_of":
                node = And(tuple(self.condition(child, depth + 1) for child in tree.children))
            case "comparison":
                return self._comparison(tree, span, depth)
            case "arithmetic":
                left, sign, right = tree.children
                node = Arithmetic(str(sign), self.condition(left, depth + 1), self.condition(right, depth + 1))  # type: ignore[arg-type]
            case "negative":
                item = tree.children[0]
                if item.data == "number":  # `-5` is a number; `-(5)` is a sign before one
                    node = Literal(-self.number(item.children[0]))
                else:
                    node = Negative(self.condition(item, depth + 1))
            case "not_":
                node = Not(self.condition(tree.children[0], depth + 1))
            case "reference":
                return self._reference(tree, span)
            case "null":
                self.report(diagnostics.misplaced_null(), span)
                node = Literal(True)
            case _:
                node = Literal(self.value(tree))
        return self._placed(node, span)

    def _comparison(self, tree: Tree, span: Span, depth: int) -> Condition:
        left, operator, right = tree.children
        sides = [_without_groups(left), _without_groups(right)]
        nulls = [side for side in sides if side.data == "null"]
        if not nulls:
            compare = Compare(str(operator), self.condition(left, depth + 1), self.condition(right, depth + 1))  # type: ignore[arg-type]
            return self._placed(compare, span)
        other = sides[1] if sides[0].data == "null" else sides[0]
        token = other.children[0] if other.children else None
        path = other.data == "reference" and hasattr(token, "data")
        if operator not in ("==", "!=") or not (
            other.data == "text" or (other.data == "reference" and not _own(other))
        ):
            self.report(diagnostics.misplaced_null(), span)
            return self._placed(Literal(True), span)
        owner = self._path(other.children).id if path else self.name(other).id
        bound = self._placed(Bound(owner), span, owner=tree_span(other))
        return bound if operator == "!=" else self._placed(Not(bound), span)

    def _reference(self, tree: Tree, span: Span) -> Condition:
        if not hasattr(tree.children[0], "data"):
            return self._placed(PropertyRef(None, self.name(tree).id), span, name=span)
        *path, last = tree.children
        name = self.name(last)
        if _own(tree):
            if len(path) > 1:
                self.report(diagnostics.too_many_parts(".".join(_written(child) for child in tree.children)), span)
            return self._placed(PropertyRef(None, name.id), span, name=name.span)
        owner = self._path(path)
        return self._placed(PropertyRef(owner.id, name.id), span, owner=owner.span, name=name.span)

    def _path(self, trees: list[Tree]) -> Name:
        return joined([self.name(tree) for tree in trees])

    def _placed(self, node: Condition, span: Span, owner: Span | None = None, name: Span | None = None) -> Condition:
        self._places[id(node)] = Place(span, owner or span, name or span)
        return node


def _own(reference: Tree) -> bool:
    """Whether it begins with `this.`; quoted, that is a role."""
    first = reference.children[0]
    return hasattr(first, "data") and first.children[0] == SELF


def _written(name: Tree) -> str:
    return str(name.children[0])


def _without_groups(tree: Tree) -> Tree:
    while tree.data == "group":
        tree = tree.children[0]
    return tree
