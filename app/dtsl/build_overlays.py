"""Lark's trees of overlay types and overlays to the AST."""

from app.dtsl import diagnostics
from app.dtsl.ast import Binding, Entry, InstanceDeclaration, OverlayDeclaration, Relationship, Role
from app.dtsl.build import Builder, Tree, span_of
from app.dtsl.spelling import read_name


def declaration(builder: Builder, tree: Tree) -> OverlayDeclaration | InstanceDeclaration:
    return _overlay(builder, tree) if tree.data == "overlay" else _instance(builder, tree)


def _overlay(builder: Builder, tree: Tree) -> OverlayDeclaration:
    name, *blocks = tree.children
    parts = _blocks(builder, blocks)
    return OverlayDeclaration(
        builder.name(name),
        tuple(_role(builder, item) for item in parts.get("roles", ())),
        tuple(_relationship(builder, item) for item in parts.get("relationships", ())),
        tuple(builder.behavior(item) for item in parts.get("behaviors", ())),
        tuple(_entry(builder, item) for item in parts.get("metadata", ())),
        _keywords(blocks),
    )


def _instance(builder: Builder, tree: Tree) -> InstanceDeclaration:
    name, overlay_type, *blocks = tree.children
    parts = _blocks(builder, blocks)
    return InstanceDeclaration(
        builder.name(name),
        builder.name(overlay_type),
        tuple(Binding(builder.name(role), builder.name(twin)) for role, twin in _pairs(parts.get("bindings", ()))),
        tuple(_entry(builder, item) for item in parts.get("metadata", ())),
        _keywords(blocks),
    )


def _blocks(builder: Builder, blocks: list[Tree]) -> dict[str, list[Tree]]:
    parts: dict[str, list[Tree]] = {}
    for block in blocks:
        keyword, *items = block.children
        if block.data in parts:
            builder.report(diagnostics.second_block(str(keyword)), span_of(keyword))
        parts.setdefault(block.data, []).extend(items)
    return parts


def _role(builder: Builder, tree: Tree) -> Role:
    names = [builder.name(child) for child in tree.children if hasattr(child, "data")]
    return Role(names[0], names[1], optional=len(tree.children) == 3)


def _relationship(builder: Builder, tree: Tree) -> Relationship:
    source, target, name, *guard = tree.children
    return Relationship(
        builder.name(source),
        builder.name(target),
        builder.name(name),
        builder.expression(guard[0]) if guard else None,
    )


def _entry(builder: Builder, tree: Tree) -> Entry:
    key, value = tree.children
    token = key.children[0]
    text = builder.text(token) if token.type == "STRING" else read_name(str(token))
    return Entry(text, builder.constant(value), span_of(token))


def _pairs(trees: list[Tree] | tuple[()]) -> list[tuple[Tree, Tree]]:
    return [(tree.children[0], tree.children[1]) for tree in trees]


def _keywords(blocks: list[Tree]) -> tuple[str, ...]:
    return tuple(str(block.children[0]) for block in blocks)
