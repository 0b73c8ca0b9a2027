"""Whether the names and types in a condition make sense: against the roles of an overlay, or the twin's own properties.

Used for scripts and for JSON documents alike; the difference is how names are spelled (`spell`) and where a finding is
shown. `&&` is not ordered for guards: `a.x > 1 && a != null` is as good as the other way round, because one FALSE
makes the whole FALSE, unknown or not.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf

from app.dtsl import diagnostics
from app.dtsl.diagnostics import Message
from app.dtsl.spelling import json_name
from app.dtsl.types import (
    BOOLEAN,
    NUMBER,
    UNKNOWN,
    Type,
    comparison_fault,
    result_fault,
    type_of_literal,
    type_of_property,
)
from app.errors import Problem
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
    references,
)
from app.model.definitions import MethodDefinition, PropertyDefinition

Part = OneOf["whole", "owner", "name"]
_MOST_FOUND = 200
"""In one condition: more than that nobody is told."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What a role (or a twin named by its id) offers. `known` is False where its type is not: then any name is let
    pass, because the type is reported already."""

    properties: Mapping[str, PropertyDefinition]
    methods: Mapping[str, MethodDefinition]
    optional: bool = False
    known: bool = True
    guard: str = ""
    """Whose `!= null` makes sure that an optional one is filled; its own where left out."""
    inside: Sequence[str] | None = None
    """Of a role that an overlay fills: the roles in it."""
    many: bool = False
    """Several may fill the role, so a condition can't name one of them."""
    by_id: bool = False
    """It is named by its own id, not by a role."""


@dataclass(frozen=True, slots=True)
class Scope:
    """`own` is a twin's or twin type's; None for overlays. `owners` are the roles and twin ids of an overlay; it knows
    paths into overlays too (`pumping/primary_pump`), which iterating leaves out."""

    own: Mapping[str, PropertyDefinition] | None
    owners: Mapping[str, Owner]
    where: str = "this overlay"
    spell: Callable[[str], str] = json_name
    lost: frozenset[str] = frozenset()
    """Names that nothing is said about."""
    own_methods: Mapping[str, MethodDefinition] = field(default_factory=dict)

    def shown(self, owner: str) -> str:
        """A role or a path as it is written."""
        return ".".join(map(self.spell, owner.split("/")))


@dataclass(frozen=True, slots=True)
class Finding:
    message: Message
    node: Condition
    part: Part = "whole"


def check_condition(condition: Condition, scope: Scope, path: str) -> list[Problem]:
    """Every error in names and types, all at `path`."""
    return [finding.message.problem(path) for finding in errors_in(condition, scope)]


def check_computed(expression: Condition, definition: PropertyDefinition, scope: Scope, path: str) -> list[Problem]:
    """The same for what a property is computed from, whose result must fit the property."""
    checker = _Checker(scope)
    result = checker.type(expression)
    found = [finding.message for finding in checker.found]
    if not found and not references(expression):
        found.append(diagnostics.reads_nothing(definition.name))
    fault = None if found else result_fault(result, definition)
    return [message.problem(path) for message in ([*found, fault] if fault else found)]


def check_guards(conditions: Sequence[Condition], scope: Scope, path: str) -> list[Problem]:
    """Warnings for a list of conditions that must all hold: optional roles used without `!= null`. At `path/INDEX`."""
    guarded = _facts(And(tuple(conditions)), True)
    found: list[Problem] = []
    for index, condition in enumerate(conditions):
        found += [warning.message.problem(f"{path}/{index}") for warning in _unguarded(condition, scope, guarded)]
    return found


def errors_in(condition: Condition, scope: Scope) -> list[Finding]:
    checker = _Checker(scope)
    checker.truth(condition)
    return checker.found


def errors_in_value(expression: Condition, scope: Scope) -> list[Finding]:
    """The same of what may have any type."""
    checker = _Checker(scope)
    checker.type(expression)
    return checker.found


def warnings_in(condition: Condition, scope: Scope) -> list[Finding]:
    return list(_unguarded(condition, scope, frozenset()))


def guarded_by(condition: Condition) -> frozenset[str]:
    """The roles that are surely filled where the condition is TRUE."""
    return _facts(condition, True)


# ---------------------------------------------------------------------------------------------------- names and types


class _Checker:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Finding] = []

    def truth(self, node: Condition) -> None:
        """`node` must be true or false."""
        kind = self.type(node)
        if kind.kind not in ("boolean", "unknown"):
            self._say(diagnostics.not_a_condition(kind.shown), node)

    def number(self, node: Condition, sign: str) -> None:
        kind = self.type(node)
        if kind.kind not in ("number", "unknown"):
            self._say(diagnostics.not_a_number(kind.shown, sign), node)

    def type(self, node: Condition) -> Type:
        if len(self.found) >= _MOST_FOUND:
            return UNKNOWN
        match node:
            case Literal(value=value):
                return type_of_literal(value)
            case PropertyRef():
                return self._property(node)
            case Bound():
                self._bound(node)
            case Compare(op=op, left=left, right=right):
                fault = comparison_fault(op, self.type(left), self.type(right))
                if fault:
                    self._say(fault, _literal_of(node) if fault.code == diagnostics.UNKNOWN_VALUE else node)
            case Arithmetic(op=op, left=left, right=right):
                self.number(left, op)
                self.number(right, op)
                if op in "/%" and isinstance(right, Literal) and right.value == 0:
                    self._say(diagnostics.division_by_zero(), node)
                return NUMBER
            case Negative(item=item):
                self.number(item, "-")
                return NUMBER
            case Not(item=item):
                self.truth(item)
            case And(items=items) | Or(items=items):
                for item in items:
                    self.truth(item)
        return BOOLEAN

    def _property(self, ref: PropertyRef) -> Type:
        scope = self.scope
        spell = scope.spell
        if ref.owner is None:
            if scope.own is None:
                self._say(diagnostics.role_needed(spell(ref.name), map(spell, self._roles_with(ref.name))), ref)
                return UNKNOWN
            properties, shown, where = scope.own, spell(ref.name), "this twin"
        else:
            owner = scope.owners.get(ref.owner)
            if owner is None:
                self._unknown_owner(ref.owner, ref)
                return UNKNOWN
            if not owner.known:
                return UNKNOWN
            where = scope.shown(ref.owner)
            if owner.many:
                self._say(diagnostics.one_of_many(where), ref, "owner")
                return UNKNOWN
            if owner.inside is not None:
                self._say(diagnostics.property_of_overlay(where, spell(ref.name), map(spell, owner.inside)), ref)
                return UNKNOWN
            properties, shown = owner.properties, f"{where}.{spell(ref.name)}"
        definition = properties.get(ref.name)
        if definition is None:
            known = map(spell, properties)
            self._say(diagnostics.unknown_property(spell(ref.name), f"'{where}'", known), ref, "name")
            return UNKNOWN
        if definition.access == "write":
            self._say(diagnostics.write_only(shown), ref)
        return type_of_property(definition, shown)

    def _roles_with(self, name: str) -> list[str]:
        return [role for role, owner in self.scope.owners.items() if name in owner.properties]

    def _bound(self, node: Bound) -> None:
        if self.scope.own is not None:
            self._say(diagnostics.null_test_in_twin(self.scope.shown(node.owner)), node, "owner")
            return
        owner = self.scope.owners.get(node.owner)
        if owner is None:
            self._unknown_owner(node.owner, node)
        elif owner.many:
            self._say(diagnostics.one_of_many(self.scope.shown(node.owner)), node, "owner")

    def _unknown_owner(self, name: str, node: Condition) -> None:
        scope = self.scope
        if name.partition("/")[0] in scope.lost:
            return
        if scope.own is not None:
            self._say(diagnostics.foreign_property(scope.shown(name)), node, "owner")
            return
        above, _, last = name.rpartition("/")
        outer = scope.owners.get(above) if above else None
        if above and outer is None:
            self._unknown_owner(above, node)
        elif outer is None:
            known = map(scope.spell, scope.owners)
            self._say(diagnostics.unknown_role(scope.spell(name), scope.where, known), node, "owner")
        elif outer.many:
            self._say(diagnostics.one_of_many(scope.shown(above)), node, "owner")
        elif outer.inside is not None:
            known = map(scope.spell, outer.inside)
            message = diagnostics.unknown_role(scope.spell(last), f"'{scope.shown(above)}'", known)
            self._say(message, node, "owner")
        elif outer.known:
            filled = isinstance(node, Bound) and last in outer.properties
            message = diagnostics.misplaced_null() if filled else diagnostics.nothing_inside(scope.shown(above))
            self._say(message, node, "owner")

    def _say(self, message: Message, node: Condition, part: Part = "whole") -> None:
        self.found.append(Finding(message, node, part))


def _literal_of(node: Compare) -> Condition:
    return node.left if isinstance(node.left, Literal) else node.right


# ---------------------------------------------------------------------------------------------------- guards


def _unguarded(node: Condition, scope: Scope, guarded: frozenset[str]) -> Iterator[Finding]:
    match node:
        case PropertyRef(owner=owner) if owner is not None and owner not in guarded:
            offered = scope.owners.get(owner)
            if offered is not None and offered.optional and (offered.guard or owner) not in guarded:
                yield Finding(diagnostics.unguarded(scope.shown(offered.guard or owner)), node, "owner")
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            yield from _unguarded(left, scope, guarded)
            yield from _unguarded(right, scope, guarded)
        case Not(item=item) | Negative(item=item):
            yield from _unguarded(item, scope, guarded)
        case And(items=items):
            inside = guarded | _facts(node, True)
            for item in items:
                yield from _unguarded(item, scope, inside)
        case Or(items=items):  # `a == null || a.x > 1`: where the first is FALSE, a is filled
            inside = guarded | _facts(node, False)
            for item in items:
                yield from _unguarded(item, scope, inside)
        case _:
            pass


def _facts(node: Condition, truth: bool) -> frozenset[str]:
    """The roles that are surely filled where `node` has come out as `truth`."""
    match node:
        case Bound(owner=owner):
            return frozenset(_path_to(owner)) if truth else frozenset()
        case Not(item=item):
            return _facts(item, not truth)
        case And(items=items) | Or(items=items):
            each = [_facts(item, truth) for item in items]
            if isinstance(node, And) == truth:
                return frozenset().union(*each)
            return each[0].intersection(*each[1:]) if each else frozenset()
        case _:
            return frozenset()


def _path_to(owner: str) -> Iterator[str]:
    """Itself and what it is inside of: where `pumping.backup` is filled, `pumping` is."""
    while owner:
        yield owner
        owner = owner.rpartition("/")[0]
