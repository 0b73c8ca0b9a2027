"""Interlocks: `never call pump.start while inletValve.status == "closed" as dryRun;`."""

from app.dtsl.build import Builder
from app.dtsl.build_values import Tree, tree_span
from app.dtsl.parts import Items
from app.dtsl.source import Span
from app.dtsl.spelling import SELF

_FIELD = {"call": "method", "write": "property"}


def add_interlock(builder: Builder, items: Items, tree: Tree) -> None:
    part = items.add(tree)
    verb, path, condition, named, *rest = tree.children
    *owner, covered = [builder.name(child) for child in path.children]
    if [name.id for name in owner] == [SELF]:
        owner = []
    if owner:
        span = Span(owner[0].span.start, owner[-1].span.end)
        part.put("role", ".".join(name.id for name in owner), span)
    part.put(_FIELD[str(verb)], covered.id, covered.span)
    part.put("while", builder.expression(condition), tree_span(condition))
    name = builder.name(named)
    part.put("name", name.id, name.span)
    for child in rest:
        part.merge(child.children[0])
