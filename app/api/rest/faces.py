"""The five kinds of definition as the paths of the REST face show them."""

from dataclasses import dataclass

from app.model.definitions import Kind


@dataclass(frozen=True, slots=True)
class Face:
    """One kind of definition as the paths show it."""

    kind: Kind
    path: str
    shape: str
    """Its name in the OpenAPI."""
    name: str
    field: str
    """Of its id, in the document and in the path."""
    example: str


FACES = (
    Face("twin", "/twins", "Twin", "twin", "twin_id", "pump_123"),
    Face("overlay", "/overlays", "Overlay", "overlay", "overlay_id", "pumping_system_345_overlay"),
    Face("twin_type", "/twin-types", "TwinType", "twin type", "type_id", "centrifugal_pump"),
    Face("overlay_type", "/overlay-types", "OverlayType", "overlay type", "type_id", "pumping_system"),
    Face(
        "relationship_type",
        "/relationship-types",
        "RelationshipType",
        "relationship type",
        "relationship_type",
        "steam_supply",
    ),
)
