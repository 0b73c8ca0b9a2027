"""The units of a definition: each is one, and a device's can be converted to the definition's."""

from collections.abc import Iterable, Iterator, Sequence

from app.commands.findings import Findings
from app.commands.pointers import shown
from app.dtsl.parse import parse_condition
from app.dtsl.resolve import has_units
from app.errors import Invalid
from app.model.behaviors import expressions
from app.model.definitions import (
    Definition,
    Described,
    EventDefinition,
    MethodDefinition,
    ParameterDefinition,
    PropertyDefinition,
    RelationshipType,
    Twin,
    TwinType,
)
from app.model.units import USUAL, NotConvertible, conversion, is_unit, suggestion
from app.model.value_types import NUMBERS


def check_units(definition: TwinType | Twin, findings: Findings) -> None:
    for path, item in _measured(definition):
        if item.unit is not None:
            _check_unit(item.unit, f"{path}/unit", findings)


def check_device_unit(
    device_unit: str, definition: PropertyDefinition | ParameterDefinition, path: str, findings: Findings
) -> None:
    """`definition` is of the property or parameter that the mapping is for."""
    if not _check_unit(device_unit, path, findings):
        return
    name = definition.name
    measured: Described = definition
    while measured.items is not None:  # the unit of a list is that of all its numbers
        measured = measured.items
    if measured.data_type not in NUMBERS:
        message = f"'{name}' is {definition.data_type}: only numbers and lists of numbers have a unit"
        findings.fault("INCOMPATIBLE_UNIT", message, path, "leave the unit out")
    elif measured.unit is None:
        message = f"'{name}' has no unit that {shown(device_unit)} could be converted to"
        findings.fault("INCOMPATIBLE_UNIT", message, path, "give the definition a unit, or leave this one out")
    elif is_unit(measured.unit):  # else that is told where it is written
        try:
            conversion(device_unit, measured.unit)
        except NotConvertible as error:
            findings.fault("INCOMPATIBLE_UNIT", f"'{name}': {error}", path, f"it is in {measured.unit}")


def needs_library(definitions: Iterable[Definition]) -> bool:
    """Whether checking these takes more than the usual spellings."""
    for definition in definitions:
        if any(map(_has_units, _conditions(definition))):
            return True
        if isinstance(definition, TwinType | Twin):
            if any(item.unit is not None and item.unit not in USUAL for _, item in _measured(definition)):
                return True
            if definition.connectivity is not None:
                mapping = definition.connectivity.mapping
                if any(item.unit for item in mapping.properties.values()):
                    return True
                if any(item.units for item in mapping.methods.values()):
                    return True
    return False


def _conditions(definition: Definition) -> Iterator[str]:
    if isinstance(definition, RelationshipType):
        return
    for behavior in definition.behaviors:
        yield from (text for _, text in expressions(behavior))
    yield from (item.condition for item in definition.interlocks)
    if isinstance(definition, TwinType | Twin):
        yield from (item.computed for item in definition.properties if item.computed is not None)


def _has_units(text: str) -> bool:
    try:
        return has_units(parse_condition(text))
    except Invalid:
        return False


def _check_unit(unit: str, path: str, findings: Findings) -> bool:
    if is_unit(unit):
        return True
    findings.fault("UNKNOWN_UNIT", f"there is no unit {shown(unit)}", path, suggestion(unit))
    return False


def _measured(definition: TwinType | Twin) -> Iterator[tuple[str, Described]]:
    for index, item in enumerate(definition.properties):
        yield from _parts(f"/properties/{index}", item)
    parts: tuple[tuple[str, Sequence[MethodDefinition | EventDefinition]], ...] = (
        ("methods", definition.methods),
        ("events", definition.events),
    )
    for part, owners in parts:
        for index, owner in enumerate(owners):
            for number, parameter in enumerate(owner.parameters):
                yield from _parts(f"/{part}/{index}/parameters/{number}", parameter)


def _parts(path: str, item: Described) -> Iterator[tuple[str, Described]]:
    """With all that is inside it."""
    yield path, item
    if item.items is not None:
        yield from _parts(f"{path}/items", item.items)
    for index, field in enumerate(item.fields or ()):
        yield from _parts(f"{path}/fields/{index}", field)
