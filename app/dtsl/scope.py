"""What a condition may name: the roles of an overlay, the twin's own properties, the names that its behavior gives.

Used for scripts and for JSON documents alike; the difference is how names are spelled (`spell`) and where a finding is
shown.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal as OneOf

from app.dtsl.diagnostics import Message
from app.dtsl.spelling import json_name
from app.dtsl.types import Type
from app.model.conditions import Condition
from app.model.definitions import EventDefinition, MethodDefinition, PropertyDefinition

Part = OneOf["whole", "owner", "name"]


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
    """Several may fill the role: a condition names all of them together, in an aggregate."""
    by_id: bool = False
    """It is named by its own id, not by a role."""
    events: Mapping[str, EventDefinition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Given:
    """What a name stands for, resolved, and the type of that."""

    stands_for: Condition
    type: Type


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
    own_events: Mapping[str, EventDefinition] = field(default_factory=dict)
    given: Mapping[str, Given] = field(default_factory=dict)
    """Names that the behavior gives: what `let` and `on` say goes before a property of the twin."""

    def shown(self, owner: str) -> str:
        """A role or a path as it is written."""
        return ".".join(map(self.spell, owner.split("/")))


@dataclass(frozen=True, slots=True)
class Finding:
    message: Message
    node: Condition
    part: Part = "whole"
