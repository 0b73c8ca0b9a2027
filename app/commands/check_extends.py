"""A twin type against the type it extends: what it declares anew may be narrower there, never wider.

Whoever reads the supertype's twins can read these: the same types and units, within the same limits. Narrower limits
are allowed for what is written too, because a smaller machine takes less; where that breaks an overlay, checking that
overlay says so. Behaviors are replaced freely: they are the twin's own business.
"""

from collections.abc import Mapping, Sequence

from app.commands.draft import World
from app.commands.findings import Findings
from app.model.definitions import (
    Described,
    EventDefinition,
    FieldDefinition,
    MethodDefinition,
    ParameterDefinition,
    PropertyDefinition,
    RelationshipRule,
    TwinType,
    bounds,
)
from app.model.lineage import is_a, lineage

_MAY: Mapping[str, frozenset[str]] = {
    "read": frozenset({"read"}),
    "write": frozenset({"write"}),
    "read-write": frozenset({"read", "write"}),
}


def check_extends(world: World, twin_type: TwinType, findings: Findings) -> bool:
    """Whether its line leads to a root; only then it is known what the type has."""
    above = twin_type.extends
    if above is None:
        return True
    if world.twin_type(above) is None:
        findings.unknown("twin type", above, "", "/extends", world.ids("twin_type"))
        return False
    line = lineage(world, twin_type.type_id)
    root = world.twin_type(line[-1])
    if root is not None and root.extends in line:
        chain = " -> ".join([*line, root.extends])
        findings.fault("EXTENDS_CYCLE", f"types extend each other: {chain}", "/extends", "let one of them extend none")
        return False
    _Overriding(world, twin_type, above, findings).check()
    return True


class _Overriding:
    def __init__(self, world: World, twin_type: TwinType, above: str, findings: Findings) -> None:
        self._world = world
        self._inherited = world.type_capabilities(above)
        self._type = twin_type
        self._above = f"twin type '{above}'"
        self._findings = findings

    def check(self) -> None:
        inherited = self._inherited
        for index, item in enumerate(self._type.properties):
            if (wider := inherited.properties.get(item.name)) is not None:
                self._property(item, wider, f"/properties/{index}")
        for index, method in enumerate(self._type.methods):
            if (wide := inherited.methods.get(method.name)) is not None:
                self._method(method, wide, f"/methods/{index}")
        for index, event in enumerate(self._type.events):
            if (raised := inherited.events.get(event.name)) is not None:
                self._event(event, raised, f"/events/{index}")
        for index, rule in enumerate(self._type.relationships):
            if (looser := inherited.relationships.get(rule.name)) is not None:
                self._rule(rule, looser, f"/relationships/{index}")

    def _property(self, item: PropertyDefinition, above: PropertyDefinition, path: str) -> None:
        self._value(item, above, path)
        if not _MAY[item.access] <= _MAY[above.access]:
            message = f"'{item.name}' has access {item.access}; {self._above} gives {above.access}"
            self._fault("OVERRIDE_WIDENS_ACCESS", message, f"{path}/access", f"write {above.access}")

    def _method(self, item: MethodDefinition, above: MethodDefinition, path: str) -> None:
        self._same_names(item.name, item.parameters, above.parameters, path)
        for index, (parameter, wider) in enumerate(zip(item.parameters, above.parameters, strict=False)):
            if parameter.name == wider.name:
                self._value(parameter, wider, f"{path}/parameters/{index}")
        if item.return_type != above.return_type:
            message = f"'{item.name}' returns {item.return_type or 'nothing'}; in {self._above} it returns "
            message += above.return_type or "nothing"
            self._fault("OVERRIDE_CHANGES_TYPE", message, f"{path}/return_type", "return the same")
        if above.idempotent and not item.idempotent:
            message = f"'{item.name}' is not idempotent; {self._above} promises that it is"
            self._fault("OVERRIDE_BREAKS_PROMISE", message, f"{path}/idempotent", "write true")
        if above.safe and not item.safe:
            message = f"'{item.name}' is not safe; {self._above} promises that it is"
            self._fault("OVERRIDE_BREAKS_PROMISE", message, f"{path}/safe", "write true")

    def _event(self, item: EventDefinition, above: EventDefinition, path: str) -> None:
        """It may carry more than the supertype's."""
        known = {parameter.name: (index, parameter) for index, parameter in enumerate(item.parameters)}
        for wider in above.parameters:
            if wider.name not in known:
                message = f"'{item.name}' lacks the parameter '{wider.name}' that it has in {self._above}"
                self._fault("OVERRIDE_CHANGES_PARAMETERS", message, f"{path}/parameters", f"add '{wider.name}'")
                continue
            index, parameter = known[wider.name]
            self._value(parameter, wider, f"{path}/parameters/{index}")

    def _rule(self, rule: RelationshipRule, above: RelationshipRule, path: str) -> None:
        name = rule.name
        if above.relationship_type not in (None, rule.relationship_type):
            message = f"'{name}' is {rule.relationship_type or 'of any type'}; in {self._above} it is "
            message += f"{above.relationship_type}"
            self._fault("OVERRIDE_CHANGES_TYPE", message, f"{path}/relationship_type", "write the same")
        if rule.direction != above.direction:
            message = f"'{name}' is {rule.direction}; in {self._above} it is {above.direction}"
            self._fault("OVERRIDE_CHANGES_DIRECTION", message, f"{path}/direction", f"write {above.direction}")
        wanted = above.target_type
        if wanted is not None and (rule.target_type is None or not is_a(self._world, rule.target_type, wanted)):
            message = f"'{name}' takes {rule.target_type or 'any twin'}; in {self._above} it takes a {wanted}"
            hint = f"write {wanted}, or a type that extends it"
            self._fault("OVERRIDE_WIDENS_TARGET", message, f"{path}/target_type", hint)
        (least, most), (low, high) = bounds(rule.multiplicity), bounds(above.multiplicity)
        if least < low or (high is not None and (most is None or most > high)):
            message = f"'{name}' is there {rule.multiplicity} times; in {self._above} {above.multiplicity}"
            self._fault("OVERRIDE_WIDENS_MULTIPLICITY", message, f"{path}/multiplicity", f"within {above.multiplicity}")

    def _same_names(
        self, name: str, own: Sequence[ParameterDefinition], above: Sequence[ParameterDefinition], path: str
    ) -> None:
        have, want = [item.name for item in own], [item.name for item in above]
        if have != want:
            message = f"'{name}' takes ({', '.join(have)}); in {self._above} it takes ({', '.join(want)})"
            self._fault("OVERRIDE_CHANGES_PARAMETERS", message, f"{path}/parameters", "take the same, in that order")

    def _value(
        self,
        item: PropertyDefinition | ParameterDefinition,
        above: PropertyDefinition | ParameterDefinition,
        path: str,
    ) -> None:
        self._described(item, above, item.name, path)

    def _described(self, item: Described, above: Described, name: str, path: str) -> None:
        """What both can hold: the same data type and unit, limits and enum values within those above."""
        if item.data_type != above.data_type:
            message = f"'{name}' is {item.data_type}; in {self._above} it is {above.data_type}"
            self._fault("OVERRIDE_CHANGES_TYPE", message, f"{path}/data_type", f"write {above.data_type}")
            return  # limits of another type can't be compared
        if above.unit is not None and item.unit != above.unit:
            message = f"'{name}' is in {item.unit or 'no unit'}; in {self._above} it is in {above.unit}"
            self._fault("OVERRIDE_CHANGES_UNIT", message, f"{path}/unit", f"write {above.unit}")
            return  # nor limits in another unit
        low, lowest = item.min_value, above.min_value
        if lowest is not None and (low is None or low < lowest):
            message = f"'{name}' has min_value {_shown(low)}; in {self._above} it is {_shown(lowest)}"
            self._fault("OVERRIDE_WIDENS_LIMITS", message, f"{path}/min_value", f"at least {_shown(lowest)}")
        high, highest = item.max_value, above.max_value
        if highest is not None and (high is None or high > highest):
            message = f"'{name}' has max_value {_shown(high)}; in {self._above} it is {_shown(highest)}"
            self._fault("OVERRIDE_WIDENS_LIMITS", message, f"{path}/max_value", f"at most {_shown(highest)}")
        allowed = above.enum_values or []
        more = [value for value in item.enum_values or [] if value not in allowed]
        if more:
            message = f"'{name}' can be {', '.join(more)}; in {self._above} it can't"
            self._fault("OVERRIDE_WIDENS_ENUM", message, f"{path}/enum_values", f"allowed are {', '.join(allowed)}")
        if item.items is not None and above.items is not None:
            self._list(item, above, name, path)
            self._described(item.items, above.items, f"{name}[]", f"{path}/items")
        if item.fields is not None and above.fields is not None:
            self._fields(item.fields, above.fields, name, f"{path}/fields")

    def _list(self, item: Described, above: Described, name: str, path: str) -> None:
        most, allowed = item.max_items, above.max_items
        if allowed is not None and (most is None or most > allowed):
            message = f"'{name}' has max_items {_shown(most)}; in {self._above} it is {allowed}"
            self._fault("OVERRIDE_WIDENS_LIMITS", message, f"{path}/max_items", f"at most {allowed}")

    def _fields(
        self, fields: Sequence[FieldDefinition], above: Sequence[FieldDefinition], name: str, path: str
    ) -> None:
        """It may have more than the supertype's; whoever reads those finds them."""
        known = {field.name: (index, field) for index, field in enumerate(fields)}
        for wider in above:
            if wider.name not in known:
                message = f"'{name}' lacks the field '{wider.name}' that it has in {self._above}"
                self._fault("OVERRIDE_CHANGES_FIELDS", message, path, f"add '{wider.name}'")
                continue
            index, field = known[wider.name]
            if wider.required and not field.required:
                message = f"'{name}.{field.name}' is optional; {self._above} promises that it is there"
                self._fault("OVERRIDE_BREAKS_PROMISE", message, f"{path}/{index}/required", "write true")
            self._described(field, wider, f"{name}.{field.name}", f"{path}/{index}")

    def _fault(self, code: str, message: str, path: str, hint: str) -> None:
        self._findings.fault(code, message, path, hint)


def _shown(limit: float | None) -> str:
    return "none" if limit is None else f"{limit:g}"
