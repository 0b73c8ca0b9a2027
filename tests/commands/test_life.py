"""The life of a definition: updated, reverted, tried out, deleted with its bonds; any history replays."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import Conflict, Invalid, NotFound, Unavailable
from app.model.definitions import Kind
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, station_type, valve_type


@pytest.fixture
async def house() -> House:
    """p1 is main and p2 spare of `s`, v1 its outlet; p2 feeds p1."""
    house = House()
    await house.save(
        ("twin_type", pump_type()),
        ("twin_type", valve_type()),
        ("twin", {"twin_id": "p1", "twin_type": "pump"}),
        (
            "twin",
            {
                "twin_id": "p2",
                "twin_type": "pump",
                "relationships": [{"name": "feeds", "target_twin_id": "p1", "relationship_type": "control"}],
            },
        ),
        ("twin", {"twin_id": "v1", "twin_type": "valve"}),
        ("overlay_type", station_type()),
        (
            "overlay",
            {
                "overlay_id": "s",
                "overlay_type": "station",
                "twins": [
                    {"role": "main", "twin_id": "p1"},
                    {"role": "spare", "twin_id": "p2"},
                    {"role": "outlet", "twin_id": "v1"},
                ],
                "relationships": [
                    {"name": "r", "source_twin_id": "p2", "target_twin_id": "v1", "relationship_type": "control"}
                ],
            },
        ),
    )
    return house


# ------------------------------------------------------------ update


async def test_an_update_merges_and_is_a_revision_of_its_own(house: House) -> None:
    saved = await house.definitions.update("twin", "p1", {"description": "main pump"}, ANN, reason="named")
    assert saved.updated == (("twin", "p1"),)
    assert house.document("twin", "p1") == {"twin_id": "p1", "twin_type": "pump", "description": "main pump"}
    assert house.store.history[-1].reason == "named"
    again = await house.definitions.update("twin", "p1", {"description": "main pump"}, ANN, expected_revision=1)
    assert again.unchanged == (("twin", "p1"),)
    assert house.agrees()


async def test_an_update_unbinds_a_role_and_refuses_to_empty_a_required_one(house: House) -> None:
    await house.definitions.update("overlay", "s", {"twins": [{"role": "spare", "twin_id": None}]}, ANN)
    assert [item["role"] for item in house.document("overlay", "s")["twins"]] == ["main", "outlet"]
    with pytest.raises(Invalid) as caught:
        await house.definitions.update("overlay", "s", {"twins": [{"role": "main", "twin_id": None}]}, ANN)
    assert caught.value.code == "DEFINITION_INVALID"


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"twin_id": "other"}, "ID_MISMATCH"),
        ({"twin_id": None}, "ID_MISMATCH"),
        ({"colour": "red"}, "UNKNOWN_FIELD"),
        ({"twin_type": None}, "MISSING_FIELD"),
        ({"properties": [{"name": "x"}]}, "MISSING_FIELD"),
        ({"properties": "none"}, "WRONG_TYPE"),
        ({"metadata": {"x": float("nan")}}, "NOT_FINITE"),
    ],
)
async def test_a_patch_that_makes_a_wrong_document_is_refused(house: House, patch: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        await house.definitions.update("twin", "p1", patch, ANN)
    assert code in {problem.code for problem in caught.value.problems}
    assert house.document("twin", "p1") == {"twin_id": "p1", "twin_type": "pump"}


async def test_what_does_not_exist_can_not_be_updated(house: House) -> None:
    with pytest.raises(NotFound) as caught:
        await house.definitions.update("twin", "p11", {}, ANN)
    assert (caught.value.code, caught.value.hint) == ("TWIN_NOT_FOUND", "did you mean 'p1'?")


# ------------------------------------------------------------ revert


async def test_a_revert_brings_back_the_document_and_says_so_in_its_reason(house: House) -> None:
    before = house.document("twin", "p1")
    await house.definitions.update("twin", "p1", {"description": "x"}, ANN)
    await house.definitions.revert("twin", "p1", 1, ANN, reason="a slip")
    assert house.document("twin", "p1") == before
    record = house.store.history[-1]
    assert (record.number, record.reason) == (3, "revert to revision 1: a slip")


async def test_a_deleted_definition_comes_back_with_a_new_life(house: House) -> None:
    await house.definitions.delete("overlay", "s", ANN)
    await house.definitions.revert("overlay", "s", 1, ANN)
    stored = house.catalogue.get("overlay", "s")
    assert stored is not None
    assert (stored.revision, stored.life) == (3, 3)
    with pytest.raises(Conflict) as caught:
        await house.definitions.revert("overlay", "s", 2, ANN)
    assert caught.value.code == "REVISION_IS_DELETION"
    with pytest.raises(NotFound) as missing:
        await house.definitions.revert("overlay", "s", 9, ANN)
    assert missing.value.code == "REVISION_NOT_FOUND"


async def test_a_revert_is_checked_like_any_save(house: House) -> None:
    await house.definitions.update("overlay", "s", {"twins": [{"role": "spare", "twin_id": None}]}, ANN)
    await house.definitions.update("overlay", "s", {"relationships": []}, ANN)
    await house.definitions.delete("twin", "p2", ANN)
    with pytest.raises(Invalid) as caught:
        await house.definitions.revert("overlay", "s", 1, ANN)
    assert "UNKNOWN_TWIN" in {problem.code for problem in caught.value.problems}


# ------------------------------------------------------------ conflicts


async def test_a_conflict_names_both_revisions_and_every_field_that_differs(house: House) -> None:
    await house.definitions.update("twin", "p1", {"description": "x", "model": "m"}, ANN)
    with pytest.raises(Conflict) as caught:
        await house.definitions.update("twin", "p1", {"description": "y"}, ANN, expected_revision=1)
    error = caught.value
    assert error.message == "twin 'p1' is at revision 2, not 1: /description, /model changed since, by ann"
    assert [(problem.code, problem.path, problem.message) for problem in error.problems] == [
        ("FIELD_MOVED", "/description", '/description is "x" at revision 2 and was absent at 1'),
        ("FIELD_MOVED", "/model", '/model is "m" at revision 2 and was absent at 1'),
    ]


async def test_a_conflict_about_what_is_gone_or_never_was_says_that(house: House) -> None:
    with pytest.raises(Conflict) as caught:
        await house.definitions.update("twin", "p1", {"model": "m"}, ANN, expected_revision=8)
    assert "is at revision 1, not 8" in caught.value.message
    await house.definitions.delete("overlay", "s", ANN)
    with pytest.raises(Conflict) as gone:
        await house.definitions.save([("overlay", {"overlay_id": "s"})], ANN, expected_revision=1)
    assert "deleted by ann at revision 2" in gone.value.message


async def test_a_conflict_is_told_without_its_details_where_the_graph_is_down(house: House) -> None:
    async def down(*_: Any, **__: Any) -> Any:
        raise Unavailable("down")

    house.store.revisions = down  # type: ignore[method-assign]
    with pytest.raises(Conflict) as caught:
        await house.definitions.update("twin", "p1", {"model": "m"}, ANN, expected_revision=8)
    assert caught.value.code == "REVISION_MOVED"


# ------------------------------------------------------------ dry runs


def state(house: House) -> Any:
    return (
        json.dumps([[str(key), item.revision] for key, item in house.catalogue.stored.items()]),
        house.store.revision,
        len(house.store.history),
        len(house.inbox.inputs),
        len(house.devices.configured),
    )


async def test_a_dry_run_tells_everything_and_changes_nothing(house: House) -> None:
    before = state(house)
    commands = house.definitions
    saved = await commands.save(
        [
            ("twin", {"twin_id": "p9", "twin_type": "pump"}),
            ("twin", {"twin_id": "p1", "twin_type": "pump", "model": "m"}),
        ],
        ANN,
        dry_run=True,
    )
    assert (saved.created, saved.updated) == ((("twin", "p9"),), (("twin", "p1"),))
    [change] = saved.differences[("twin", "p1")]
    assert (change.op, change.path, change.after) == ("add", "/model", "m")
    assert (await commands.update("twin", "p1", {"model": "m"}, ANN, dry_run=True)).updated == (("twin", "p1"),)
    assert (await commands.revert("twin", "p1", 1, ANN, dry_run=True)).unchanged == (("twin", "p1"),)
    assert (await commands.delete("overlay", "s", ANN, dry_run=True)).removed == (("overlay", "s"),)
    assert state(house) == before


async def test_a_dry_run_says_what_would_break(house: House) -> None:
    before = state(house)
    narrower = pump_type(properties=[], behaviors=[])
    saved = await house.definitions.save([("twin_type", narrower)], ANN, dry_run=True)
    assert any("would break" in problem.message for problem in saved.breaks)
    deleted = await house.definitions.delete("twin_type", "pump", ANN, dry_run=True)
    assert {problem.code for problem in deleted.breaks} == {"IN_USE"}
    assert state(house) == before
    with pytest.raises(Conflict):
        await house.definitions.save([("twin_type", narrower)], ANN)


# ------------------------------------------------------------ unbinding


async def test_a_twin_is_deleted_with_its_optional_roles_and_relationships(house: House) -> None:
    tried = await house.definitions.delete("twin", "p2", ANN, unbind=True, dry_run=True)
    assert (tried.removed, tried.updated, tried.breaks) == ((("twin", "p2"),), (("overlay", "s"),), ())
    with pytest.raises(Conflict):
        await house.definitions.delete("twin", "p2", ANN)
    await house.definitions.delete("twin", "p2", ANN, unbind=True)
    overlay = house.document("overlay", "s")
    assert [item["role"] for item in overlay["twins"]] == ["main", "outlet"]
    assert overlay["relationships"] == []
    assert house.catalogue.twin("p2") is None
    assert house.agrees()
    assert len({item.catalogue_revision for item in house.store.history[-2:]}) == 1


async def test_a_required_role_is_never_left_empty(house: House) -> None:
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin", "p1", ANN, unbind=True)
    assert (caught.value.code, [item.code for item in caught.value.problems]) == ("IN_USE", ["REQUIRED_ROLE"])
    assert house.catalogue.twin("p1") is not None
    await house.definitions.delete("overlay", "s", ANN)
    await house.definitions.delete("twin", "p1", ANN, unbind=True)
    assert house.document("twin", "p2")["relationships"] == []


async def test_a_behavior_that_names_the_twin_stands_in_the_way(house: House) -> None:
    behavior = {"name": "b", "conditions": ["'p2'.status == 'fault'"]}
    await house.definitions.update("overlay", "s", {"behaviors": [behavior]}, ANN)
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin", "p2", ANN, unbind=True)
    assert "overlay 's' would break" in caught.value.problems[0].message


# ------------------------------------------------------------ any history

_STEP = st.one_of(
    st.tuples(st.just("save"), st.sampled_from(["p1", "p3"]), st.sampled_from(["a", "b"])),
    st.tuples(st.just("update"), st.sampled_from(["p1", "p3"]), st.sampled_from(["a", "b", None])),
    st.tuples(st.just("delete"), st.sampled_from(["p1", "p3"]), st.booleans()),
    st.tuples(st.just("revert"), st.sampled_from(["p1", "p3"]), st.integers(1, 6)),
    st.tuples(st.just("bind"), st.sampled_from(["p1", "p3"]), st.just(None)),
)


async def _do(house: House, step: tuple[str, str, Any]) -> None:
    what, id, detail = step
    commands = house.definitions
    match what:
        case "save":
            await commands.save([("twin", {"twin_id": id, "twin_type": "pump", "model": detail})], ANN)
        case "update":
            await commands.update("twin", id, {"description": detail}, ANN)
        case "delete":
            await commands.delete("twin", id, ANN, unbind=detail)
        case "revert":
            await commands.revert("twin", id, detail, ANN)
        case "bind":
            await commands.save([("overlay", {"overlay_id": "free", "twins": [{"role": "x", "twin_id": id}]})], ANN)


@settings(max_examples=60)
@given(steps=st.lists(_STEP, min_size=5, max_size=25))
async def test_any_history_of_edits_equals_its_replay(steps: list[tuple[str, str, Any]]) -> None:
    house = House()
    await house.save(("twin_type", pump_type()))
    accepted: dict[tuple[str, int], str] = {}
    for step in steps:
        try:
            await _do(house, step)
        except (Conflict, Invalid, NotFound):
            continue
        if step[0] == "revert":
            stored = house.catalogue.get("twin", step[1])
            assert stored is not None
            assert json.dumps(house.document("twin", step[1])) == accepted[step[1], step[2]]
        accepted.update({(item.id, item.number): item.document for item in house.store.history})
    replayed: dict[tuple[Kind, str], str] = {}
    for record in sorted(house.store.history, key=lambda item: item.catalogue_revision):
        replayed[(record.kind, record.id)] = record.document
    now = {key: json.dumps(house.document(*key)) for key in house.catalogue.stored}
    assert {key: document for key, document in replayed.items() if document} == now
    assert house.agrees()
    for id in ("p1", "p3"):
        numbers = [item.number for item in house.store.history if (item.kind, item.id) == ("twin", id)]
        assert numbers == list(range(1, len(numbers) + 1))
