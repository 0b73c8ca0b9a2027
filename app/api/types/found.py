"""From the kind and the id of a definition to what it is now."""

from app.api.types.definition import Definition
from app.api.types.overlay import Overlay
from app.api.types.overlay_type import OverlayType
from app.api.types.relationship_type import RelationshipType
from app.api.types.twin import Twin
from app.api.types.twin_type import TwinType
from app.model.catalogue import Catalogue
from app.model.definitions import Kind


def find_definition(catalogue: Catalogue, kind: Kind, id: str) -> Definition | None:
    """None where nothing carries the id."""
    match kind:
        case "relationship_type":
            return RelationshipType.find(catalogue, id)
        case "twin_type":
            return TwinType.find(catalogue, id)
        case "twin":
            return Twin.find(catalogue, id)
        case "overlay_type":
            return OverlayType.find(catalogue, id)
        case "overlay":
            return Overlay.find(catalogue, id)
