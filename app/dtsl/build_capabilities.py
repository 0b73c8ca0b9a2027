"""What twins have and can: properties, methods, events, and how their values are described."""

from typing import Any

from app.dtsl import diagnostics
from app.dtsl.build import Builder
from app.dtsl.build_values import Token, Tree, span_of, tree_span
from app.dtsl.format_conditions import format_condition
from app.dtsl.parts import Items, Part
from app.model.time import SECOND

_ACCESS = {"readonly": "read", "writable": "read-write", "writeonly": "write"}
_OF_VALUE = {"unit": "unit", "values": "enum_values", "lowest": "min_value", "highest": "max_value"}
"""What is said of the values themselves: of an array's elements where it is one."""


def add_property(builder: Builder, items: Items, tree: Tree) -> None:
    _describe(builder, items.add(tree), tree)


def add_method(builder: Builder, items: Items, tree: Tree) -> None:
    part = items.add(tree)
    for child in tree.children:
        match child.data:
            case "result":
                part.put("return_type", str(child.children[0].children[0]), tree_span(child.children[0]))
            case "idempotent":
                part.put("idempotent", True, tree_span(child))
            case "safe":
                part.put("safe", True, tree_span(child))
            case "interval":
                part.put("min_interval", _seconds(builder, *child.children), tree_span(child))
            case "timeout":
                part.put("timeout", _seconds(builder, *child.children), tree_span(child))
            case "limit":
                calls, *per = child.children
                limit = part.object("rate_limit", tree_span(child))
                limit.put("calls", builder.number(calls), span_of(calls))
                limit.put("per", _seconds(builder, *per), tree_span(per[0]))
            case _:
                _name_parameters_rest(builder, part, child)


def add_event(builder: Builder, items: Items, tree: Tree) -> None:
    part = items.add(tree)
    for child in tree.children:
        _name_parameters_rest(builder, part, child)


def _name_parameters_rest(builder: Builder, part: Part, tree: Tree) -> None:
    match tree.data:
        case "name":
            name = builder.name(tree)
            part.put("name", name.id, name.span)
        case "parameters":
            items = part.items("parameters", tree_span(tree))
            for parameter in tree.children:
                _describe(builder, items.add(parameter), parameter)
        case _:
            part.merge(tree.children[0])


def _describe(builder: Builder, part: Part, tree: Tree) -> None:
    """`float[] curve in bar`: a name and what its values are."""
    value_type, named, *rest = tree.children
    name = builder.name(named)
    part.put("name", name.id, name.span)
    values = _type(builder, part, value_type)
    for child in rest:
        match child.data:
            case "unit":
                token = child.children[0].children[0]
                written = builder.text(token) if token.type == "STRING" else str(token)
                values.put("unit", written, span_of(token))
            case "values" | "lowest" | "highest":
                values.put(_OF_VALUE[child.data], builder.value(child.children[0]), tree_span(child.children[0]))
            case "fields":
                items = values.items("fields", tree_span(child))
                for field in child.children:
                    add_property(builder, items, field)
            case "access":
                part.put("access", _ACCESS[str(child.children[0])], tree_span(child))
            case "stale_after":
                part.put("stale_after", _seconds(builder, *child.children), tree_span(child.children[0]))
            case "deadband":
                part.put("deadband", builder.value(child.children[0]), tree_span(child.children[0]))
            case "computed":
                expression = builder.expression(child.children[0])
                part.put("computed", format_condition(expression.condition), expression.span)
            case _:
                part.merge(child.children[0])


def _seconds(builder: Builder, number: Tree, unit: Token | None = None) -> Any:
    """`30s`, `30 s` or `30`."""
    if unit is not None and unit != "s":
        builder.report(diagnostics.only_seconds(str(unit)), span_of(unit))
    return builder.length(number) / SECOND if number.data == "duration" else builder.value(number)


def _type(builder: Builder, part: Part, tree: Tree) -> Part:
    """Writes the type; the part that describes the values is another for an array."""
    named, *rest = tree.children
    token = named.children[0]
    values = part
    for child in rest:
        if hasattr(child, "data"):
            values.put("data_type", "array", tree_span(child))
            if child.children:
                values.put("max_items", builder.number(child.children[0]), tree_span(child))
            values = values.object("items", tree_span(child))
        else:
            part.put("required", child.type == "BANG", span_of(child))
    values.put("data_type", builder.text(token) if token.type == "STRING" else str(token), span_of(token))
    return values
