"""The catalogue's look-ups follow every change."""

from app.model.catalogue import Catalogue
from app.model.change import DefinitionChange, StoredDefinition
from app.model.definitions import MODELS, Definition, Kind, id_of


def _stored(kind: Kind, document: dict[str, object], revision: int = 1) -> StoredDefinition:
    definition: Definition = MODELS[kind].model_validate(document)
    return StoredDefinition(kind, id_of(definition), definition, revision, 1, 0, "a", 0, "a")


def _property(name: str, unit: str | None = None) -> dict[str, object]:
    return {"name": name, "data_type": "float", **({"unit": unit} if unit else {})}


PUMP = _stored("twin_type", {"type_id": "pump", "properties": [_property("speed"), _property("power")]})
P1 = _stored("twin", {"twin_id": "p1", "twin_type": "pump"})
P2 = _stored("twin", {"twin_id": "p2", "twin_type": "pump", "properties": [_property("speed", "rpm")]})
STATION = _stored("overlay", {"overlay_id": "s", "overlay_type": "t", "twins": [{"twin_id": "p1", "role": "main"}]})


def test_a_twin_takes_its_types_parts_and_replaces_by_name() -> None:
    catalogue = Catalogue.of(1, [PUMP, P1, P2])
    assert catalogue.capabilities("p1") is catalogue.type_capabilities("pump")
    own = catalogue.capabilities("p2").properties
    assert list(own) == ["speed", "power"]
    assert own["speed"].unit == "rpm"


def test_an_unknown_twin_has_no_capabilities() -> None:
    assert not Catalogue().capabilities("nobody").properties


def test_reverse_look_ups_follow_changes() -> None:
    catalogue = Catalogue.of(1, [PUMP, P1, P2, STATION])
    assert catalogue.twins_of_type("pump") == ["p1", "p2"]
    assert catalogue.overlays_of_twin("p1") == ["s"]
    assert catalogue.overlays_of_type("t") == ["s"]
    moved = _stored("overlay", {"overlay_id": "s", "twins": [{"twin_id": "p2", "role": "main"}]}, 2)
    catalogue.apply(DefinitionChange(1, 0, "a", "", saved=(moved,), removed=(("twin", "p1"),)))
    assert catalogue.revision == 2
    assert catalogue.twins_of_type("pump") == ["p2"]
    assert catalogue.overlays_of_twin("p1") == []
    assert catalogue.overlays_of_twin("p2") == ["s"]
    assert catalogue.overlays_of_type("t") == []


def test_capabilities_follow_a_changed_type() -> None:
    catalogue = Catalogue.of(1, [PUMP, P1])
    assert "speed" in catalogue.capabilities("p1").properties
    smaller = _stored("twin_type", {"type_id": "pump", "properties": [_property("flow")]}, 2)
    catalogue.apply(DefinitionChange(1, 0, "a", "", saved=(smaller,)))
    assert list(catalogue.capabilities("p1").properties) == ["flow"]


def test_a_change_to_a_copy_does_not_reach_the_original() -> None:
    catalogue = Catalogue.of(1, [PUMP, P1])
    catalogue.copy().apply(DefinitionChange(1, 0, "a", "", removed=(("twin", "p1"),)))
    assert catalogue.twin("p1") is not None
