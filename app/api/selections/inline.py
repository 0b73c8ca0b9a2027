"""Resolvers that are one expression, written out where they would be called: a call costs more than most of them do.

Only such as mean the same anywhere: no names of an enclosing function, nothing that makes a scope of its own. One whose
source is not at hand is called. What an expression makes need not be made either, where only its parts are read: a
member of an enum for the sake of its name, an object of one of our types for the sake of its fields, a list of such.
Names of its module mean what they meant as the selection was compiled: a resolver reads no global that changes.
"""

import ast
import builtins
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from types import FunctionType
from typing import Any

from strawberry.types.base import has_object_definition

SELF = "self"
EACH = "each"
_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEFT = (*_SCOPES, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
_GAP = re.compile("«(given|field|outside) ([^»]+)»")
"""Stands where a parameter, a field of `self` or a name of the module belongs: all that differs between places."""


@dataclass(frozen=True, slots=True)
class Made:
    """An object of one of our types, by its fields."""

    kind: type
    parts: Mapping[str, str]
    over: str = ""
    """Where there is a list of them: over what. The part EACH is then the item, and all others are fields of `self`."""


@dataclass(frozen=True, slots=True)
class Inline:
    text: str
    """"" where it is a list that can be nothing but `made`."""
    whole: bool
    """Whether it needs more of `self` than the parts that were given."""
    word: str | None
    """Where it makes a member of an enum: of what."""
    made: Made | None


@dataclass(frozen=True, slots=True)
class _Template:
    """The same with gaps."""

    text: str
    parameters: frozenset[str]
    word: str | None = None
    made: Made | None = None


def inline(
    function: FunctionType,
    given: Mapping[str, str],
    parts: Mapping[str, str],
    constant: Callable[[object], str],
) -> Inline | None:
    """None where it must be called. `given` are the names here of its parameters, `parts` those of fields of `self`,
    where it has not been made; `constant` names an object."""
    found = _template(function)
    if found is None or found.parameters != given.keys():
        return None
    outside, whole = function.__globals__, False

    def fill(gap: re.Match[str]) -> str:
        nonlocal whole
        kind, name = gap.groups()
        if kind == "outside":
            return constant(outside[name])
        if kind == "field" and name in parts:
            return parts[name]
        whole = whole or kind == "field" or name == SELF
        return f"{given[SELF]}.{name}" if kind == "field" else given[name]

    def filled(text: str) -> str:
        return _GAP.sub(fill, text)

    made = found.made
    if made is not None:
        made = Made(made.kind, {name: filled(text) for name, text in made.parts.items()}, filled(made.over))
    text, word = filled(found.text), None if found.word is None else filled(found.word)
    return Inline(text, whole, word, made)


@cache
def _template(function: FunctionType) -> _Template | None:
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
    return _Reading(function).template(last.value)


class _Reading:
    def __init__(self, function: FunctionType) -> None:
        self._outside = function.__globals__
        self._parameters = frozenset(inspect.signature(function).parameters)

    def template(self, found: ast.expr) -> _Template | None:
        if isinstance(found, ast.ListComp):
            made = self._list(found)
            return None if made is None else _Template("", self._parameters, made=made)
        if not self._plain(found):
            return None
        word = made = None
        if isinstance(found, ast.Call) and isinstance(kind := self._named(found.func), type):
            if issubclass(kind, Enum) and len(found.args) == 1 and not found.keywords:
                word = self._text(found.args[0])
            elif (fields := _fields(kind, found)) is not None:
                made = Made(kind, {name: self._text(value) for name, value in fields.items()})
        return _Template(self._text(found), self._parameters, word, made)

    def _list(self, found: ast.ListComp) -> Made | None:
        over, *more = found.generators
        if more or over.ifs or over.is_async or not isinstance(over.target, ast.Name) or not self._plain(over.iter):
            return None
        kind = self._named(found.elt.func) if isinstance(found.elt, ast.Call) else None
        fields = _fields(kind, found.elt) if isinstance(kind, type) and isinstance(found.elt, ast.Call) else None
        if fields is None or not isinstance(kind, type):
            return None
        parts = {}
        for name, value in fields.items():
            if isinstance(value, ast.Name) and value.id == over.target.id:
                parts[name] = EACH
            elif isinstance(value, ast.Attribute) and _is_self(value.value):
                parts[name] = self._text(value)
            else:
                return None
        return Made(kind, parts, self._text(over.iter))

    def _plain(self, found: ast.expr) -> bool:
        for node in ast.walk(found):
            if isinstance(node, _LEFT) or (isinstance(node, ast.Name) and not self._known(node.id)):
                return False
            if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
                return False  # it may be called otherwise outside its class
        return True

    def _known(self, name: str) -> bool:
        return name in self._parameters or name in self._outside or hasattr(builtins, name)

    def _named(self, node: ast.expr) -> Any:
        """The object of the module that a name means."""
        return self._outside.get(node.id) if isinstance(node, ast.Name) and node.id not in self._parameters else None

    def _text(self, found: ast.expr) -> str:
        parameters, outside = self._parameters, self._outside

        class Gaps(ast.NodeTransformer):
            def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
                if _is_self(node.value):
                    return ast.Name(f"«field {node.attr}»")
                return ast.Attribute(self.visit(node.value), node.attr)

            def visit_Name(self, node: ast.Name) -> ast.expr:
                if node.id in parameters:
                    return ast.Name(f"«given {node.id}»")
                return ast.Name(f"«outside {node.id}»") if node.id in outside else node

        return ast.unparse(Gaps().visit(ast.parse(ast.unparse(found), mode="eval").body))


def _fields(kind: type, call: ast.Call) -> dict[str, ast.expr] | None:
    """What an object of one of our types is made of; None where it is not made of its fields alone."""
    if not has_object_definition(kind) or hasattr(kind, "__post_init__") or call.args:
        return None
    found = {item.arg: item.value for item in call.keywords if item.arg is not None}
    return found if len(found) == len(call.keywords) else None


def _is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == SELF


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
