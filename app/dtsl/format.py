"""Behaviors to their one canonical text; `parse(format(x)) == x`."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.dtsl.ast import (
    Action,
    Argument,
    Behavior,
    Call,
    Constant,
    Emit,
    Escalate,
    Expect,
    Expression,
    Length,
    Let,
    Name,
    Named,
    OnLoad,
    Option,
    Otherwise,
    SuppressedBy,
    Text,
    Word,
    Write,
)
from app.dtsl.format_conditions import AND, DTSL, value_text
from app.dtsl.lengths import exactly, write_duration
from app.dtsl.references import dtsl_reference, respelled
from app.dtsl.spelling import SELF, dtsl_member, write_number
from app.model.conditions import And
from app.model.names import has_unquoted_form, to_camel


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
    yield from (f"  {_head(part)};" for part in behavior.head)
    yield "  when {"
    lines = _when(behavior.when)
    yield from (f"    {line} &&" for line in lines[:-1])
    yield f"    {lines[-1]}"
    yield "  }"
    if behavior.actions or behavior.then:
        yield from _indented(_block("then", behavior.actions))
    for part in behavior.tail:
        yield from _indented(_tail(part))
    yield "}"


def _head(part: OnLoad | SuppressedBy | Let) -> str:
    match part:
        case OnLoad(word=word):
            return f"on load {word.text}"
        case SuppressedBy(names=names):
            return f"suppressed by {', '.join(dtsl_member(name.id) for name in names)}"
        case Let(name=name, value=value):
            return f"let {dtsl_member(name.id)} = {DTSL.text(value.condition)}"


def _when(expression: Expression) -> list[str]:
    condition = expression.condition
    if isinstance(condition, And):
        return [DTSL.operand(item, AND + 1) for item in condition.items]
    return [DTSL.text(condition)]


def _tail(part: Otherwise | Escalate) -> Iterator[str]:
    if isinstance(part, Otherwise):
        return _block("otherwise", part.actions)
    unless = " unless acknowledged" if part.unless_acknowledged else ""
    return _block(f"escalate after {_length(part.after)}{unless}", part.actions)


# ---------------------------------------------------------------------------------------------------- actions


def _block(word: str, actions: Sequence[Action]) -> Iterator[str]:
    yield f"{word} {{"
    for action in actions:
        yield from _indented(_action(action))
    yield "}"


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)


def _action(action: Action) -> Iterator[str]:
    match action:
        case Write(path=path, value=value, required=required):
            yield f"{_marked(required)}{_path(path)} = {value_text(value.value)};"
        case Call(path=path, arguments=arguments, required=required):
            yield f"{_marked(required)}{_path(path)}{_given(arguments)};"
        case Emit(path=path, arguments=arguments):
            yield f"emit {_path(path)}{_given(arguments)};"
        case Expect(within=within, condition=condition, otherwise=otherwise):
            said = f"within {_length(within)} expect {DTSL.text(condition.condition)}"
            if otherwise is None:
                yield f"{said};"
            else:
                yield from _block(f"{said} else", otherwise)


def _marked(required: bool) -> str:
    return "required " if required else ""


def _path(path: Sequence[Name]) -> str:
    written = ".".join(dtsl_member(name.id) for name in path)
    if path[0].id == SELF and len(path) > 1:
        return SELF + written.removeprefix(dtsl_member(SELF))
    return written


def _given(arguments: Sequence[Argument]) -> str:
    return f"({', '.join(map(_argument, arguments))})"


def _argument(argument: Argument) -> str:
    match argument:
        case Named(name=name, value=value):
            return f"{dtsl_member(name.id)} = {value_text(value.value)}"
        case Option(name=name, value=value):
            return f"{_bare(name.id)} {_option(value)}"
        case Word(text=text):
            return text
        case Text(value=value):
            return value_text(respelled(value, dtsl_reference))
        case _:
            return value_text(argument.value)


def _bare(id: str) -> str:
    """A word that can't be quoted: its id was read from one."""
    return to_camel(id) if has_unquoted_form(id) else id


def _option(value: Constant | Length | Name) -> str:
    match value:
        case Length():
            return _length(value)
        case Name(id=id):
            return dtsl_member(id)
        case Constant(value=plain):
            return value_text(plain)


def _length(length: Length) -> str:
    """A number of seconds where no length of time is exactly as long."""
    micros = exactly(length.seconds)
    return write_number(length.seconds) if micros is None else write_duration(micros)
