"""What the connectors are configured with: every twin with connectivity, as they see it.

Equal ones are equal objects by value, so configuring with what stands already disturbs nobody. Twins that take all of
their connectivity from their type share everything but their id.
"""

import logging
from dataclasses import dataclass, replace

from app.commands.part_plans import method_plan, property_plan
from app.model.catalogue import Capabilities, Catalogue
from app.model.connection import TwinConnection
from app.model.connectivity import Template, paths_of, takes_template
from app.model.definitions import Connectivity
from app.model.definitions import Mapping as DeviceMapping
from app.model.plan import MethodPlan, PropertyPlan
from app.model.units import Conversion, NotConvertible, conversion

log = logging.getLogger("twin_overlay.commands")


@dataclass(frozen=True, slots=True)
class _Side:
    """What does not depend on which twin it is."""

    properties: dict[str, PropertyPlan]
    methods: dict[str, MethodPlan]
    events: tuple[str, ...]
    conversions: dict[str, Conversion]
    argument_conversions: dict[str, dict[str, Conversion]]


class Connections:
    """Makes them, all in one go over one catalogue as it stands."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._plans: dict[int, tuple[Capabilities, dict[str, PropertyPlan], dict[str, MethodPlan]]] = {}
        """By the identity of the capabilities, which it keeps, so that an id can't come to mean other ones."""
        self._sides: dict[tuple[int, int], tuple[Capabilities, Template, _Side]] = {}
        """The same, by the identity of the template too."""

    def of(self, twin_id: str) -> TwinConnection | None:
        """None for a twin without connectivity, or no twin."""
        twin = self._catalogue.twin(twin_id)
        if twin is None:
            return None
        capabilities = self._catalogue.capabilities(twin_id)
        template = self._catalogue.template(twin.twin_type)
        if template is not None and takes_template(twin):
            if template.mapped is None:
                return None
            return _connection(
                twin_id,
                template,
                self._shared_side(twin_id, template, capabilities),
                tuple(
                    _connection(twin_id, item, self._shared_side(twin_id, item, capabilities))
                    for item in template.fallbacks
                ),
            )
        connectivity = self._catalogue.connectivity(twin_id)
        if connectivity is None:
            return None
        preferred, *fallbacks = (
            _connection(twin_id, path, self._side(twin_id, path.mapping, capabilities))
            for path in paths_of(connectivity)
        )
        return replace(preferred, fallbacks=tuple(fallbacks)) if fallbacks else preferred

    def _shared_side(self, twin_id: str, template: Template, capabilities: Capabilities) -> _Side:
        key = (id(capabilities), id(template))
        found = self._sides.get(key)
        if found is None:
            side = self._side(twin_id, template.part.mapping, capabilities)
            found = self._sides[key] = (capabilities, template, side)
        return found[2]

    def _side(self, twin_id: str, mapping: DeviceMapping, capabilities: Capabilities) -> _Side:
        mapped = mapping.properties
        known, called_by = self._planned(capabilities)
        properties = {name: plan for name, plan in known.items() if name in mapped}
        methods = dict(called_by)
        conversions: dict[str, Conversion] = {}
        for name, plan in list(properties.items()):
            try:
                _converted(conversions, name, mapped[name].unit, plan)
            except NotConvertible as error:  # checked when it was saved, but not by every program that writes graphs
                log.error("%s.%s is not connected: %s", twin_id, name, error)
                del properties[name]
        arguments: dict[str, dict[str, Conversion]] = {}
        for name, method in list(methods.items()):
            called = mapping.methods.get(name)
            try:
                if called is not None and called.units:
                    own = arguments[name] = {}
                    for parameter in method.parameters:
                        _converted(own, parameter.name, called.units.get(parameter.name), parameter)
            except NotConvertible as error:
                log.error("%s.%s is not connected: %s", twin_id, name, error)
                del methods[name]
        return _Side(properties, methods, tuple(capabilities.events), conversions, arguments)

    def _planned(self, capabilities: Capabilities) -> tuple[dict[str, PropertyPlan], dict[str, MethodPlan]]:
        found = self._plans.get(id(capabilities))
        if found is None:
            properties = {name: property_plan(item) for name, item in capabilities.properties.items()}
            methods = {name: method_plan(item) for name, item in capabilities.methods.items()}
            found = self._plans[id(capabilities)] = (capabilities, properties, methods)
        return found[1], found[2]


def connections(catalogue: Catalogue) -> list[TwinConnection]:
    making = Connections(catalogue)
    return [found for twin_id in catalogue.ids("twin") if (found := making.of(twin_id))]


def _connection(
    twin_id: str, given: Template | Connectivity, side: _Side, fallbacks: tuple[TwinConnection, ...] = ()
) -> TwinConnection:
    return TwinConnection(
        twin_id,
        given,
        side.properties,
        side.methods,
        side.events,
        side.conversions,
        side.argument_conversions,
        fallbacks,
    )


def _converted(found: dict[str, Conversion], name: str, device_unit: str | None, plan: PropertyPlan) -> None:
    """Raises NotConvertible."""
    measured = plan
    while measured.items is not None:
        measured = measured.items
    if device_unit is not None and (needed := conversion(device_unit, measured.unit or "")) is not None:
        found[name] = needed
