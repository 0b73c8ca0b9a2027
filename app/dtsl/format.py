"""Behaviors to their one canonical text; `parse(format(x)) == x`."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.dtsl.ast import Behavior, Call, Constant, Expression, Named, Word, Write
from app.dtsl.format_conditions import AND, DTSL, value_text
from app.dtsl.spelling import SELF, dtsl_member
from app.model.conditions import And


def apart(blocks: Sequence[Sequence[str]]) -> Iterator[str]:
    """With an empty line between them."""
    for index, block in enumerate(blocks):
        if index:
            yield ""
        yield from block


def fits_a_comment(text: Any) -> bool:
    """Whether it reads back letter by letter."""
    return isinstance(text, str) and all(line == line.rstrip() and "\r" not in line for line in text.split("\n"))


def comment_lines(text: str) -> Iterator[str]:
    """A description as the comment above what it describes."""
    yield from (f"/// {line}" if line else "///" for line in text.split("\n"))


def behavior_lines(behaviors: Sequence[Behavior]) -> list[str]:
    return list(apart([list(_behavior(behavior)) for behavior in behaviors]))


def _behavior(behavior: Behavior) -> Iterator[str]:
    if behavior.description is not None:
        yield from comment_lines(behavior.description)
    yield f"behavior {dtsl_member(behavior.name.id)} {{"
    yield "  when {"
    lines = _when(behavior.when)
    yield from (f"    {line} &&" for line in lines[:-1])
    yield f"    {lines[-1]}"
    yield "  }"
    if behavior.actions or behavior.then:
        yield "  then {"
        yield from (f"    {_action(action)};" for action in behavior.actions)
        yield "  }"
    yield "}"


def _when(expression: Expression) -> list[str]:
    condition = expression.condition
    if isinstance(condition, And):
        return [DTSL.operand(item, AND + 1) for item in condition.items]
    return [DTSL.text(condition)]


def _action(action: Call | Write) -> str:
    path = ".".join(dtsl_member(name.id) for name in action.path)
    if action.path[0].id == SELF and len(action.path) > 1:
        path = SELF + path.removeprefix(dtsl_member(SELF))
    if isinstance(action, Write):
        return f"{path} = {value_text(action.value.value)}"
    return f"{path}({', '.join(_argument(argument) for argument in action.arguments)})"


def _argument(argument: Constant | Word | Named) -> str:
    if isinstance(argument, Named):
        return f"{dtsl_member(argument.name.id)} = {value_text(argument.value.value)}"
    return argument.text if isinstance(argument, Word) else value_text(argument.value)
