"""Roles, who fills them, and relationships: of overlays between roles or twins, of twins from or to the twin itself."""

from app.dtsl import diagnostics
from app.dtsl.ast import Binding, Filler, Name
from app.dtsl.build import Builder
from app.dtsl.build_values import Tree, span_of, tree_span
from app.dtsl.parts import Items, Part
from app.dtsl.source import Span
from app.dtsl.spelling import SELF
from app.model.definitions import Kind

_TYPE_OF_EDGE = "relationship_type"


def add_role(builder: Builder, items: Items, tree: Tree) -> None:
    part = items.add(tree)
    field = "type"
    for child in tree.children:
        if not hasattr(child, "data"):
            if child.type == "OVERLAY":
                field = "overlay_type"
            else:
                part.put("required", child.type == "BANG", span_of(child))
        elif child.data == "many":
            part.put("many", True, tree_span(child))
            if child.children:
                part.put("required", True, tree_span(child))
        elif child.data == "name":
            name = builder.name(child)
            part.put(field, name.id, name.span)
            field = "role"
        else:
            part.merge(child.children[0])


def add_binding(builder: Builder, items: Items, tree: Tree) -> None:
    role, value = tree.children
    listed = value.data == "fillers"
    fillers = tuple(_filler(builder, child) for child in (value.children if listed else [value]))
    name = builder.name(role)
    items.append(Binding(name, fillers, listed), name.span)


def _filler(builder: Builder, tree: Tree) -> Filler:
    *kind, name = tree.children
    return Filler(builder.name(name), ("twin" if kind[0].type == "TWIN" else "overlay") if kind else None)


def add_relationship(builder: Builder, items: Items, kind: Kind, tree: Tree) -> None:
    part = items.add(tree)
    ends = [child for child in tree.children if hasattr(child, "data") and child.data == "end"]
    if kind in ("overlay", "overlay_type"):
        _between_two(builder, part, kind, ends)
    else:
        _from_or_to_itself(builder, part, kind, ends)
    for child in tree.children:
        if not hasattr(child, "data"):
            if kind == "overlay_type":
                part.put("required", child.type == "BANG", span_of(child))
            else:
                builder.report(diagnostics.not_in_this(str(child), _called(kind)), span_of(child))
            continue
        match child.data:
            case "name":
                name = builder.name(child)
                part.put("name", name.id, name.span)
            case "kind_of_edge":
                name = builder.name(child.children[0])
                part.put(_TYPE_OF_EDGE, name.id, name.span)
            case "multiplicity":
                if kind == "twin_type":
                    part.put("multiplicity", "..".join(map(str, child.children)), tree_span(child))
                else:
                    builder.report(diagnostics.not_in_this("[ ]", _called(kind)), tree_span(child))
            case "guard":
                if kind == "overlay_type":
                    part.put("guard", builder.expression(child.children[0]), tree_span(child))
                else:
                    builder.report(diagnostics.not_in_this("if", _called(kind)), tree_span(child))
            case "with_":
                part.merge(child.children[0])


def _called(kind: Kind) -> str:
    whose = {"twin_type": "twin type", "twin": "twin", "overlay_type": "overlay", "overlay": "instance"}[kind]
    return f"relationship of {'an' if whose[0] in 'aeiou' else 'a'} {whose}"


def _between_two(builder: Builder, part: Part, kind: Kind, ends: list[Tree]) -> None:
    fields = ("source_role", "target_role") if kind == "overlay_type" else ("source_twin_id", "target_twin_id")
    if len(ends) == 1:
        builder.report(diagnostics.two_ends(), tree_span(ends[0]))
    for field, end in zip(fields, ends, strict=False):
        name = _end(builder, end)
        if name is None or (kind == "overlay" and len(end.children[0].children) > 1):
            builder.report(diagnostics.no_end(), tree_span(end))
        else:
            part.put(field, name.id, name.span)


def _from_or_to_itself(builder: Builder, part: Part, kind: Kind, ends: list[Tree]) -> None:
    selves = [_is_self(end) for end in ends]
    if len(ends) == 2:
        if selves[0] == selves[1]:
            builder.report(diagnostics.one_end_is_this(), Span(tree_span(ends[0]).start, tree_span(ends[1]).end))
            return
        part.put("direction", "outgoing" if selves[0] else "incoming", tree_span(ends[selves.index(True)]))
    elif selves[0]:
        builder.report(diagnostics.one_end_is_this(), tree_span(ends[0]))
        return
    other = ends[selves.index(False)]
    name = _end(builder, other)
    if name is None:
        if kind == "twin":
            builder.report(diagnostics.no_end(), tree_span(other))
    elif len(other.children[0].children) > 1:
        builder.report(diagnostics.no_end(), tree_span(other))
    else:
        part.put("target_type" if kind == "twin_type" else "target_twin_id", name.id, name.span)


def _is_self(end: Tree) -> bool:
    path = end.children[0]
    return path.data == "path" and len(path.children) == 1 and path.children[0].children[0] == SELF


def _end(builder: Builder, end: Tree) -> Name | None:
    """The role, path of roles, twin or type; None for `*`."""
    path = end.children[0]
    if path.data == "anything":
        return None
    names = [builder.name(child) for child in path.children]
    return Name(".".join(name.id for name in names), Span(names[0].span.start, names[-1].span.end))
