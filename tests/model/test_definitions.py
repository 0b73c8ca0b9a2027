"""Documents of the specification's form validate, and come back as they were written."""

from typing import Any

import pytest
from pydantic import ValidationError

from app.model.definitions import MODELS, PropertyDefinition, Twin, TwinType, id_of, kind_of, to_document

PUMP: dict[str, Any] = {
    "type_id": "pump",
    "properties": [
        {"name": "speed", "data_type": "float", "unit": "rpm", "min_value": 0, "max_value": 3000.0},
        {"name": "status", "data_type": "enum", "enum_values": ["off", "running"]},
    ],
    "behaviors": [
        {
            "name": "fast",
            "conditions": ["speed > 2900.0"],
            "actions": [{"type": "alert", "severity": "warning", "message": "fast"}],
        }
    ],
    "metadata": {"anything": {"goes": [1, None, "x"]}},
}


def test_a_document_comes_back_with_exactly_what_its_author_wrote() -> None:
    assert to_document(TwinType.model_validate(PUMP)) == PUMP


def test_location_and_metadata_keep_unknown_keys() -> None:
    document = {"twin_id": "p", "twin_type": "pump", "location": {"site": "A", "deck": 3}, "metadata": {"x": None}}
    assert to_document(Twin.model_validate(document)) == document


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"typ_id": "x"}, ("typ_id",)),
        ({"type_id": "a b"}, ("type_id",)),
        ({"version": "one"}, ("version",)),
        ({"properties": [{"name": "s", "data_type": "enum"}]}, ("properties", 0)),
        ({"properties": [{"name": "s", "data_type": "float", "enum_values": ["a"]}]}, ("properties", 0)),
        ({"properties": [{"name": "s", "data_type": "float", "min_value": 2, "max_value": 1}]}, ("properties", 0)),
        ({"properties": [{"name": "s", "data_type": "string", "max_value": 1}]}, ("properties", 0)),
        (
            {"properties": [{"name": "s", "data_type": "float", "min_value": float("nan")}]},
            ("properties", 0, "min_value"),
        ),
        ({"properties": [PUMP["properties"][0]] * 2}, ()),
        ({"behaviors": [{"name": "b", "conditions": []}]}, ("behaviors", 0, "conditions")),
        ({"description": "bell \x07"}, ("description",)),
        ({"description": 5}, ("description",)),
    ],
)
def test_a_wrong_document_is_refused_where_it_is_wrong(change: dict[str, Any], where: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as caught:
        TwinType.model_validate({**PUMP, **change})
    assert [error["loc"] for error in caught.value.errors()] == [where]


def test_every_kind_names_its_own_model() -> None:
    assert set(MODELS) == {"relationship_type", "twin_type", "twin", "overlay_type", "overlay"}
    pump = TwinType.model_validate(PUMP)
    assert (kind_of(pump), id_of(pump)) == ("twin_type", "pump")


def test_a_whole_number_is_accepted_where_a_float_is_meant_but_no_text() -> None:
    assert PropertyDefinition.model_validate({"name": "x", "data_type": "float", "max_value": 3}).max_value == 3
    with pytest.raises(ValidationError):
        PropertyDefinition.model_validate({"name": "x", "data_type": "float", "max_value": "3"})
