"""Who and what the words of a script name, for editors: the roles at hand and what their twins can do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.dtsl.declared import Known
from app.dtsl.outline import Declared, id_of
from app.model.catalogue import NO_CAPABILITIES, Capabilities
from app.model.definitions import Described

Token = Any
_NAMES = ("NAME", "STRING")


@dataclass(frozen=True, slots=True)
class Names:
    """Around one position: `here` is the declaration that it stands in."""

    here: Declared | None
    declared: Sequence[Declared]
    catalogue: Known

    def roles(self) -> dict[str, tuple[str, bool]]:
        """By id, with the twin type and whether it is optional."""
        if self.here is None:
            return {}
        if self.here.overlay_type is None:
            return self.here.roles
        for other in self.declared:
            if other.kind == "overlay" and other.name == self.here.overlay_type:
                return other.roles
        stored = self.catalogue.overlay_type(self.here.overlay_type)
        roles = stored.twin_roles if stored else []
        return {role.role: (role.twin_type, not role.required) for role in roles if role.twin_type is not None}

    @property
    def in_twin(self) -> bool:
        """Whether it stands in a twin or a twin type, whose behaviors name their own properties and methods."""
        return self.here is not None and self.here.kind in ("twin", "twin_type")

    def own(self) -> Capabilities:
        """Of the twin or twin type: as it was saved last, or what it takes from its type."""
        if self.here is None:
            return NO_CAPABILITIES
        if self.here.kind == "twin_type" and self.catalogue.twin_type(self.here.name) is not None:
            return self.catalogue.type_capabilities(self.here.name)
        return self.catalogue.type_capabilities(self.here.twin_type) if self.here.twin_type else NO_CAPABILITIES

    def types(self) -> list[str]:
        """Twin types, declared or saved."""
        return sorted(
            {item.name for item in self.declared if item.kind == "twin_type"} | set(self.catalogue.ids("twin_type"))
        )

    def overlay_types(self) -> list[str]:
        here = {item.name for item in self.declared if item.kind == "overlay"}
        return sorted(here | set(self.catalogue.ids("overlay_type")))

    def relationship_types(self) -> list[str]:
        here = {item.name for item in self.declared if item.kind == "relationship_type"}
        return sorted(here | set(self.catalogue.ids("relationship_type")))

    def of_role(self, role: str) -> Capabilities:
        found = self.roles().get(role)
        return self.catalogue.type_capabilities(found[0]) if found else NO_CAPABILITIES


def path_before(statement: Sequence[Token]) -> list[str]:
    """The names of the path that ends the statement: `pump . status` gives both."""
    found: list[str] = []
    for index, token in enumerate(reversed(statement)):
        if index % 2 == 1:
            if token.type != "DOT":
                break
        elif token.type in _NAMES or str(token).isidentifier():
            found.append(id_of(token))
        else:
            break
    return found[::-1]


def shown_type(item: Described) -> str:
    """`float in bar, 0.0 to 10.0`, `enum: "open", "closed"`."""
    parts: list[str] = [item.data_type]
    if item.data_type == "array" and item.items is not None:
        parts = [f"array of {shown_type(item.items)}"]
    if item.unit:
        parts.append(f" in {item.unit}")
    if item.enum_values:
        parts.append(": " + ", ".join(f'"{value}"' for value in item.enum_values))
    low, high = item.min_value, item.max_value
    if low is not None and high is not None:
        parts.append(f", {low} to {high}")
    elif low is not None or high is not None:
        parts.append(f", at least {low}" if low is not None else f", at most {high}")
    return "".join(parts)
