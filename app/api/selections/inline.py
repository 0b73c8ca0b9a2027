"""Resolvers that are one expression, written out where they would be called: a call costs more than most of them do.

Only such as mean the same anywhere: no names of an enclosing function, nothing that makes a scope of its own. One whose
source is not at hand is called.
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

_SCOPES = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_LEFT = (*_SCOPES, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)


@dataclass(frozen=True, slots=True)
class Inline:
    text: str
    word: str | None = None
    """Where it makes a member of an enum: of what, so that no member need be made."""


def inline(function: FunctionType, given: Mapping[str, str], constant: Callable[[object], str]) -> Inline | None:
    """None where it must be called. `given` are the names here of its parameters, `constant` names an object."""
    found = _expression(function)
    if found is None or set(inspect.signature(function).parameters) != set(given):
        return None
    outside = function.__globals__

    class Named(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.Name:
            name = given.get(node.id)
            if name is None and node.id in outside:
                name = constant(outside[node.id])
            return ast.Name(name or node.id, node.ctx)

    here = Named().visit(deepcopy(found))
    word = None
    if isinstance(found, ast.Call) and isinstance(found.func, ast.Name) and len(found.args) == 1 and not found.keywords:
        made = outside.get(found.func.id)
        if isinstance(made, type) and issubclass(made, Enum):
            word = ast.unparse(here.args[0])
    return Inline(ast.unparse(here), word)


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
    for node in ast.walk(last.value):
        if isinstance(node, _LEFT) or (isinstance(node, ast.Name) and node.id not in known):
            return None
        if isinstance(node, ast.Attribute) and node.attr.startswith("__"):
            return None  # it may be called otherwise outside its class
    return last.value


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
