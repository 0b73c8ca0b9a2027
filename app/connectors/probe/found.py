"""What a probe finds at an address, whatever the protocol: values, methods and events, each with its mapping.

`owner` is where something stands: the browse names of the objects above it, or the levels of its topic. Twins are
recognised by it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.model.definitions import Access, DataType, Protocol


@dataclass(frozen=True, slots=True)
class FoundProperty:
    name: str
    """As the device has it."""
    owner: tuple[str, ...]
    mapping: Mapping[str, Any]
    """As a document's mapping has it: a node_id, or a topic with pointers."""
    data_type: DataType | None
    """None where no property can be of its type."""
    device_type: str
    value: str
    """For people."""
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    enum_values: tuple[str, ...] = ()
    items: DataType | None = None
    """Of an array: what its elements are."""
    access: Access | None = "read"
    """None where it may neither be read nor written."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class FoundParameter:
    name: str
    data_type: DataType | None
    device_type: str
    items: DataType | None = None
    """Of an array: what its elements are."""


@dataclass(frozen=True, slots=True)
class FoundMethod:
    name: str
    owner: tuple[str, ...]
    mapping: Mapping[str, Any]
    inputs: tuple[FoundParameter, ...] = ()
    outputs: tuple[FoundParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundEvent:
    name: str
    owner: tuple[str, ...]
    mapping: Mapping[str, Any]
    parameters: tuple[FoundParameter, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundAvailability:
    owner: tuple[str, ...]
    topic: str
    online: str
    offline: str


@dataclass(slots=True)
class Found:
    protocol: Protocol
    endpoint: str
    properties: list[FoundProperty] = field(default_factory=list)
    methods: list[FoundMethod] = field(default_factory=list)
    events: list[FoundEvent] = field(default_factory=list)
    availability: list[FoundAvailability] = field(default_factory=list)
    objects: dict[tuple[str, ...], str] = field(default_factory=dict)
    """OPC UA: node ids of the objects, by where they stand, their own name included."""
    namespaces: Sequence[str] = ()
    """OPC UA: URIs in the server's order."""
    notes: list[str] = field(default_factory=list)

    def owners(self) -> Iterable[tuple[str, ...]]:
        for items in (self.properties, self.methods, self.events, self.availability):
            yield from (item.owner for item in items)
        yield from self.objects


def key(name: str) -> str:
    """`Pump123`, `pump_123` and `PUMP-123` are one name in three manners."""
    return "".join(character for character in name.lower() if character.isalnum())
