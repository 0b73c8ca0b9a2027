"""What the connectors are configured with: every twin with connectivity, as they see it.

Equal ones are equal objects by value, so configuring with what stands already disturbs nobody.
"""

import logging

from app.commands.part_plans import method_plan, property_plan
from app.model.catalogue import Capabilities, Catalogue
from app.model.connection import TwinConnection
from app.model.plan import MethodPlan, PropertyPlan
from app.model.units import Conversion, NotConvertible, conversion

Shared = dict[int, tuple[Capabilities, dict[str, PropertyPlan], dict[str, MethodPlan]]]
"""By the identity of the capabilities, which it keeps, so that an id can't come to mean other ones."""
log = logging.getLogger("twin_overlay.commands")


def connection(catalogue: Catalogue, twin_id: str, shared: Shared | None = None) -> TwinConnection | None:
    """None for a twin without connectivity, or no twin. `shared`, empty at first and given again for each twin of one
    go, lets all twins of a type have the same plans."""
    connectivity = catalogue.connectivity(twin_id)
    if connectivity is None:
        return None
    capabilities = catalogue.capabilities(twin_id)
    mapped = connectivity.mapping.properties
    known, called_by = _plans(capabilities, shared if shared is not None else {})
    properties = {name: plan for name, plan in known.items() if name in mapped}
    methods = dict(called_by)
    conversions: dict[str, Conversion] = {}
    for name, plan in list(properties.items()):
        try:
            _converted(conversions, name, mapped[name].unit, plan)
        except NotConvertible as error:  # checked before it was saved, but not by every program that may write a graph
            log.error("%s.%s is not connected: %s", twin_id, name, error)
            del properties[name]
    arguments: dict[str, dict[str, Conversion]] = {}
    for name, method in list(methods.items()):
        called = connectivity.mapping.methods.get(name)
        try:
            if called is not None and called.units:
                own = arguments[name] = {}
                for parameter in method.parameters:
                    _converted(own, parameter.name, called.units.get(parameter.name), parameter)
        except NotConvertible as error:
            log.error("%s.%s is not connected: %s", twin_id, name, error)
            del methods[name]
    return TwinConnection(
        twin_id, connectivity, properties, methods, tuple(capabilities.events), conversions, arguments
    )


def _plans(capabilities: Capabilities, shared: Shared) -> tuple[dict[str, PropertyPlan], dict[str, MethodPlan]]:
    found = shared.get(id(capabilities))
    if found is None:
        properties = {name: property_plan(item) for name, item in capabilities.properties.items()}
        methods = {name: method_plan(item) for name, item in capabilities.methods.items()}
        found = shared[id(capabilities)] = (capabilities, properties, methods)
    return found[1], found[2]


def _converted(found: dict[str, Conversion], name: str, device_unit: str | None, plan: PropertyPlan) -> None:
    """Raises NotConvertible."""
    if device_unit is not None and (needed := conversion(device_unit, plan.unit or "")) is not None:
        found[name] = needed


def connections(catalogue: Catalogue) -> list[TwinConnection]:
    shared: Shared = {}
    return [found for twin_id in catalogue.ids("twin") if (found := connection(catalogue, twin_id, shared))]
