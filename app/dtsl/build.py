"""From lark's tree to the AST: names become ids, quotes and numbers become values, each node gets its place.

Lark's types stay in parse.py; a tree here is anything with `data`, `children` and `meta`, a token a str with `type`,
`start_pos` and `end_pos`. What is wrong is reported and replaced by something harmless, so that checking goes on.
"""

from collections.abc import Callable
from typing import Any

from app.dtsl import diagnostics
from app.dtsl.ast import (
    Behavior,
    Binding,
    Call,
    Constant,
    Entry,
    Expression,
    InstanceDeclaration,
    Name,
    OverlayDeclaration,
    Place,
    Relationship,
    Role,
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


def _tree_span(tree: Tree) -> Span:
    return Span(tree.meta.start_pos, tree.meta.end_pos)


class Builder:
    def __init__(self, report: Report) -> None:
        self.lost: set[str] = set()
        """Names that are no identifiers: reported, and to be left alone."""
        self._report = report
        self._places: dict[int, Place] = {}

    # ------------------------------------------------------------ declarations

    def declaration(self, tree: Tree) -> OverlayDeclaration | InstanceDeclaration:
        return self._overlay(tree) if tree.data == "overlay" else self._instance(tree)

    def _overlay(self, tree: Tree) -> OverlayDeclaration:
        name, *blocks = tree.children
        parts = self._blocks(blocks)
        return OverlayDeclaration(
            self._name(name),
            tuple(self._role(item) for item in parts.get("roles", ())),
            tuple(self._relationship(item) for item in parts.get("relationships", ())),
            tuple(self._behavior(item) for item in parts.get("behaviors", ())),
            tuple(self._entry(item) for item in parts.get("metadata", ())),
            _keywords(blocks),
        )

    def _instance(self, tree: Tree) -> InstanceDeclaration:
        name, overlay_type, *blocks = tree.children
        parts = self._blocks(blocks)
        return InstanceDeclaration(
            self._name(name),
            self._name(overlay_type),
            tuple(Binding(self._name(role), self._name(twin)) for role, twin in _pairs(parts.get("bindings", ()))),
            tuple(self._entry(item) for item in parts.get("metadata", ())),
            _keywords(blocks),
        )

    def _blocks(self, blocks: list[Tree]) -> dict[str, list[Tree]]:
        parts: dict[str, list[Tree]] = {}
        for block in blocks:
            keyword, *items = block.children
            if block.data in parts:
                self._report(diagnostics.second_block(str(keyword)), span_of(keyword))
            parts.setdefault(block.data, []).extend(items)
        return parts

    def _role(self, tree: Tree) -> Role:
        names = [self._name(child) for child in tree.children if hasattr(child, "data")]
        return Role(names[0], names[1], optional=len(tree.children) == 3)

    def _relationship(self, tree: Tree) -> Relationship:
        source, target, name, *guard = tree.children
        return Relationship(
            self._name(source), self._name(target), self._name(name), self.expression(guard[0]) if guard else None
        )

    def _behavior(self, tree: Tree) -> Behavior:
        name, when, *then = tree.children
        actions = tuple(self._action(item) for item in then[0].children) if then else ()
        return Behavior(self._name(name), self.expression(when.children[0]), actions, bool(then))

    def _action(self, tree: Tree) -> Call | Write:
        path, *rest = tree.children
        names = tuple(self._name(child) for child in path.children)
        if tree.data == "write":
            return Write(names, self._constant(rest[0]), _tree_span(tree))
        return Call(names, tuple(self._argument(child) for child in rest), _tree_span(tree))

    def _argument(self, tree: Tree) -> Constant | Word:
        if tree.data == "word":
            return Word(str(tree.children[0]), _tree_span(tree))
        return self._constant(tree)

    def _entry(self, tree: Tree) -> Entry:
        key, value = tree.children
        token = key.children[0]
        text = self._text(token) if token.type == "STRING" else read_name(str(token))
        return Entry(text, self._constant(value), span_of(token))

    def _name(self, tree: Tree) -> Name:
        token = tree.children[0]
        text = self._text(token) if token.type == "STRING" else read_name(str(token))
        if not is_identifier(text):
            self._report(diagnostics.no_identifier(text, IDENTIFIER_RULE), span_of(token))
            self.lost.add(text)
        return Name(text, span_of(token))

    # ------------------------------------------------------------ values

    def _constant(self, tree: Tree) -> Constant:
        return Constant(self._value(tree), _tree_span(tree))

    def _value(self, tree: Tree) -> Any:
        match tree.data:
            case "text":
                return self._text(tree.children[0])
            case "number":
                return self._number(tree.children[0])
            case "negative_number":
                return -self._number(tree.children[0].children[0])
            case "truth":
                return tree.children[0] == "true"
            case "list":
                if len(tree.children) > MAX_ITEMS:
                    self._report(diagnostics.list_too_long(len(tree.children), MAX_ITEMS), _tree_span(tree))
                    return []
                return [self._value(child) for child in tree.children]
            case _:
                return None

    def _text(self, token: Token) -> str:
        if len(token) > MAX_TEXT + 2:
            self._report(diagnostics.text_too_long(len(token) - 2, MAX_TEXT), span_of(token))
            return ""
        text, faults = unquote(str(token))
        for start, end, escape in faults:
            self._report(diagnostics.unknown_escape(escape), Span(token.start_pos + start, token.start_pos + end))
        return text

    def _number(self, token: Token) -> int | float:
        number = read_number(str(token))
        if number is None:
            self._report(diagnostics.number_too_large(str(token)), span_of(token))
            return 0
        return number

    # ------------------------------------------------------------ conditions

    def expression(self, tree: Tree) -> Expression:
        self._places = {}
        condition = self.condition(tree)
        return Expression(condition, _tree_span(tree), self._places)

    def condition(self, tree: Tree, depth: int = 1) -> Condition:
        span = _tree_span(tree)
        while tree.data == "group":
            tree = tree.children[0]
        if depth > MAX_NESTING:
            self._report(diagnostics.too_deep(MAX_NESTING), span)
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
                    node = Literal(-self._number(item.children[0]))
                else:
                    node = Negative(self.condition(item, depth + 1))
            case "not_":
                node = Not(self.condition(tree.children[0], depth + 1))
            case "reference":
                return self._reference(tree, span)
            case "null":
                self._report(diagnostics.misplaced_null(), span)
                node = Literal(True)
            case _:
                node = Literal(self._value(tree))
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
            self._report(diagnostics.misplaced_null(), span)
            return self._placed(Literal(True), span)
        owner = self._path(other.children).id if path else self._name(other).id
        bound = self._placed(Bound(owner), span, owner=_tree_span(other))
        return bound if operator == "!=" else self._placed(Not(bound), span)

    def _reference(self, tree: Tree, span: Span) -> Condition:
        if not hasattr(tree.children[0], "data"):
            return self._placed(PropertyRef(None, self._name(tree).id), span, name=span)
        *path, last = tree.children
        name = self._name(last)
        if _own(tree):
            if len(path) > 1:
                self._report(diagnostics.too_many_parts(".".join(_written(child) for child in tree.children)), span)
            return self._placed(PropertyRef(None, name.id), span, name=name.span)
        owner = self._path(path)
        return self._placed(PropertyRef(owner.id, name.id), span, owner=owner.span, name=name.span)

    def _path(self, trees: list[Tree]) -> Name:
        return joined([self._name(tree) for tree in trees])

    def _placed(self, node: Condition, span: Span, owner: Span | None = None, name: Span | None = None) -> Condition:
        self._places[id(node)] = Place(span, owner or span, name or span)
        return node


def _pairs(trees: list[Tree] | tuple[()]) -> list[tuple[Tree, Tree]]:
    return [(tree.children[0], tree.children[1]) for tree in trees]


def _keywords(blocks: list[Tree]) -> tuple[str, ...]:
    return tuple(str(block.children[0]) for block in blocks)


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
