"""Differences are a JSON Patch: applied they give the other document, whatever the two are."""

import copy
from typing import Any

from hypothesis import given

from app.commands.differences import Difference, differences, same
from tests.commands.documents import DOCUMENTS


def applied(document: dict[str, Any], changes: list[Difference]) -> dict[str, Any]:
    """RFC 6902, as a client would do it."""
    document = copy.deepcopy(document)
    for change in changes:
        parts = [part.replace("~1", "/").replace("~0", "~") for part in change.path.split("/")[1:]]
        at: Any = document
        for part in parts[:-1]:
            at = at[int(part)] if isinstance(at, list) else at[part]
        last = int(parts[-1]) if isinstance(at, list) else parts[-1]
        if change.op != "add":
            assert same(at[last], change.before)
        match change.op, isinstance(at, list):
            case "add", True:
                at.insert(last, change.after)
            case "remove", _:
                del at[last]
            case _:
                assert change.op == "add" or last in at or isinstance(at, list)
                at[last] = change.after
    return document


@given(DOCUMENTS, DOCUMENTS)
def test_applied_to_the_first_document_they_give_the_second(one: dict[str, Any], other: dict[str, Any]) -> None:
    changes = differences(one, other)
    assert same(applied(one, changes), other)
    assert bool(changes) != same(one, other)


def test_an_item_put_in_front_of_a_named_list_is_one_addition() -> None:
    before = {"properties": [{"name": "speed", "unit": "rpm"}, {"name": "status"}]}
    after = {"properties": [{"name": "flow"}, {"name": "speed", "unit": "Hz"}]}
    assert differences(before, after) == [
        Difference("remove", "/properties/1", "/properties/status", {"name": "status"}),
        Difference("add", "/properties/0", "/properties/flow", None, {"name": "flow"}),
        Difference("replace", "/properties/1/unit", "/properties/speed/unit", "rpm", "Hz"),
    ]


def test_a_list_in_another_order_is_replaced_as_a_whole() -> None:
    before, after = {"l": [{"role": "a"}, {"role": "b"}]}, {"l": [{"role": "b"}, {"role": "a"}]}
    assert differences(before, after) == [Difference("replace", "/l", "/l", before["l"], after["l"])]


def test_numbers_that_python_holds_equal_differ_as_documents_do() -> None:
    assert [item.where for item in differences({"a": 1, "b": True}, {"a": 1.0, "b": 1})] == ["/a", "/b"]


def test_relationships_of_one_name_are_told_apart_by_where_they_lead() -> None:
    def to(*targets: str, **more: Any) -> dict[str, Any]:
        return {"relationships": [{"name": "out", "target_twin_id": target, **more} for target in targets]}

    assert [(item.op, item.where) for item in differences(to("p", "q"), to("q", "r", direction="incoming"))] == [
        ("remove", "/relationships/out=p"),
        ("add", "/relationships/out=r"),
        ("add", "/relationships/out=q/direction"),
    ]
    assert [item.where for item in differences(to("p"), to("q"))] == ["/relationships/out/target_twin_id"]


def test_actions_have_no_name_and_are_replaced_as_a_whole() -> None:
    def by(*ends: tuple[str, str]) -> dict[str, Any]:
        return {"actions": [{"type": "method_call", end: id, "method": "stop"} for end, id in ends]}

    [found] = differences(by(("twin_id", "p"), ("role", "r")), by(("twin_id", "q"), ("role", "r")))
    assert (found.op, found.where) == ("replace", "/actions")


def test_a_definition_that_comes_or_goes_differs_as_a_whole() -> None:
    assert differences(None, {"a": 1}) == [Difference("add", "", "", None, {"a": 1})]
    assert differences({"a": 1}, None) == [Difference("remove", "", "", {"a": 1}, None)]
    assert differences(None, None) == []
