"""What a person asks of a twin, checked against the catalogue before it goes into the engine's line."""

from collections.abc import Mapping, Sequence

from app.commands.arguments import given_arguments
from app.commands.pointers import shown
from app.commands.refusals import property_of, refuse, refuse_unknown_twin, unknown
from app.commands.values import fitted
from app.errors import Invalid, Refused
from app.model.catalogue import Catalogue
from app.model.definitions import PropertyDefinition
from app.model.values import Value


def checked_value(catalogue: Catalogue, twin_id: str, name: str, value: Value) -> tuple[PropertyDefinition, Value]:
    """The property that may be set, and the value as its type has it. Raises NotFound (TWIN_NOT_FOUND,
    PROPERTY_NOT_FOUND), Refused (PROPERTY_READ_ONLY, PROPERTY_COMPUTED), Invalid (WRONG_TYPE, VALUE_NOT_ALLOWED,
    VALUE_OUT_OF_RANGE, ...)."""
    definition = property_of(catalogue, twin_id, name)
    properties = catalogue.capabilities(twin_id).properties
    if definition.computed is not None:
        raise Refused(
            f"property '{name}' of twin '{twin_id}' is computed from {shown(definition.computed)}",
            code="PROPERTY_COMPUTED",
            hint="set what it is computed from",
        )
    if definition.access == "read":
        raise Refused(
            f"property '{name}' of twin '{twin_id}' can only be read",
            code="PROPERTY_READ_ONLY",
            hint=_writable([item.name for item in properties.values() if item.access != "read"]),
        )
    plain, problems = fitted(definition, value, "/value")
    refuse(problems, f"the value for '{name}' of twin '{twin_id}'")
    return definition, plain


def is_mapped(catalogue: Catalogue, twin_id: str, name: str) -> bool:
    """On any path to its device."""
    return name in (catalogue.mapped(twin_id) or ())


def checked_arguments(
    catalogue: Catalogue, twin_id: str, method: str, arguments: Mapping[str, Value] | Sequence[Value]
) -> dict[str, Value]:
    """By name. Raises NotFound (TWIN_NOT_FOUND, METHOD_NOT_FOUND), Refused (NO_CONNECTIVITY), Invalid
    (ARGUMENTS_INVALID with every fault)."""
    refuse_unknown_twin(catalogue, twin_id)
    methods = catalogue.capabilities(twin_id).methods
    definition = methods.get(method)
    if definition is None:
        raise unknown("method", method, f" of twin '{twin_id}'", methods)
    values, problems = given_arguments(definition, arguments)
    if problems:
        raise Invalid.of(problems, f"the call of '{method}' on twin '{twin_id}'", code="ARGUMENTS_INVALID")
    if catalogue.connectivity(twin_id) is None:
        raise Refused(
            f"twin '{twin_id}' has no connectivity, so nothing can be called on it",
            code="NO_CONNECTIVITY",
            hint="give the twin a connectivity, or a behavior to what should happen",
        )
    return values


def _writable(names: Sequence[str]) -> str:
    return f"writable are {', '.join(names)}" if names else "nothing of this twin is writable"
