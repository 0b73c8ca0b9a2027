"""One suggestion of an editor, and those that are the same wherever a role, a property or a value may stand."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from app.dtsl.names_at import Names, shown_type
from app.dtsl.spelling import dtsl_member, dtsl_type, quote
from app.model.catalogue import Capabilities
from app.model.definitions import Described, EventDefinition, MethodDefinition

Kind = (
    Literal["keyword", "type", "overlay", "twin", "role", "property", "method", "value"]
    | Literal["action", "option", "function", "event"]
)


@dataclass(frozen=True, slots=True)
class Completion:
    text: str
    """What is written."""
    kind: Kind
    detail: str = ""
    description: str = ""


def roles_of(names: Names) -> Iterator[Completion]:
    for role, (type_id, optional) in sorted(names.roles().items()):
        yield Completion(dtsl_member(role), "role", dtsl_type(type_id) + ("?" if optional else ""))


def properties_of(offered: Capabilities, access: Callable[[str], bool]) -> Iterator[Completion]:
    for item in sorted(offered.properties.values(), key=lambda item: item.name):
        if access(item.access):
            yield Completion(dtsl_member(item.name), "property", shown_type(item), item.description)


def values_of(item: Described | None) -> Iterable[Completion]:
    if item is None:
        return ()
    if item.data_type == "boolean":
        return Completion("true", "value"), Completion("false", "value")
    return [Completion(quote(value, '"'), "value") for value in item.enum_values or ()]


def signature(called: MethodDefinition | EventDefinition) -> str:
    """`(speed: float in rpm, 0.0 to 3000.0)`."""
    return f"({', '.join(f'{dtsl_member(item.name)}: {shown_type(item)}' for item in called.parameters)})"
