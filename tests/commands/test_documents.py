"""The form of documents: every problem, its pointer, its code, what was found and what is allowed."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.commands.documents import KINDS, definition_of, read_document
from app.commands.json_limits import MAX_BYTES, MAX_DEPTH, MAX_PROBLEMS
from app.errors import Invalid, Problem
from app.model.definitions import Kind, to_document
from tests.commands.station import pump_type, station, station_type, twin


def _problems(kind: Kind, document: Any) -> list[Problem]:
    definition, problems = read_document(kind, document)
    assert definition is None
    return problems


def _found(kind: Kind, document: Any) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in _problems(kind, document)]


FAULTS: list[tuple[Kind, dict[str, Any], str, str]] = [
    ("twin_type", {"propertes": []}, "UNKNOWN_FIELD", "/propertes"),
    ("twin_type", {"simulation": {"enable": True}}, "UNKNOWN_FIELD", "/simulation/enable"),
    ("twin_type", {"properties": [{"data_type": "float"}]}, "MISSING_FIELD", "/properties/0/name"),
    ("twin_type", {"properties": [{"name": "s", "data_type": "enum"}]}, "MISSING_FIELD", "/properties/0/enum_values"),
    ("twin_type", {"description": 5}, "WRONG_TYPE", "/description"),
    ("twin_type", {"properties": {}}, "WRONG_TYPE", "/properties"),
    ("twin_type", {"properties": [5]}, "WRONG_TYPE", "/properties/0"),
    ("twin_type", {"metadata": []}, "WRONG_TYPE", "/metadata"),
    ("twin_type", {"kind": "machine"}, "NOT_ALLOWED", "/kind"),
    ("twin_type", {"description": "x" * 10_001}, "TOO_LONG", "/description"),
    ("twin_type", {"behaviors": [{"name": "b", "conditions": []}]}, "TOO_SHORT", "/behaviors/0/conditions"),
    ("twin_type", {"version": "one"}, "BAD_FORMAT", "/version"),
    ("twin_type", {"type_id": "a b"}, "BAD_IDENTIFIER", "/type_id"),
    ("twin_type", {"description": "bell \x07"}, "BAD_TEXT", "/description"),
    ("twin_type", {"metadata": {"a": "\ud800"}}, "BAD_TEXT", "/metadata/a"),
    ("twin_type", {"metadata": {"a/b": {"~": float("nan")}}}, "NOT_FINITE", "/metadata/a~1b/~0"),
    ("twin_type", {"metadata": {"a": [2**63]}}, "NUMBER_TOO_LARGE", "/metadata/a/0"),
    ("twin_type", {"metadata": {"a": {1, 2}}}, "WRONG_TYPE", "/metadata/a"),
    (
        "twin_type",
        {"properties": [{"name": "s", "data_type": "float", "stale_after": -1}]},
        "OUT_OF_RANGE",
        "/properties/0/stale_after",
    ),
    (
        "twin_type",
        {"properties": [{"name": "s", "data_type": "float", "min_value": 2, "max_value": 1}]},
        "BAD_LIMITS",
        "/properties/0/min_value",
    ),
    (
        "twin_type",
        {"behaviors": [{"name": "b", "conditions": ["x"], "actions": [{"type": "alarm"}]}]},
        "NOT_ALLOWED",
        "/behaviors/0/actions/0/type",
    ),
    (
        "twin_type",
        {"behaviors": [{"name": "b", "conditions": ["x"], "actions": [{"method": "stop"}]}]},
        "MISSING_FIELD",
        "/behaviors/0/actions/0/type",
    ),
    (
        "twin_type",
        {"behaviors": [{"name": "b", "conditions": ["x"], "actions": [{"type": "alert", "severity": "bad"}]}]},
        "NOT_ALLOWED",
        "/behaviors/0/actions/0/severity",
    ),
    (
        "overlay",
        {
            "behaviors": [
                {
                    "name": "b",
                    "conditions": ["x"],
                    "actions": [{"type": "method_call", "method": "m", "role": "a", "twin_id": "b"}],
                }
            ]
        },
        "TWO_TARGETS",
        "/behaviors/0/actions/0/twin_id",
    ),
    ("overlay", {"twins": [{"twin_id": "a", "role": "r"}] * 2}, "DUPLICATE_NAME", "/twins/1/twin_id"),
    (
        "twin",
        {"connectivity": {"protocol": "opc-ua", "endpoint": "x", "mapping": {"properties": {"a b": {}}}}},
        "BAD_IDENTIFIER",
        "/connectivity/mapping/properties/a b",
    ),
    (
        "twin",
        {"connectivity": {"protocol": "opcua", "endpoint": "x"}},
        "NOT_ALLOWED",
        "/connectivity/protocol",
    ),
]
WHOLE: dict[Kind, dict[str, Any]] = {
    "relationship_type": {"relationship_type": "steam_supply", "inverse": "steam_supplied_by", "impact": "both"},
    "twin_type": pump_type(),
    "twin": twin("p1"),
    "overlay_type": station_type(),
    "overlay": station(),
}


@pytest.mark.parametrize(("kind", "change", "code", "path"), FAULTS)
def test_a_fault_of_form_has_its_code_at_its_pointer(kind: Kind, change: dict[str, Any], code: str, path: str) -> None:
    problems = _problems(kind, {**WHOLE[kind], **change})
    assert (code, path) in [(problem.code, problem.path) for problem in problems]
    problem = next(problem for problem in problems if problem.code == code)
    assert problem.message
    assert problem.hint


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_right_document_comes_back_as_it_was(kind: Kind) -> None:
    assert to_document(definition_of(kind, WHOLE[kind])) == WHOLE[kind]


def test_all_faults_of_a_document_are_told_at_once_and_each_once() -> None:
    document = {
        "typ_id": "pump",
        "properties": [
            {"name": "a", "data_type": "flot"},
            {"name": "a", "data_type": "float", "min_value": float("inf")},
            {"name": "b", "data_type": "string", "max_value": 1},
        ],
        "methods": [{"name": "m"}, {"name": "m"}],
        "behaviors": [{"name": "b", "conditions": "status"}],
        "metadata": {"n": 2**64},
    }
    assert sorted(_found("twin_type", document)) == [
        ("BAD_LIMITS", "/properties/2/max_value"),
        ("DUPLICATE_NAME", "/methods/1/name"),
        ("DUPLICATE_NAME", "/properties/1/name"),
        ("MISSING_FIELD", "/type_id"),
        ("NOT_ALLOWED", "/properties/0/data_type"),
        ("NOT_FINITE", "/properties/1/min_value"),
        ("NUMBER_TOO_LARGE", "/metadata/n"),
        ("UNKNOWN_FIELD", "/typ_id"),
        ("WRONG_TYPE", "/behaviors/0/conditions"),
    ]


def test_half_of_a_surrogate_pair_is_told_once() -> None:
    assert _found("twin", {**twin("p1"), "description": "\ud800"}) == [("BAD_TEXT", "/description")]


def test_a_misspelled_field_or_choice_is_answered_with_the_one_meant() -> None:
    hints = [problem.hint for problem in _problems("twin_type", {**pump_type(), "propertes": [], "kind": "sensr"})]
    assert any("did you mean 'properties'?" in hint for hint in hints)
    assert any("did you mean 'sensor'? allowed are equipment, sensor, controller" in hint for hint in hints)


def test_the_error_names_the_definition_and_counts_its_problems() -> None:
    with pytest.raises(Invalid) as caught:
        definition_of("twin", {"twin_id": "p1", "colour": "red"})
    assert caught.value.code == "DOCUMENT_INVALID"
    assert caught.value.message.startswith("twin 'p1' has 2 problems")


@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", [], [{}]])
def test_what_is_no_object_is_no_document(value: Any) -> None:
    assert _found("overlay", value) == [("WRONG_TYPE", "")]


def test_a_document_beyond_a_cap_is_refused_by_the_name_of_the_cap() -> None:
    nested: Any = {}
    for _ in range(100_000):
        nested = {"a": nested}
    assert _found("twin", {**twin("p1"), "metadata": nested}) == [("TOO_DEEP", "/metadata" + "/a" * (MAX_DEPTH - 1))]
    assert _found("twin", {**twin("p1"), "description": "x" * MAX_BYTES}) == [("DOCUMENT_TOO_LARGE", "")]
    assert _found("twin", {**twin("p1"), "metadata": {"x": "\u20ac" * (MAX_BYTES // 2)}}) == [
        ("DOCUMENT_TOO_LARGE", "")
    ]
    assert str(MAX_BYTES) in _problems("twin", {"a": "x" * MAX_BYTES})[0].hint


def test_the_deepest_allowed_document_is_accepted() -> None:
    nested: Any = 1
    for _ in range(MAX_DEPTH - 2):
        nested = {"a": nested}
    assert definition_of("twin", {**twin("p1"), "metadata": {"x": nested}})


def test_a_flood_of_problems_is_counted_not_listed() -> None:
    problems = _problems("twin", {f"field_{index}": 1 for index in range(20_000)})
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].code == "MORE_PROBLEMS"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)
FIELDS = sorted({field for document in WHOLE.values() for field in document})


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(list(KINDS)), JSON | st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_any_json_is_a_definition_or_a_list_of_problems_that_point_into_it(kind: Kind, document: Any) -> None:
    definition, problems = read_document(kind, document)
    assert (definition is None) == bool(problems)
    for problem in problems:
        assert problem.code.isupper()
        assert problem.message
        if problem.code not in ("MISSING_FIELD", "TOO_DEEP"):
            _resolve(document, problem.path)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(list(KINDS)), st.data())
def test_any_json_in_any_place_of_a_right_document_raises_nothing_else(kind: Kind, data: st.DataObject) -> None:
    document = json.loads(json.dumps(WHOLE[kind]))
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(sorted(at) if isinstance(at, dict) else list(range(len(at)))))
        if not (isinstance(at[key], dict | list) and at[key] and data.draw(st.booleans())):
            break
        at = at[key]
    at[key] = data.draw(JSON)
    read_document(kind, document)


def _resolve(document: Any, path: str) -> None:
    at = document
    for part in path.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        at = at[int(part)] if isinstance(at, list) else at[part]
