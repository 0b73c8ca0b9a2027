"""Behaviors from lark's trees, and what the `///` above something say.

Their parts are in build_conditions.py; the declarations that they stand in, in build_declarations.py.
"""

from dataclasses import dataclass, field

from app.dtsl import diagnostics
from app.dtsl.ast import Behavior, Call, Constant, Named, Word, Write
from app.dtsl.build_conditions import ConditionBuilder
from app.dtsl.build_values import Report, Token, Tree, tree_span
from app.dtsl.source import Span
from app.model.document import MAX_TEXT


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
