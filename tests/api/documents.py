"""Documents of the real schema, as hypothesis draws them: all that a query may be made of, and mostly ids that exist.

Drawn by type, from the root down: fields with arguments (literal or variable), aliases, fields asked for twice, inline
and named fragments on the type itself, on interfaces and on members of unions, directives that variables decide.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from app.api.ids import global_id

MOMENTS = ["2026-01-02T03:04:05Z", "2026-01-02T12:00:30Z"]
WORDS: dict[str, list[Any]] = {
    "twinId": ["pump_123", "pump_124", "valve_234", "nope"],
    "typeId": ["pump", "valve", "pumping"],
    "overlayId": ["cellar"],
    "relationshipType": ["control", "monitoring"],
    "relationshipTypes": [["control"], ["physical_connection"], ["nope"]],
    "id": ["pump_123", "pump", "cellar", global_id("Twin", "pump_123"), global_id("Overlay", "cellar"), "nope"],
    "ids": [[global_id("Twin", "pump_123"), "nope"], [global_id("Property", "pump_123", "speed")], []],
    "name": ["temperature", "hot", "failing", "nope"],
    "names": [["temperature", "nope"], ["speed", "status"], []],
    "property": ["temperature", "status"],
    "ownerId": ["pump_123", "cellar"],
    "first": [1, 2, 100, 0, -1],
    "last": [1, 2, -1],
    "maxDepth": [1, 3, 0],
}


@dataclass
class Drawn:
    text: str
    variables: dict[str, Any]


@dataclass
class _Making:
    schema: GraphQLSchema
    draw: st.DrawFn
    variables: dict[str, Any] = field(default_factory=lambda: {"yes": True, "no": False})
    declared: dict[str, str] = field(default_factory=lambda: {"yes": "Boolean!", "no": "Boolean!"})
    used: set[str] = field(default_factory=set)
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def one_in(self, many: int) -> bool:
        return self.draw(st.integers(1, many)) == many

    def selections(self, type: GraphQLNamedType, depth: int) -> str:
        """`{ ... }` on a type with fields or members."""
        fields = dict(getattr(type, "fields", {}))
        if depth <= 0:
            fields = {name: found for name, found in fields.items() if is_leaf_type(get_named_type(found.type))}
        names = sorted(name for name, found in fields.items() if not name.startswith("__"))
        asked = self.draw(st.lists(st.sampled_from(names), min_size=1, max_size=5)) if names else []
        parts = [self.field(name, fields[name], depth) for name in asked]
        if self.one_in(4) or not parts:
            parts.append("__typename")
        if depth > 0 and self.one_in(3):
            parts.append(self.fragment(type, depth))
        if depth > 0 and is_abstract_type(type):
            parts += [self.fragment(type, depth) for _ in range(self.draw(st.integers(1, 3)))]
        return "{ " + " ".join(self.draw(st.permutations(parts))) + " }"

    def fragment(self, type: GraphQLNamedType, depth: int) -> str:
        on: list[Any] = [type, *getattr(type, "interfaces", ())]
        if is_abstract_type(type):
            members = list(self.schema.get_possible_types(type))
            on = members if depth <= 0 else on + members * 2  # interfaces have fragments on interfaces, without end
        chosen = self.draw(st.sampled_from(on))
        inner = self.selections(chosen, depth - 1)
        if self.one_in(2):
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {chosen.name} {inner}")
            return f"...{name}{self.directive()}"
        condition = "" if chosen is type and self.one_in(2) else f" on {chosen.name}"
        return f"...{condition}{self.directive()} {inner}"

    def field(self, name: str, found: Any, depth: int) -> str:
        given = self.arguments(found.args)
        # With arguments of its own, or a member's of a union, it could not be merged with another of its name.
        self.aliases += 1
        alias = f"a{self.aliases}: " if given or self.one_in(3) else ""
        kind = get_named_type(found.type)
        inner = "" if is_leaf_type(kind) else f" {self.selections(kind, depth - 1)}"
        return f"{alias}{name}{given}{self.directive()}{inner}"

    def directive(self) -> str:
        if not self.one_in(5):
            return ""
        word, value = (
            self.draw(st.sampled_from(["include", "skip"])),
            self.draw(st.sampled_from(["$yes", "$no", "true"])),
        )
        if value.startswith("$"):
            self.used.add(value[1:])
        return f" @{word}(if: {value})"

    def arguments(self, args: dict[str, GraphQLArgument]) -> str:
        parts = []
        for name, argument in args.items():
            if not (is_required_argument(argument) or self.one_in(4)):
                continue
            value = self.value(name, argument.type)
            if self.one_in(3):
                variable = f"v{len(self.declared)}"
                self.declared[variable], self.variables[variable] = str(argument.type), value
                self.used.add(variable)
                parts.append(f"{name}: ${variable}")
            else:
                parts.append(f"{name}: {self.literal(value, argument.type)}")
        return f"({', '.join(parts)})" if parts else ""

    def value(self, name: str, type: GraphQLInputType, depth: int = 3) -> Any:
        """As a variable's."""
        if isinstance(type, GraphQLNonNull):
            return self.value(name, type.of_type, depth)
        if name in WORDS:
            return self.draw(st.sampled_from(WORDS[name]))
        if isinstance(type, GraphQLList):
            return [self.value(name, type.of_type, depth) for _ in range(self.draw(st.integers(0, 2)))]
        if isinstance(type, GraphQLEnumType):
            return self.draw(st.sampled_from(list(type.values)))
        if isinstance(type, GraphQLInputObjectType):
            if type.is_one_of:
                key = self.draw(st.sampled_from(sorted(type.fields)))
                return {key: self.value(key, type.fields[key].type)}
            return {
                key: self.value(key, item.type, depth - 1)
                for key, item in type.fields.items()
                if is_required_input_field(item) or (depth > 0 and self.one_in(8))
            }
        plain: dict[str, list[Any]] = {
            "Int": [0, 1, 5],
            "Float": [0.5, 80.0],
            "Boolean": [True, False],
            "DateTime": MOMENTS,
            "Long": [0, 3],
            "JSON": [1, "running", None, [1, {"a": True}]],
        }
        return self.draw(st.sampled_from(plain.get(type.name, ["pump_123", "temperature", "x", ""])))

    def literal(self, value: Any, type: GraphQLInputType) -> str:
        if isinstance(type, GraphQLNonNull):
            return self.literal(value, type.of_type)
        if value is None:
            return "null"
        if isinstance(type, GraphQLEnumType):
            return str(value)
        if isinstance(type, GraphQLList):
            items = value if isinstance(value, list) else [value]
            return "[" + ", ".join(self.literal(item, type.of_type) for item in items) + "]"
        if isinstance(type, GraphQLInputObjectType):
            fields = (f"{key}: {self.literal(item, type.fields[key].type)}" for key, item in value.items())
            return "{" + ", ".join(fields) + "}"
        return _plain(value)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(item)}" for key, item in value.items()) + "}"
    return json.dumps(value)


@st.composite
def queries(draw: st.DrawFn, schema: GraphQLSchema) -> Drawn:
    making = _Making(schema, draw)
    assert schema.query_type is not None
    body = making.selections(schema.query_type, 4)
    used = [name for name in making.declared if name in making.used]
    head = "query" + (f"({', '.join(f'${name}: {making.declared[name]}' for name in used)})" if used else "")
    text = "\n".join([f"{head} {body}", *making.fragments])
    return Drawn(text, {name: making.variables[name] for name in used})
