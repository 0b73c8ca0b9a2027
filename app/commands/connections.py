"""What the connectors are configured with: every twin with connectivity, as they see it.

Equal ones are equal objects by value, so configuring with what stands already disturbs nobody.
"""

import logging

from app.commands.part_plans import method_plan, property_plan
from app.model.catalogue import Catalogue
from app.model.connection import TwinConnection
from app.model.plan import PropertyPlan
from app.model.units import Conversion, NotConvertible, conversion

log = logging.getLogger("twin_overlay.commands")


def connection(catalogue: Catalogue, twin_id: str) -> TwinConnection | None:
    """None for a twin without connectivity, or no twin."""
    twin = catalogue.twin(twin_id)
    if twin is None or twin.connectivity is None:
        return None
    capabilities = catalogue.capabilities(twin_id)
    mapped = twin.connectivity.mapping.properties
    properties = {name: property_plan(item) for name, item in capabilities.properties.items() if name in mapped}
    methods = {name: method_plan(item) for name, item in capabilities.methods.items()}
    conversions: dict[str, Conversion] = {}
    for name, plan in list(properties.items()):
        try:
            _converted(conversions, name, mapped[name].unit, plan)
        except NotConvertible as error:  # checked before it was saved, but not by every program that may write a graph
            log.error("%s.%s is not connected: %s", twin_id, name, error)
            del properties[name]
    arguments: dict[str, dict[str, Conversion]] = {}
    for name, method in list(methods.items()):
        called = twin.connectivity.mapping.methods.get(name)
        try:
            if called is not None and called.units:
                own = arguments[name] = {}
                for parameter in method.parameters:
                    _converted(own, parameter.name, called.units.get(parameter.name), parameter)
        except NotConvertible as error:
            log.error("%s.%s is not connected: %s", twin_id, name, error)
            del methods[name]
    return TwinConnection(
        twin_id, twin.connectivity, properties, methods, tuple(capabilities.events), conversions, arguments
    )


def _converted(found: dict[str, Conversion], name: str, device_unit: str | None, plan: PropertyPlan) -> None:
    """Raises NotConvertible."""
    if device_unit is not None and (needed := conversion(device_unit, plan.unit or "")) is not None:
        found[name] = needed


def connections(catalogue: Catalogue) -> list[TwinConnection]:
    return [found for twin_id in catalogue.ids("twin") if (found := connection(catalogue, twin_id))]
