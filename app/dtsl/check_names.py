"""Whether what a condition names is there: roles, paths, properties, events, the names that a behavior gives."""

from app.dtsl import diagnostics
from app.dtsl import diagnostics_conditions as messages
from app.dtsl.diagnostics import Message
from app.dtsl.scope import Finding, Owner, Part, Scope
from app.dtsl.types import UNKNOWN, Type, type_of_property
from app.model.conditions import Aggregate, Bound, Condition, Occurred, PropertyRef
from app.model.definitions import EventDefinition, PropertyDefinition


class NameChecker:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Finding] = []
        self._over: str | None = None
        """The role of many of the aggregate around."""

    def property(self, ref: PropertyRef) -> Type:
        """Of a property, or of a name that the behavior gives."""
        if ref.owner is None and ref.name in self.scope.given:
            return self.scope.given[ref.name].type
        definition, shown = self.definition(ref)
        if definition is None:
            return UNKNOWN
        if definition.access == "write":
            self.say(diagnostics.write_only(shown), ref)
        return type_of_property(definition, shown)

    def definition(self, ref: PropertyRef) -> tuple[PropertyDefinition | None, str]:
        """And how it is written; None where that is reported, or nothing is known of it."""
        scope = self.scope
        spell = scope.spell
        if ref.owner is None:
            if scope.own is None:
                self._role_needed(ref)
                return None, ""
            properties, shown, where = scope.own, spell(ref.name), "this twin"
        else:
            owner = self._twin(ref.owner, ref.name, ref)
            if owner is None:
                return None, ""
            where = scope.shown(ref.owner)
            properties, shown = owner.properties, f"{where}.{spell(ref.name)}"
        definition = properties.get(ref.name)
        if definition is None:
            known = [*map(spell, properties), *(map(spell, scope.given) if ref.owner is None else ())]
            self.say(diagnostics.unknown_property(spell(ref.name), f"'{where}'", known), ref, "name")
        return definition, shown

    def event(self, node: Occurred) -> EventDefinition | None:
        scope = self.scope
        if node.owner is None:
            if scope.own is None:
                owners = [role for role, owner in scope.owners.items() if node.event in owner.events]
                self.say(messages.event_without_role(scope.spell(node.event), map(scope.spell, owners)), node, "name")
                return None
            events, where = scope.own_events, "this twin"
        else:
            owner = self._twin(node.owner, node.event, node)
            if owner is None:
                return None
            events, where = owner.events, scope.shown(node.owner)
        found = events.get(node.event)
        if found is None:
            known = map(scope.spell, events)
            self.say(messages.unknown_event(scope.spell(node.event), f"'{where}'", known), node, "name")
        return found

    def bound(self, node: Bound) -> None:
        if self.scope.own is not None:
            self.say(diagnostics.null_test_in_twin(self.scope.shown(node.owner)), node, "owner")
            return
        owner = self.scope.owners.get(node.owner)
        if owner is None:
            self._unknown_owner(node.owner, node)
        elif owner.many or self._out_of(node.owner):
            self.say(messages.many_tested(self.scope.shown(node.owner)), node, "owner")

    def many_on(self, path: str) -> list[str]:
        """The roles of many among those that the path goes through, itself included."""
        parts = path.split("/")
        found = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return [role for role in found if (owner := self.scope.owners.get(role)) is not None and owner.many]

    def counted(self, node: Aggregate) -> str | None:
        """The role that is counted, for `count(pumps)` and `count(line.pumps)`; None for a condition."""
        match node:
            case Aggregate(item=None, over=over):
                return over
            case Aggregate(function="count", item=PropertyRef(owner=str() as owner, name=name)):
                within = self.scope.owners.get(f"{owner}/{name}")
                return None if within is None else f"{owner}/{name}"
            case _:
                return None

    def say(self, message: Message, node: Condition, part: Part = "whole") -> None:
        self.found.append(Finding(message, node, part))

    # ------------------------------------------------------------ owners

    def _twin(self, path: str, name: str, node: Condition) -> Owner | None:
        """Whose property or event it is; None where that is reported, or nothing is known of it."""
        scope = self.scope
        owner = scope.owners.get(path)
        if owner is None:
            self._unknown_owner(path, node)
            return None
        if not owner.known:
            return None
        if (owner.many or "/" in path) and (many := self._out_of(path)):
            self.say(messages.many_in_condition(scope.shown(many)), node, "owner")
            return None
        if owner.inside is not None:
            inside = map(scope.spell, owner.inside)
            self.say(diagnostics.property_of_overlay(scope.shown(path), scope.spell(name), inside), node)
            return None
        return owner

    def _out_of(self, path: str) -> str:
        """The role of many that no aggregate goes over here; "" where there is none."""
        return next((role for role in self.many_on(path) if role != self._over), "")

    def _role_needed(self, ref: PropertyRef) -> None:
        spell = self.scope.spell
        roles = [role for role, owner in self.scope.owners.items() if ref.name in owner.properties]
        if not roles and self.scope.given:
            known = map(spell, self.scope.given)
            self.say(messages.unknown_name(spell(ref.name), known), ref)
            return
        if (owner := self.scope.owners.get(ref.name)) is not None and not roles:
            self.say(messages.role_alone(self.scope.shown(ref.name), owner.many), ref)
            return
        self.say(diagnostics.role_needed(spell(ref.name), map(spell, roles)), ref)

    def _unknown_owner(self, name: str, node: Condition) -> None:
        scope = self.scope
        if name.partition("/")[0] in scope.lost or name == LOST:
            return
        if scope.own is not None:
            self.say(diagnostics.foreign_property(scope.shown(name)), node, "owner")
            return
        above, _, last = name.rpartition("/")
        outer = scope.owners.get(above) if above else None
        if above and outer is None:
            self._unknown_owner(above, node)
        elif outer is None:
            known = map(scope.spell, scope.owners)
            self.say(diagnostics.unknown_role(scope.spell(name), scope.where, known), node, "owner")
        elif outer.inside is not None:
            known = map(scope.spell, outer.inside)
            message = diagnostics.unknown_role(scope.spell(last), f"'{scope.shown(above)}'", known)
            self.say(message, node, "owner")
        elif outer.known:
            filled = isinstance(node, Bound) and last in outer.properties
            message = diagnostics.misplaced_null() if filled else diagnostics.nothing_inside(scope.shown(above))
            self.say(message, node, "owner")


LOST = "?"
"""Stands for what could not be read: reported already."""
