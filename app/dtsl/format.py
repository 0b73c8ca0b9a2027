"""Conditions, values and behaviors to their one canonical text; `parse(format(x)) == x`.

Parentheses are put only where the tree needs them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.dtsl.ast import (
    Behavior,
    Call,
    Constant,
    Expression,
    Named,
    Word,
    Write,
)
from app.dtsl.spelling import SELF, dtsl_member, json_name, quote, write_number
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

_OR, _AND, _COMPARE, _SUM, _PRODUCT, _UNARY, _ATOM = range(1, 8)
"""How tightly a form binds; an operand that binds less than its place needs goes into parentheses."""


def format_condition(condition: Condition) -> str:
    """In the notation of JSON documents: snake_case, single quotes. Raises ValueError for infinity and NaN."""
    return _JSON.text(condition)


def dtsl_condition(condition: Condition) -> str:
    """In the notation of scripts: camelCase, double quotes."""
    return _DTSL.text(condition)


def conjuncts(condition: Condition) -> list[Condition]:
    """The conditions that must all hold, one by one: what a document's `conditions` list has."""
    if not isinstance(condition, And):
        return [condition]
    return [part for item in condition.items for part in conjuncts(item)]


# ---------------------------------------------------------------------------------------------------- conditions


@dataclass(frozen=True, slots=True)
class _Notation:
    name: Callable[[str], str]
    mark: str

    def text(self, condition: Condition) -> str:
        return self._form(condition)[1]

    def operand(self, condition: Condition, least: int) -> str:
        binds, text = self._form(condition)
        return text if binds >= least else f"({text})"

    def _form(self, node: Condition) -> tuple[int, str]:
        match node:
            case Literal(value=value):
                text = value_text(value, self.mark)
                return (_UNARY if text.startswith("-") else _ATOM), text
            case PropertyRef(owner=owner, name=name):
                return _ATOM, self._reference(owner, name)
            case Bound(owner=owner):
                return _COMPARE, f"{self._path(owner)} != null"
            case Not(item=Bound(owner=owner)):
                return _COMPARE, f"{self._path(owner)} == null"
            case Compare(op=op, left=left, right=right):
                return _COMPARE, f"{self.operand(left, _SUM)} {op} {self.operand(right, _SUM)}"
            case Arithmetic(op=op, left=left, right=right):
                binds = _SUM if op in "+-" else _PRODUCT
                return binds, f"{self.operand(left, binds)} {op} {self.operand(right, binds + 1)}"
            case Negative(item=Literal(value=value)) if not value_text(value, self.mark).startswith("-"):
                return _UNARY, f"-({value_text(value, self.mark)})"  # `-5` would be a number
            case Negative(item=item):
                return _UNARY, "-" + self.operand(item, _UNARY)
            case Not(item=item):
                return _UNARY, "!" + self.operand(item, _UNARY)
            case And(items=items):
                return _AND, " && ".join(self.operand(item, _AND + 1) for item in items)
            case Or(items=items):
                return _OR, " || ".join(self.operand(item, _OR + 1) for item in items)
            case _:
                raise AssertionError(f"no notation for {type(node).__name__}")

    def _reference(self, owner: str | None, name: str) -> str:
        written = self.name(name)
        if owner is not None:
            return f"{self._path(owner)}.{written}"
        return f"{SELF}.{written}" if written.startswith(self.mark) else written  # alone it would be a text

    def _path(self, owner: str) -> str:
        return ".".join(map(self.name, owner.split("/")))


_JSON = _Notation(json_name, "'")
_DTSL = _Notation(dtsl_member, '"')


def value_text(value: Any, mark: str = '"') -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return quote(value, mark)
        case list():
            return f"[{', '.join(value_text(item, mark) for item in value)}]"
        case dict():
            return f"{{ {' '.join(_entry(key, item) for key, item in value.items())} }}" if value else "{}"
        case _:
            return write_number(value)


def _entry(key: str, value: Any) -> str:
    written = dtsl_member(key)
    return f"{written} {value_text(value)}" if isinstance(value, dict) else f"{written} = {value_text(value)};"


# ---------------------------------------------------------------------------------------------------- behaviors


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
        return [_DTSL.operand(item, _AND + 1) for item in condition.items]
    return [_DTSL.text(condition)]


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
