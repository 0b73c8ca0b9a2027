"""Merging a patch: what it does part by part, and the laws that hold for any document and any patch."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.commands.differences import same
from app.commands.merge import merge
from app.model.definitions import Kind
from tests.commands.documents import ANY_JSON, NAMES, named_lists

BINDINGS = st.lists(
    st.fixed_dictionaries({"role": st.sampled_from("abc"), "twin_id": st.sampled_from(["p", "q", "r"]) | st.none()}),
    max_size=5,
)
_LISTS = ("properties", "methods", "behaviors", "relationships")


def parts(bindings: Any) -> Any:
    return st.fixed_dictionaries(
        {},
        optional={
            "description": st.text(max_size=2) | st.none(),
            "location": ANY_JSON,
            "metadata": st.dictionaries(NAMES, ANY_JSON, max_size=3),
            "connectivity": st.dictionaries(
                st.sampled_from(["protocol", "mapping"]),
                st.dictionaries(st.sampled_from(["properties"]), st.dictionaries(NAMES, ANY_JSON, max_size=3)),
                max_size=2,
            ),
            **{name: named_lists() for name in _LISTS},
            "twins": bindings,
        },
    )


@st.composite
def patches(draw: st.DrawFn) -> dict[str, Any]:
    patch: dict[str, Any] = draw(parts(BINDINGS))
    for name in _LISTS:
        for item in patch.get(name, ()):
            if draw(st.booleans()):
                item["remove"] = True
    if draw(st.booleans()):
        patch["relationships"] = draw(related(removals=True))
    return patch


@st.composite
def related(draw: st.DrawFn, removals: bool = False) -> list[dict[str, Any]]:
    """Relationships of which several may have one name; each name and target is there once, but in a patch."""
    ends = st.tuples(st.sampled_from("ab"), st.sampled_from(["p", "q", "r", None] if removals else ["p", "q", "r"]))
    items = []
    for name, target in draw(st.lists(ends, max_size=5, unique=not removals)):
        item: dict[str, Any] = {"name": name, **draw(st.dictionaries(st.sampled_from("xy"), st.integers(0, 1)))}
        item |= {"target_twin_id": target} if target is not None else {}
        items.append(item | ({"remove": True} if removals and draw(st.booleans()) else {}))
    return items


@given(related(), related(removals=True), st.sampled_from([set(), {"a"}, {"a", "b"}]))
def test_relationships_that_share_a_name_merge_the_same_however_often(
    relationships: list[dict[str, Any]], patch: list[dict[str, Any]], many: set[str]
) -> None:
    once = merge("twin", {"relationships": relationships}, {"relationships": patch}, many).document
    assert same(merge("twin", once, {"relationships": patch}, many).document, once)


def test_one_of_several_relationships_is_changed_or_removed_by_its_target() -> None:
    two = [{"name": "out", "target_twin_id": "p"}, {"name": "out", "target_twin_id": "q"}]

    def merged(*patch: dict[str, Any], document: Any = two, many: Any = ()) -> Any:
        found = merge("twin", {"relationships": document}, {"relationships": list(patch)}, many)
        return [(item["target_twin_id"], item.get("x")) for item in found.document["relationships"]], found.warnings

    to_q = {"name": "out", "target_twin_id": "q"}
    assert merged({**to_q, "x": 1}) == ([("p", None), ("q", 1)], ())
    assert merged({**to_q, "remove": True}) == ([("p", None)], ())
    assert merged({"name": "out", "remove": True}) == ([], ())
    assert merged({"name": "out", "target_twin_id": "r"}) == ([("p", None), ("q", None), ("r", None)], ())
    assert merged(to_q, document=two[:1]) == ([("q", None)], ())
    assert merged(to_q, document=two[:1], many={"out"}) == ([("p", None), ("q", None)], ())
    left, [warning] = merged({"name": "out", "target_twin_id": "z", "remove": True})
    assert len(left) == 2
    assert (warning.code, warning.message) == ("NOTHING_TO_REMOVE", "relationships has no 'out' to 'z'")


DOCUMENTS = parts(
    st.just([{"role": "a", "twin_id": "p"}, {"role": "b", "twin_id": "q"}, {"role": "b", "twin_id": "r"}])
)
KINDS: Any = st.sampled_from(["twin", "overlay"])


@given(KINDS, DOCUMENTS)
def test_the_empty_patch_changes_nothing(kind: Kind, document: dict[str, Any]) -> None:
    merged = merge(kind, document, {}, {"b"})
    assert same(merged.document, document)
    assert merged.warnings == ()


@given(KINDS, DOCUMENTS, patches())
def test_the_same_patch_again_changes_nothing(kind: Kind, document: dict[str, Any], patch: dict[str, Any]) -> None:
    once = merge(kind, document, patch, {"b"}).document
    assert same(merge(kind, once, patch, {"b"}).document, once)


@given(KINDS, DOCUMENTS, patches())
def test_what_is_merged_is_left_as_it_was_and_so_is_the_patch(
    kind: Kind, document: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = json.dumps([document, patch])
    merge(kind, document, patch, {"b"})
    assert json.dumps([document, patch]) == before


@given(KINDS, DOCUMENTS, patches())
def test_a_part_that_the_patch_does_not_name_stays(kind: Kind, document: dict[str, Any], patch: dict[str, Any]) -> None:
    merged = merge(kind, document, patch, {"b"}).document
    for key in document.keys() - patch.keys():
        assert same(merged[key], document[key])
    assert merged.keys() <= document.keys() | patch.keys()


@given(DOCUMENTS, st.sampled_from(_LISTS), NAMES)
def test_what_is_added_by_name_and_removed_again_leaves_no_trace(
    document: dict[str, Any], part: str, name: str
) -> None:
    names = [item["name"] for item in document.get(part, ())]
    if part in document and name not in names:
        there = merge("twin", document, {part: [{"name": name, "x": 1}]}).document
        gone = merge("twin", there, {part: [{"name": name, "remove": True}]}).document
        assert same(gone, document)


def test_named_items_merge_by_name_and_field() -> None:
    document = {"properties": [{"name": "speed", "unit": "rpm", "max_value": 3}, {"name": "flow"}, {"name": "old"}]}
    patch = {
        "properties": [
            {"name": "speed", "max_value": None, "unit": "Hz"},
            {"name": "old", "remove": True},
            {"name": "new", "data_type": "float"},
        ]
    }
    assert merge("twin", document, patch).document == {
        "properties": [{"name": "speed", "unit": "Hz"}, {"name": "flow"}, {"name": "new", "data_type": "float"}]
    }


def test_mapping_and_metadata_merge_by_key_and_location_is_whole() -> None:
    document = {
        "location": {"site": "a", "room": "b"},
        "metadata": {"tags": ["x"], "owner": {"name": "ann"}},
        "connectivity": {
            "protocol": "opc-ua",
            "mapping": {
                "properties": {"speed": {"node_id": "i=1", "sampling_interval": 5}, "flow": {"node_id": "i=2"}}
            },
        },
    }
    patch = {
        "location": {"site": "c"},
        "metadata": {"owner": {"mail": "m"}, "tags": None},
        "connectivity": {"mapping": {"properties": {"speed": {"sampling_interval": 9}, "flow": None}}},
    }
    assert merge("twin", document, patch).document == {
        "location": {"site": "c"},
        "metadata": {"owner": {"mail": "m"}},
        "connectivity": {
            "protocol": "opc-ua",
            "mapping": {"properties": {"speed": {"node_id": "i=1", "sampling_interval": 9}}},
        },
    }


def test_roles_are_bound_anew_and_unbound_by_role() -> None:
    document = {"twins": [{"role": "main", "twin_id": "p"}, {"role": "spare", "twin_id": "q"}]}
    patch = {"twins": [{"role": "main", "twin_id": "r"}, {"role": "spare", "twin_id": None}]}
    assert merge("overlay", document, patch).document == {"twins": [{"role": "main", "twin_id": "r"}]}


def test_a_role_for_many_merges_by_whoever_fills_it() -> None:
    document = {"twins": [{"role": "s", "twin_id": "p"}, {"role": "s", "twin_id": "q"}]}
    patch = {"twins": [{"role": "s", "twin_id": "q", "remove": True}, {"role": "s", "twin_id": "r"}]}
    merged = merge("overlay", document, patch, {"s"}).document
    assert merged == {"twins": [{"role": "s", "twin_id": "p"}, {"role": "s", "twin_id": "r"}]}
    assert merge("overlay", document, {"twins": [{"role": "s", "twin_id": None}]}, {"s"}).document == {"twins": []}


def test_removing_what_is_not_there_is_told_with_a_suggestion() -> None:
    patch = {"properties": [{"name": "sped", "remove": True}]}
    merged = merge("twin", {"properties": [{"name": "speed"}]}, patch)
    [warning] = merged.warnings
    assert (warning.code, warning.path, warning.hint) == (
        "NOTHING_TO_REMOVE",
        "/properties/0",
        "did you mean 'speed'?",
    )
