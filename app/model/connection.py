"""What the connectors need to know of a twin: where it lives and what its values and calls look like."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from app.model.connectivity import Template
from app.model.definitions import Connectivity, ConnectivityPart
from app.model.plan import MethodPlan, PropertyPlan
from app.model.units import Conversion
from app.model.values import Value


@dataclass(frozen=True, slots=True)
class TwinConnection:
    """A twin with connectivity. Equal ones need no reconnect; the supervisor groups them by endpoint."""

    twin_id: str
    given: Connectivity | Template
    """Its own, or that of its type, in which its id takes the place of `{twin_id}`."""
    properties: Mapping[str, PropertyPlan]
    """The mapped ones."""
    methods: Mapping[str, MethodPlan]
    events: tuple[str, ...] = ()
    conversions: Mapping[str, Conversion] = field(default_factory=dict)
    """By property: from the device's unit to the definition's, where they differ."""
    argument_conversions: Mapping[str, Mapping[str, Conversion]] = field(default_factory=dict)
    """The same by method and parameter."""
    fallbacks: "tuple[TwinConnection, ...]" = ()
    """Other paths to the same device, in the order in which they are taken; none has fallbacks of its own."""

    @property
    def said(self) -> ConnectivityPart:
        """As it is written, what is said for all its paths with it."""
        return self.given if isinstance(self.given, Connectivity) else self.given.part

    @property
    def connectivity(self) -> Connectivity:
        """Made anew for a twin that takes its type's: look at it once, and keep what you need."""
        if isinstance(self.given, Connectivity):
            return self.given
        found = self.given.connectivity(self.twin_id)
        assert found is not None, "nobody is given a template that says too little to connect"
        return found

    @property
    def address(self) -> Connectivity:
        """The connectivity as far as twins share it: endpoint, authentication, client id, namespace."""
        if isinstance(self.given, Template) and self.given.address is not None:
            return self.given.address
        return self.connectivity


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What a device said. `refused` is the device's own no (a boolean method answering false); `failed` is no answer
    or an error on the way."""

    status: Literal["accepted", "refused", "failed"]
    value: Value = None
    error: str = ""
    answered: bool = field(default=True, compare=False)
    """Whether it is the device's own word, rather than what became of the way to it."""
