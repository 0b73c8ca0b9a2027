"""Behaviors from lark's trees, and what the `///` above something say.

Their parts are in build_conditions.py; the declarations that they stand in, in build_declarations.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.dtsl import diagnostics
from app.dtsl.ast import (
    Action,
    Argument,
    Behavior,
    Call,
    Constant,
    Emit,
    Escalate,
    Expect,
    Length,
    Let,
    Name,
    Named,
    OnLoad,
    Option,
    Otherwise,
    Plain,
    SuppressedBy,
    Text,
    Word,
    Write,
)
from app.dtsl.build_conditions import ConditionBuilder
from app.dtsl.build_values import Report, Token, Tree, span_of, tree_span
from app.dtsl.references import json_reference, respelled
from app.dtsl.source import Span
from app.dtsl.spelling import letters_of, read_name
from app.model.document import MAX_TEXT
from app.model.time import SECOND


@dataclass(slots=True)
class Docs:
    """The `///` comments by the offset of the word that they stand above, and those of them that described it."""

    above: dict[int, list[Token]] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)


class Builder(ConditionBuilder):
    def __init__(self, report: Report, docs: "Docs | None" = None) -> None:
        super().__init__(report)
        self._docs = docs if docs is not None else Docs()

    def behavior(self, tree: Tree) -> Behavior:
        name, *parts = tree.children
        found: dict[str, list[Tree]] = {}
        for part in parts:
            found.setdefault(part.data, []).append(part)
        for word in ("on_load", "suppressed_by", "otherwise"):
            for second in found.get(word, ())[1:]:
                self.report(diagnostics.second_block(word.replace("_", " ")), tree_span(second))
        then = found.get("then")
        description = self.description(tree)
        return Behavior(
            self.name(name),
            self.expression(found["when"][0].children[0]),
            tuple(self._action(item) for item in then[0].children) if then else (),
            bool(then),
            description[0] if description is not None else None,
            tuple(self._head(part) for part in parts if part.data in ("on_load", "suppressed_by", "let")),
            tuple(self._tail(part) for part in parts if part.data in ("otherwise", "escalate")),
        )

    def _head(self, tree: Tree) -> OnLoad | SuppressedBy | Let:
        match tree.data:
            case "on_load":
                return OnLoad(self._word(tree.children[-1]))
            case "suppressed_by":
                return SuppressedBy(tuple(self.name(child) for child in tree.children), tree_span(tree))
            case _:
                name, value = tree.children
                return Let(self.name(name), self.expression(value))

    def _tail(self, tree: Tree) -> Otherwise | Escalate:
        if tree.data == "otherwise":
            return Otherwise(self._plains(tree.children), tree_span(tree))
        after, *rest = tree.children
        unless = bool(rest) and rest[0].data == "unless"
        return Escalate(self._length_of(after), self._plains(rest[unless:]), unless, tree_span(tree))

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

    def _action(self, tree: Tree) -> Action:
        if tree.data != "expect":
            return self._plain(tree)
        within, condition, *rest = tree.children
        otherwise = self._plains(rest[0].children) if rest else None
        return Expect(self._length_of(within), self.expression(condition), otherwise, tree_span(tree))

    def _plains(self, trees: Sequence[Tree]) -> tuple[Plain, ...]:
        return tuple(self._plain(tree) for tree in trees)

    def _plain(self, tree: Tree) -> Plain:
        children = list(tree.children)
        marked = not hasattr(children[0], "data")  # `required`, `emit`
        path, *rest = children[marked:]
        names = tuple(self.name(child) for child in path.children)
        if tree.data == "write":
            return Write(names, self.constant(rest[0]), marked, tree_span(tree))
        arguments = tuple(self._argument(child) for child in rest)
        if tree.data == "emit":
            return Emit(names, arguments, tree_span(tree))
        if len(names) == 1 and names[0].id == "alert":
            arguments = self._with_message(rest, arguments)
        return Call(names, arguments, marked, tree_span(tree))

    def _argument(self, tree: Tree) -> Argument:
        match tree.data:
            case "named":
                name, value = tree.children
                return Named(self.name(name), self.constant(value))
            case "option":
                token, value = tree.children
                name = Name(read_name(str(token)), span_of(token))
                if value.data == "name" and name.id in diagnostics.SEVERITIES:  # a comma is missing between them
                    word = value.children[0]
                    text = self.text(word) if word.type == "STRING" else str(word)
                    return Option(name, Constant(text, tree_span(value)))
                return Option(name, self._option(value))
            case "word":
                return self._word(tree)
            case _:
                return self.constant(tree)

    def _option(self, tree: Tree) -> Constant | Length | Name:
        match tree.data:
            case "duration":
                return self._length_of(tree)
            case "name":
                return self.name(tree)
            case _:
                return self.constant(tree)

    def _with_message(self, trees: Sequence[Tree], arguments: tuple[Argument, ...]) -> tuple[Argument, ...]:
        """The first text among the arguments of an alert is its message."""
        found = list(arguments)
        for index, tree in enumerate(trees):
            if tree.data == "text":
                token = tree.children[0]
                written = str(found[index].value)  # type: ignore[union-attr]
                letters = [token.start_pos + at for at in letters_of(str(token))]
                found[index] = Text(respelled(written, json_reference), span_of(token), written, letters)
                break
        return tuple(found)

    def _word(self, tree: Tree) -> Word:
        return Word(str(tree.children[0]), tree_span(tree))

    def _length_of(self, tree: Tree) -> Length:
        if tree.data == "number":
            return Length(self.number(tree.children[0]), tree_span(tree))
        return Length(self.length(tree) / SECOND, tree_span(tree))
