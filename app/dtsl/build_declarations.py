"""Lark's trees of declarations to the AST: the fields of a document, each with its place.

Nothing is made up and nothing is checked here but what the form of a document can't say, because a script has another
one: whatever else is wrong is found in the document, and told at its place.
"""

from app.dtsl import diagnostics
from app.dtsl.ast import Declaration, Import
from app.dtsl.build import Builder
from app.dtsl.build_capabilities import add_event, add_method, add_property
from app.dtsl.build_edges import add_binding, add_relationship, add_role
from app.dtsl.build_interlocks import add_interlock
from app.dtsl.build_values import Token, Tree, span_of, tree_span
from app.dtsl.parts import Part
from app.dtsl.source import Span
from app.dtsl.spelling import read_name
from app.model.definitions import Kind

KIND_OF: dict[str, Kind] = {
    "relationship_type": "relationship_type",
    "twin_type": "twin_type",
    "twin": "twin",
    "overlay": "overlay_type",
    "instance": "overlay",
}
CALLED: dict[Kind, str] = {
    "relationship_type": "relationship type",
    "twin_type": "twin type",
    "twin": "twin",
    "overlay_type": "overlay",
    "overlay": "instance",
}
"""What a script calls each kind."""
SECOND_NAME: dict[Kind, str] = {"twin_type": "extends", "twin": "twin_type", "overlay": "overlay_type"}
"""The field of the name behind `extends` and `of`."""
_BLOCKS = {
    "properties": ("properties", add_property),
    "methods": ("methods", add_method),
    "events": ("events", add_event),
    "interlocks": ("interlocks", add_interlock),
    "roles": ("twin_roles", add_role),
    "bindings": ("twins", add_binding),
}


def import_of(builder: Builder, tree: Tree) -> Import:
    token = tree.children[1]
    return Import(builder.text(token), span_of(token))


def declaration(builder: Builder, tree: Tree) -> Declaration:
    kind = KIND_OF[tree.data]
    name, *rest = tree.children
    named = builder.name(name)
    places: dict[str, Span] = {"": named.span}
    part = Part(builder, places)
    part.describe(tree)
    if rest and rest[0].data == "name":
        second = builder.name(rest.pop(0))
        part.put(SECOND_NAME[kind], second.id, second.span)
    seen: set[str] = set()
    for block in rest:
        keyword = block.children[0]
        if str(keyword) in seen and str(keyword) != "with":
            builder.report(diagnostics.second_block(str(keyword)), span_of(keyword))
        seen.add(str(keyword))
        _add(builder, part, kind, block, keyword)
    return Declaration(kind, named, part.fields, places)


def _add(builder: Builder, part: Part, kind: Kind, block: Tree, keyword: Token) -> None:
    span = span_of(keyword)
    match block.data:
        case "setting":
            _set(builder, part, block)
        case "data":
            _put_data(builder, part, block)
        case "behaviors":
            items = part.items("behaviors", span)
            for tree in block.children[1:]:
                behavior = builder.behavior(tree)
                items.append(behavior, behavior.name.span)
        case "relationships":
            items = part.items("relationship_types" if kind == "overlay_type" else "relationships", span)
            for tree in block.children[1:]:
                add_relationship(builder, items, kind, tree)
        case other:
            field, add = _BLOCKS[other]
            items = part.items(field, span)
            for tree in block.children[1:]:
                add(builder, items, tree)


def _set(builder: Builder, part: Part, tree: Tree) -> None:
    keyword, value = tree.children
    field = read_name(str(keyword))
    if value.data == "word" and field == "inverse":
        part.put(field, read_name(str(value.children[0])), tree_span(value))
    elif value.data == "word" and field not in ("kind", "lifecycle", "impact"):
        builder.report(diagnostics.bare_word(str(value.children[0])), tree_span(value))
    else:
        written = str(value.children[0]) if value.data == "word" else builder.value(value)
        part.put(field, written, tree_span(value))


def _put_data(builder: Builder, part: Part, tree: Tree) -> None:
    keyword, value = tree.children
    field = str(keyword)
    if field == "with":
        if value.data == "object":
            part.merge(value)
        else:
            builder.report(diagnostics.bare_word("null"), tree_span(value))
    elif value.data == "object":
        part.object(field, span_of(keyword)).merge(value)
    else:
        part.put(field, None, tree_span(value))
