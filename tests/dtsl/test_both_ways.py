"""Every definition has a notation: document -> script -> document is the identity, and nothing is made up or lost.

The law, exactly (`normal`): conditions and computed expressions come back in canonical notation, one for each part of
an `&&`; a method call and an event come back with their `parameters`, be they none; a number comes back as the type
that it is for.
"""

import json
from typing import Any

from hypothesis import given, settings

from app.bulk.kinds import kind_of_document
from app.commands.check_scripts import check_script
from app.commands.documents import definition_of, read_document
from app.demo.documents import load_documents
from app.dtsl.ast import Behavior, Script
from app.dtsl.format_conditions import conjuncts, format_condition
from app.dtsl.format_script import format_script, format_text
from app.dtsl.lower import lowered
from app.dtsl.parse import parse_condition, parse_conditions, parse_script
from app.dtsl.raise_definitions import raised
from app.model.catalogue import Catalogue
from app.model.definitions import Definition, Kind, Twin, id_of, kind_of, to_document
from tests.bulk.documents import DOCUMENTS, EVERYTHING
from tests.dtsl.corpus import specified_documents
from tests.dtsl.plant import TWINS, TYPES


def normal(definition: Definition) -> dict[str, Any]:
    document = to_document(definition)
    said = raised(definition).document
    for item in document.get("properties", ()):
        if item.get("computed") is not None:
            item["computed"] = format_condition(parse_condition(item["computed"]))
    if all(isinstance(behavior, Behavior) for behavior in said.get("behaviors", ())):
        for behavior in document.get("behaviors", ()):
            condition = parse_conditions(behavior["conditions"])
            behavior["conditions"] = [format_condition(part) for part in conjuncts(condition)]
            for given in behavior.get("let", ()):
                given["value"] = format_condition(parse_condition(given["value"]))
            for holder in (behavior, *behavior.get("escalations", ())):
                _normal_actions(holder)
    return document


def _normal_actions(holder: dict[str, Any]) -> None:
    for action in (*holder.get("actions", ()), *holder.get("otherwise", ())):
        if action["type"] in ("method_call", "emit_event"):
            action.setdefault("parameters", [])
        if action["type"] == "expect":
            action["condition"] = format_condition(parse_condition(action["condition"]))
            _normal_actions(action)


def _all_both_ways(definitions: list[Definition]) -> str:
    """As one script beside nothing; its text."""
    script = Script(tuple(raised(item) for item in definitions))
    text = format_script(script)
    assert parse_script(text) == (script, [])
    checked = check_script(text, Catalogue())
    assert [item.render(text) for item in checked.diagnostics if item.severity == "error"] == []
    again = {(kind_of(item), id_of(item)): to_document(item) for item in checked.definitions}
    assert again == {(kind_of(item), id_of(item)): normal(item) for item in definitions}
    assert format_text(text).text == text
    return text


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS)
def test_any_document_comes_back_from_its_script(case: tuple[Kind, dict[str, Any]]) -> None:
    kind, document = case
    definition, problems = read_document(kind, document)
    assert definition is not None, problems
    declaration = raised(definition)

    text = format_script(Script((declaration,)))
    script, diagnostics = parse_script(text)

    assert diagnostics == []
    assert script.declarations == (declaration,)
    assert format_script(script) == text
    meant = dict(lowered(script.declarations[0]).document)
    expected = normal(definition)
    if any(isinstance(behavior, Behavior) for behavior in declaration.document.get("behaviors", ())):
        del expected["behaviors"]  # lowered with a catalogue only: below
    again = definition_of(kind, meant)
    assert json.dumps(to_document(again), sort_keys=True) == json.dumps(expected, sort_keys=True)


def test_every_field_of_every_model_comes_back_from_a_script() -> None:
    definitions = [definition_of(kind, document) for kind, document in EVERYTHING]

    _all_both_ways(definitions)


def test_the_demos_documents_come_back_from_a_script() -> None:
    documents = load_documents("opc.tcp://127.0.0.1:4840", "mqtt://127.0.0.1:1883")

    text = _all_both_ways([definition_of(kind, document) for kind, document in documents])

    assert "with {" not in text


def test_the_specifications_documents_come_back_from_a_script() -> None:
    definitions: dict[tuple[Kind, str], Definition] = {}
    for document in specified_documents():
        kind = kind_of_document(document)
        assert kind is not None
        definition = definition_of(kind, document)
        definitions.setdefault((kind, id_of(definition)), definition)
    plant: list[Definition] = [*TYPES]
    plant += [Twin(twin_id=twin_id, twin_type=type_id) for type_id, ids in TWINS for twin_id in ids]
    beside = [item for item in plant if (kind_of(item), id_of(item)) not in definitions]

    text = _all_both_ways([*beside, *definitions.values()])

    assert len(definitions) >= 4
    assert "with {" not in text
