"""Resolvers that are one expression, written out where they would be called: a call costs more than most of them do.

Only such as mean the same anywhere: no names of an enclosing function, nothing that makes a scope of its own. One whose
source is not at hand is called. What an expression makes need not be made either, where only its parts are read: a
member of an enum for the sake of its name, an object of one of our types for the sake of its fields, a list of such.
"""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import FunctionType
from typing import Any

from strawberry.types.base import has_object_definition

_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEFT = (*_SCOPES, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
SELF = "self"


@dataclass(frozen=True, slots=True)
class Made:
    """An object of one of our types, by its fields."""

    kind: type
    parts: Mapping[str, str]
    over: str = ""
    """Where there is a list of them: over what. The part EACH is then the item, and all others are fields of `self`."""


EACH = "each"


@dataclass(frozen=True, slots=True)
class Inline:
    text: str
    """"" where it is a list that can be nothing but `made`."""
    whole: bool = False
    """Whether it needs more of `self` than the parts that were given."""
    word: str | None = None
    """Where it makes a member of an enum: of what."""
    made: Made | None = None


class Writing:
    """One resolver. `given` are the names here of its parameters, `parts` those of fields of `self`, where it has not
    been made; `constant` names an object."""

    def __init__(
        self,
        function: FunctionType,
        given: Mapping[str, str],
        parts: Mapping[str, str],
        constant: Callable[[object], str],
    ) -> None:
        self._outside = function.__globals__
        self._given = given
        self._parts = parts
        self._constant = constant
        self._whole = False

    def write(self, found: ast.expr) -> Inline:
        if isinstance(found, ast.ListComp):
            return Inline("", made=self._list(found), whole=self._whole)
        text = self._text(found)
        word = None
        if isinstance(found, ast.Call) and isinstance(made := self._named(found.func), type):
            if issubclass(made, Enum) and len(found.args) == 1 and not found.keywords:
                word = self._text(found.args[0])
            elif (fields := _fields(made, found)) is not None:
                parts = {name: self._text(value) for name, value in fields.items()}
                return Inline(text, self._whole, made=Made(made, parts))
        return Inline(text, self._whole, word)

    def _list(self, found: ast.ListComp) -> Made | None:
        [over] = found.generators
        if not isinstance(found.elt, ast.Call) or over.ifs or over.is_async or not isinstance(over.target, ast.Name):
            return None
        kind, each = self._named(found.elt.func), over.target.id
        fields = _fields(kind, found.elt) if isinstance(kind, type) else None
        if fields is None:
            return None
        parts = {}
        for name, value in fields.items():
            if isinstance(value, ast.Name) and value.id == each:
                parts[name] = EACH
            elif isinstance(value, ast.Attribute) and _is_self(value.value):
                parts[name] = self._text(value)
            else:
                return None
        assert isinstance(kind, type)
        return Made(kind, parts, self._text(over.iter))

    def _named(self, node: ast.expr) -> Any:
        """The object of the module that a name means."""
        return self._outside.get(node.id) if isinstance(node, ast.Name) and node.id not in self._given else None

    def _text(self, found: ast.expr) -> str:
        writing = self

        class Named(ast.NodeTransformer):
            def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
                part = writing._parts.get(node.attr) if _is_self(node.value) else None
                if part is not None:
                    return ast.Name(part)
                self.generic_visit(node)
                return node

            def visit_Name(self, node: ast.Name) -> ast.expr:
                if _is_self(node):
                    writing._whole = True
                name = writing._given.get(node.id)
                if name is None and node.id in writing._outside:
                    name = writing._constant(writing._outside[node.id])
                return ast.Name(name or node.id)

        return ast.unparse(Named().visit(deepcopy(found)))


def inline(
    function: FunctionType,
    given: Mapping[str, str],
    parts: Mapping[str, str],
    constant: Callable[[object], str],
) -> Inline | None:
    """None where it must be called."""
    found = _expression(function)
    if found is None or set(inspect.signature(function).parameters) != set(given):
        return None
    written = Writing(function, given, parts, constant).write(found)
    return written if written.text or written.made is not None else None


@cache
def _expression(function: FunctionType) -> ast.expr | None:
    if function.__closure__:
        return None
    try:
        [written] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, SyntaxError, ValueError, TypeError):
        return None
    if not isinstance(written, ast.FunctionDef) or len(written.body) > 2:
        return None
    *before, last = written.body
    if not isinstance(last, ast.Return) or last.value is None or not all(map(_is_docstring, before)):
        return None
    known = {*function.__globals__, *vars(builtins), *inspect.signature(function).parameters}
    inside: list[ast.AST] = [last.value]
    if isinstance(last.value, ast.ListComp):
        [over, *more] = last.value.generators
        if more or not isinstance(over.target, ast.Name) or over.target.id in known:
            return None
        known.add(over.target.id)
        inside = [last.value.elt, over.iter]
    for node in (node for part in inside for node in ast.walk(part)):
        if isinstance(node, _LEFT) or (isinstance(node, ast.Name) and node.id not in known):
            return None
        if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
            return None  # it may be called otherwise outside its class
    return last.value


def _fields(kind: object, call: ast.Call) -> dict[str, ast.expr] | None:
    """What an object of one of our types is made of; None where it is not made of its fields alone."""
    if not isinstance(kind, type) or not has_object_definition(kind) or hasattr(kind, "__post_init__") or call.args:
        return None
    found = {item.arg: item.value for item in call.keywords if item.arg is not None}
    return found if len(found) == len(call.keywords) else None


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == SELF


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
