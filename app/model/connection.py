"""What the connectors need to know of a twin: where it lives and what its values and calls look like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.model.definitions import Connectivity
from app.model.plan import MethodPlan, PropertyPlan
from app.model.units import Conversion
from app.model.values import Value


@dataclass(frozen=True, slots=True)
class TwinConnection:
    """A twin with connectivity. Equal ones need no reconnect; the supervisor groups them by endpoint."""

    twin_id: str
    connectivity: Connectivity
    properties: Mapping[str, PropertyPlan]
    """The mapped ones."""
    methods: Mapping[str, MethodPlan]
    events: tuple[str, ...] = ()
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    """By property: from the device's unit to the definition's, where they differ."""
    argument_conversions: Mapping[str, Mapping[str, Conversion]] = field(default_factory=dict)
    """The same by method and parameter."""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a device said. `refused` is the device's own no (a boolean method answering false); `failed` is no answer
    or an error on the way."""

    status: Literal["accepted", "refused", "failed"]
    value: Value = None
    error: str = ""
