"""The canonical form of a definition: stable, complete, and the same however its author ordered it."""

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from pydantic import BaseModel

from app.bulk import canonical
from app.bulk.kinds import KINDS, kind_of_document
from app.bulk.tree import file_name
from app.commands.documents import definition_of
from app.model.definitions import MODELS, Kind, to_document
from tests.bulk.documents import DOCUMENTS, EVERYTHING


@given(DOCUMENTS)
def test_any_valid_document_survives_and_is_written_the_same_again(given_: tuple[Kind, dict[str, Any]]) -> None:
    kind, document = given_
    definition = definition_of(kind, document)
    for write in (canonical.page, canonical.line):
        text = write(definition)
        again = definition_of(kind, json.loads(text))
        assert write(again) == text
        assert json.dumps(to_document(again)) == json.dumps(to_document(definition))
        assert text.endswith("\n")
    assert canonical.line(definition).count("\n") == 1


@pytest.mark.parametrize(("kind", "document"), EVERYTHING)
def test_what_the_author_wrote_is_all_there_and_nothing_else(kind: Kind, document: dict[str, Any]) -> None:
    written = json.loads(canonical.page(definition_of(kind, document)))
    assert json.dumps(written, sort_keys=True) == json.dumps(document, sort_keys=True)
    assert list(written["metadata"]) == list(document["metadata"]) if "metadata" in document else True


def test_the_order_of_the_fields_is_the_models_and_the_id_comes_first() -> None:
    kind, document = next(item for item in EVERYTHING if item[1].get("type_id") == "Every-Thing:1.2")
    turned = dict(reversed(document.items()))
    text = canonical.page(definition_of(kind, turned))
    assert text == canonical.page(definition_of(kind, document))
    assert text.startswith('{\n  "type_id": "Every-Thing:1.2",\n')


def test_the_documents_of_these_tests_have_every_field_of_every_model() -> None:
    written: dict[type[BaseModel], set[str]] = {}
    for kind, document in EVERYTHING:
        _collect(MODELS[kind], document, written)
    unwritten = {model.__name__: set(model.model_fields) - names for model, names in written.items()}
    assert {name: fields for name, fields in unwritten.items() if fields} == {}
    assert len(written) > 20


def _collect(model: type[BaseModel], item: Any, written: dict[type[BaseModel], set[str]]) -> None:
    known = model.model_fields.get("type")
    if not isinstance(item, dict) or (known is not None and item.get("type") != known.default):
        return
    names = written.setdefault(model, set())
    for name, field in model.model_fields.items():
        value_of = item.get(field.alias or name)
        if value_of is None:
            continue
        names.add(name)
        for below in _models(field.annotation):
            for value in _items(value_of):
                _collect(below, value, written)


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _items(value: Any) -> list[Any]:
    """The objects of this value that are of the field's model: itself, or those of its list or map."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict) and value and all(isinstance(item, dict) for item in value.values()):
        return [value, *value.values()]
    return [value]


@pytest.mark.parametrize(("kind", "document"), EVERYTHING)
def test_a_document_is_known_by_its_content(kind: Kind, document: dict[str, Any]) -> None:
    if document != {"type_id": "bare"}:
        assert kind_of_document(document) == kind


def test_every_kind_has_its_place_and_no_two_ids_share_a_file() -> None:
    assert {item.kind for item in KINDS} == set(MODELS)
    assert len({item.folder for item in KINDS}) == len(KINDS)
    ids = [".", "..", ".a", "a", "a.json", "2Ea", "A:b"]
    assert len({file_name(id) for id in ids}) == len(ids)
    assert not any(file_name(id).startswith(".") for id in ids)
