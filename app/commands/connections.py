"""What the connectors are configured with: every twin with connectivity, as they see it.

Equal ones are equal objects by value, so configuring with what stands already disturbs nobody.
"""

from app.commands.part_plans import method_plan, property_plan
from app.model.catalogue import Catalogue
from app.model.connection import TwinConnection


def connection(catalogue: Catalogue, twin_id: str) -> TwinConnection | None:
    """None for a twin without connectivity, or no twin."""
    twin = catalogue.twin(twin_id)
    if twin is None or twin.connectivity is None:
        return None
    capabilities = catalogue.capabilities(twin_id)
    mapped = twin.connectivity.mapping.properties
    return TwinConnection(
        twin_id,
        twin.connectivity,
        {name: property_plan(item) for name, item in capabilities.properties.items() if name in mapped},
        {name: method_plan(item) for name, item in capabilities.methods.items()},
        tuple(capabilities.events),
    )


def connections(catalogue: Catalogue) -> list[TwinConnection]:
    return [found for twin_id in catalogue.ids("twin") if (found := connection(catalogue, twin_id))]
