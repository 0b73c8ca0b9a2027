"""Saving and deleting: whole or not at all, each revision once, and everybody who must know is told."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Conflict, Invalid, NotFound, TwinOverlayError, Unavailable
from app.model.change import StoredDefinition
from app.model.definitions import Kind, Twin
from app.model.events import Load
from app.model.plan import OwnerKey
from tests.commands.ports import ANN, House
from tests.commands.station import opc_ua, pump_type, station, station_type, twin, whole
from tests.commands.test_documents import JSON


async def _standing() -> House:
    house = House()
    await house.save(*whole())
    return house


async def test_documents_that_need_each_other_are_one_transaction_one_load_one_configuration() -> None:
    house = House()
    saved = await house.save(*whole())
    assert set(saved.created) == {
        ("twin_type", "pump"),
        ("twin_type", "valve"),
        ("twin", "p1"),
        ("twin", "p2"),
        ("twin", "v1"),
        ("overlay_type", "station"),
        ("overlay", "north"),
    }
    assert len(house.store.changes) == len(house.inbox.inputs) == len(house.devices.configured) == 1
    assert house.agrees()
    load = house.inbox.inputs[0]
    assert isinstance(load, Load)
    assert load.author == "ann"
    assert {item.twin_id for item in load.plan.twins} == {"p1", "p2", "v1"}
    assert [item.overlay_id for item in load.plan.overlays] == ["north"]
    assert [item.twin_id for item in house.devices.configured[0]] == ["p1"]
    stored = house.catalogue.get("twin", "p1")
    assert stored is not None
    assert (stored.revision, stored.life, stored.created_by, stored.updated_by) == (1, 1, "ann", "ann")


async def test_the_same_again_is_unchanged_and_writes_nothing() -> None:
    house = await _standing()
    saved = await house.save(*whole())
    assert len(saved.unchanged) == len(whole())
    assert not saved.created
    assert not saved.updated
    assert len(house.store.changes) == len(house.inbox.inputs) == 1


async def test_a_value_of_another_json_type_is_a_change() -> None:
    house = await _standing()
    for number, value in enumerate([1, 1.0, True]):
        saved = await house.save(("twin", twin("p2", metadata={"x": value})))
        assert saved.updated == (("twin", "p2"),)
        assert house.catalogue.stored[("twin", "p2")].revision == number + 2


async def test_only_what_changed_gets_a_revision() -> None:
    house = await _standing()
    saved = await house.save(("twin", twin("p1", description="new")), ("twin", twin("p2")))
    assert (saved.updated, saved.unchanged) == ((("twin", "p1"),), (("twin", "p2"),))
    assert house.catalogue.stored[("twin", "p1")].revision == 2
    assert [item.id for item in house.store.changes[-1].saved] == ["p1"]
    assert house.store.changes[-1].saved[0].life == 1


async def test_an_expected_revision_that_moved_is_a_conflict_that_names_both() -> None:
    house = await _standing()
    save = house.definitions.save
    with pytest.raises(Conflict) as caught:
        await save([("twin", twin("p2", description="x"))], ANN, expected_revision=7)
    assert caught.value.code == "REVISION_MOVED"
    assert "revision 1, not 7" in caught.value.message
    with pytest.raises(Conflict):
        await save([("twin", twin("p9"))], ANN, expected_revision=1)
    with pytest.raises(Conflict):
        await house.definitions.delete("overlay", "north", ANN, expected_revision=2)
    await save([("twin", twin("p9"))], ANN, expected_revision=0)
    await save([("twin", twin("p9", description="x"))], ANN, expected_revision=1)
    with pytest.raises(Invalid) as several:
        await save([("twin", twin("p9")), ("twin", twin("p2"))], ANN, expected_revision=2)
    assert several.value.code == "EXPECTED_REVISION_NEEDS_ONE"


async def test_an_id_that_comes_back_goes_on_counting_in_a_new_life() -> None:
    house = await _standing()
    await house.save(("twin", twin("p3")), ("twin", twin("p4")))
    await house.save(("twin", twin("p3", description="x")))
    removed = await house.definitions.delete("twin", "p3", ANN)
    assert removed.removed == (("twin", "p3"),)
    assert house.inbox.plans[-1].removed_twins == ("p3",)
    await house.save(("twin", twin("p3")))
    stored = house.catalogue.stored[("twin", "p3")]
    assert (stored.revision, stored.life) == (4, 4)
    assert house.agrees()


async def test_the_same_definition_twice_in_one_request_is_refused() -> None:
    house = House()
    with pytest.raises(Invalid) as caught:
        await house.save(("twin_type", pump_type()), ("twin_type", pump_type()))
    assert [(item.code, item.path) for item in caught.value.problems] == [("DUPLICATE_DOCUMENT", "/1")]


@pytest.mark.parametrize(
    ("kind", "id", "users"),
    [
        ("twin_type", "pump", ["twin 'p1'", "twin 'p2'", "overlay type 'station'"]),
        ("twin", "p1", ["overlay 'north'"]),
        ("overlay_type", "station", ["overlay 'north'"]),
    ],
)
async def test_what_others_use_is_not_deleted(kind: Kind, id: str, users: list[str]) -> None:
    house = await _standing()
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete(kind, id, ANN)
    assert caught.value.code == "IN_USE"
    assert [item.message for item in caught.value.problems] == [f"{user} uses it" for user in users]
    assert len(house.store.changes) == 1


async def test_fifty_users_are_named_and_the_rest_counted() -> None:
    house = await _standing()
    await house.save(*(("twin", twin(f"q{number}", "valve")) for number in range(60)))
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin_type", "valve", ANN)
    assert len(caught.value.problems) == 51
    assert caught.value.problems[-1].message == "and 12 more"
    assert "used by 62 others" in caught.value.message


async def test_everything_can_be_deleted_from_the_outside_in() -> None:
    house = await _standing()
    for kind, id in [
        ("overlay", "north"),
        ("overlay_type", "station"),
        ("twin", "p1"),
        ("twin", "p2"),
        ("twin", "v1"),
        ("twin_type", "pump"),
        ("twin_type", "valve"),
    ]:
        await house.definitions.delete(kind, id, ANN)  # type: ignore[arg-type]
    assert not house.catalogue.stored
    assert house.agrees()
    assert house.devices.configured[-1] == []


async def test_deleting_what_is_not_there_suggests_what_is() -> None:
    house = await _standing()
    with pytest.raises(NotFound) as caught:
        await house.definitions.delete("overlay_type", "sttion", ANN)
    assert (caught.value.code, caught.value.hint) == ("OVERLAY_TYPE_NOT_FOUND", "did you mean 'station'?")


async def test_a_change_of_a_type_reaches_its_twins_and_their_overlays() -> None:
    house = await _standing()
    with_power = pump_type()
    with_power["properties"].append({"name": "power", "data_type": "float", "unit": "kW"})
    await house.save(("twin_type", with_power))
    change, plan = house.store.changes[-1], house.inbox.plans[-1]
    assert set(change.twin_properties) == {"p1", "p2"}
    assert [row.name for row in change.twin_properties["p1"]][-1] == "power"
    assert {item.twin_id for item in plan.twins} == {"p1", "p2"}
    assert [item.overlay_id for item in plan.overlays] == ["north"]


async def test_a_new_description_of_a_type_writes_no_rows_of_its_twins() -> None:
    house = await _standing()
    await house.save(("twin_type", pump_type(description="better")))
    change = house.store.changes[-1]
    assert (change.twin_properties, change.behaviors, change.relationships) == ({}, {}, {})
    assert {item.twin_id for item in house.inbox.plans[-1].twins} == {"p1", "p2"}
    assert len(house.devices.configured) == 1


async def test_a_change_of_a_type_that_breaks_others_lists_them_all_and_is_refused() -> None:
    house = await _standing()
    without_status = pump_type(behaviors=[])
    without_status["properties"] = without_status["properties"][1:]
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", without_status))
    assert caught.value.code == "BREAKS_DEPENDENTS"
    told = " ".join(item.message for item in caught.value.problems)
    assert "twin 'p1' would break" in told  # it maps the property
    assert "overlay type 'station' would break" in told
    assert "overlay 'north'" not in told  # it adds nothing of its own, so it is right when its type is
    assert house.agrees()
    assert len(house.store.changes) == 1


async def test_dependents_may_change_along_with_what_they_depend_on() -> None:
    house = await _standing()
    renamed = pump_type(behaviors=[])
    renamed["properties"][0]["name"] = "state"
    behaviors = [{"name": "failure", "conditions": ["main.state == 'fault'"]}]
    await house.save(("twin_type", renamed), ("twin", twin("p1")), ("overlay_type", station_type(behaviors=behaviors)))
    assert house.agrees()


async def test_a_twin_of_another_type_does_not_stay_in_a_role() -> None:
    house = await _standing()
    with pytest.raises(Conflict) as caught:
        await house.save(("twin", twin("p1", "valve")))
    assert [item.code for item in caught.value.problems] == ["ROLE_TYPE_MISMATCH"]


async def test_a_new_required_role_is_refused_where_an_overlay_does_not_fill_it() -> None:
    house = await _standing()
    roles = [*station_type()["twin_roles"], {"role": "inlet", "twin_type": "valve"}]
    with pytest.raises(Conflict) as caught:
        await house.save(("overlay_type", station_type(twin_roles=roles)))
    assert [item.code for item in caught.value.problems] == ["ROLE_UNBOUND"]


async def test_a_relationship_joins_when_its_target_appears_and_parts_when_it_goes() -> None:
    house = await _standing()
    edge = {
        "name": "feeds",
        "target_twin_id": "p9",
        "relationship_type": "physical_connection",
        "direction": "incoming",
    }
    saved = await house.save(("twin", twin("p2", relationships=[edge])))
    assert [(item.code, item.path) for item in saved.warnings] == [
        ("UNRESOLVED_TARGET", "/relationships/0/target_twin_id")
    ]
    owner = OwnerKey("twin", "p2")
    assert house.store.changes[-1].relationships[owner] == ()
    await house.save(("twin", twin("p9")))
    [joined] = house.store.changes[-1].relationships[owner]
    assert (joined.source_twin_id, joined.target_twin_id) == ("p9", "p2")
    removed = await house.definitions.delete("twin", "p9", ANN)
    assert [item.code for item in removed.warnings] == ["UNRESOLVED_TARGET"]
    assert house.store.changes[-1].relationships[owner] == ()


async def test_an_overlay_has_its_types_relationships_between_bound_roles_and_its_own() -> None:
    house = await _standing()
    owner = OwnerKey("overlay", "north")
    assert [edge.name for edge in house.store.changes[-1].relationships[owner]] == ["flow", "spare_flow"]
    own = [{"name": "flow", "source_twin_id": "v1", "target_twin_id": "p9", "relationship_type": "control"}]
    unspared = [item for item in station()["twins"] if item["role"] != "spare"]
    saved = await house.save(("overlay", station(twins=unspared, relationships=own)))
    assert [item.path for item in saved.warnings] == ["/relationships/0/target_twin_id"]
    assert house.store.changes[-1].relationships[owner] == ()
    await house.save(("twin", twin("p9")))
    assert [edge.target_twin_id for edge in house.store.changes[-1].relationships[owner]] == ["p9"]


async def test_the_rows_say_what_a_behavior_reads_and_on_whom_it_acts() -> None:
    house = await _standing()
    [node] = house.store.changes[-1].behaviors[OwnerKey("overlay", "north")]
    assert [(key.twin_id, key.name) for key in node.reads] == [("p1", "status"), ("p2", "status")]
    assert (node.acts_on, node.description) == (("p2", "v1"), "the main pump failed")
    [hot] = house.store.changes[-1].behaviors[OwnerKey("twin", "p1")]
    assert [(key.twin_id, key.name) for key in hot.reads] == [("p1", "status"), ("p1", "temperature")]
    assert hot.acts_on == ("p1",)


async def test_the_rows_say_what_an_interlock_reads_and_before_whom_it_stands() -> None:
    house = await _standing()
    of_twin, of_overlay = OwnerKey("twin", "p1"), OwnerKey("overlay", "north")
    assert house.store.changes[-1].interlocks[of_twin] == house.store.changes[-1].interlocks[of_overlay] == ()
    shut = {"name": "shut", "description": "never dry", "method": "start", "while": "temperature > 90"}
    locked = {"name": "locked", "role": "spare", "property": "speed", "while": "main.status == 'fault'"}
    await house.save(("twin_type", pump_type(interlocks=[shut])))
    [node] = house.store.changes[-1].interlocks[of_twin]
    assert (node.key.name, node.description, node.method, node.property) == ("shut", "never dry", "start", None)
    assert ([(key.twin_id, key.name) for key in node.reads], node.guards) == ([("p1", "temperature")], ("p1",))
    assert of_overlay not in house.store.changes[-1].interlocks
    await house.save(("overlay_type", station_type(interlocks=[locked])))
    [node] = house.store.changes[-1].interlocks[of_overlay]
    assert ([(key.twin_id, key.name) for key in node.reads], node.guards) == ([("p1", "status")], ("p2",))
    assert (node.property, node.condition) == ("speed", "main.status == 'fault'")
    await house.save(("overlay", station(name="another")))
    assert len(house.store.changes[-1].interlocks[of_overlay]) == 1


async def test_nothing_is_half_applied_where_the_graph_refuses() -> None:
    house = await _standing()

    def fail() -> None:
        raise Unavailable("the graph is down")

    house.store.before_save = fail
    with pytest.raises(Unavailable):
        await house.save(("twin", twin("p3")))
    assert house.catalogue.twin("p3") is None
    assert house.agrees()
    assert len(house.inbox.inputs) == len(house.devices.configured) == 1
    house.store.before_save = None
    await house.save(("twin", twin("p3")))
    assert house.agrees()


async def test_a_commit_whose_answer_was_lost_is_found_by_the_retry() -> None:
    house = await _standing()

    def lose() -> None:
        raise Unavailable("the connection broke")

    house.store.after_save = lose
    with pytest.raises(Unavailable):
        await house.save(("twin", twin("p3")))
    house.store.after_save = None
    saved = await house.save(("twin", twin("p3")))
    assert saved.unchanged == (("twin", "p3"),)
    assert house.agrees()
    assert [item.twin_id for item in house.inbox.plans[-1].twins] == ["p3"]


async def test_another_writer_of_the_graph_is_noticed_and_taken_over_once() -> None:
    house = await _standing()
    foreign = StoredDefinition("twin", "p7", Twin(twin_id="p7", twin_type="pump"), 1, 1, 0, "bob", 0, "bob")
    house.store.stored[("twin", "p7")] = foreign
    house.store.revision += 1
    saved = await house.save(("twin", twin("p3", connectivity=opc_ua(speed="ns=2;s=P3"))))
    assert saved.created == (("twin", "p3"),)
    assert house.agrees()
    assert [[item.twin_id for item in plan.twins] for plan in house.inbox.plans[1:]] == [["p7"], ["p3"]]

    def always_moves() -> None:
        house.store.revision += 1

    house.store.before_save = always_moves
    with pytest.raises(Conflict) as caught:
        await house.save(("twin", twin("p4")))
    assert caught.value.code == "CATALOGUE_MOVED"


async def test_the_engine_takes_up_many_new_twins_some_at_a_time_and_whoever_names_them_last() -> None:
    house = await _standing()
    house.inbox.inputs.clear()
    many = [twin(f"n{number:04}") for number in range(2001)]
    changed = twin("p1", description="with many others")
    overlay = {"overlay_id": "late", "twins": [{"role": "any", "twin_id": "n0000"}]}
    await house.save(*(("twin", item) for item in (*many, changed)), ("overlay", overlay))
    plans = house.inbox.plans
    assert [len(plan.twins) for plan in plans] == [*[250] * 8, 2]
    assert [item.twin_id for item in plans[-1].twins] == ["n2000", "p1"]
    assert [[item.overlay_id for item in plan.overlays] for plan in plans][:-1] == [[]] * 8
    assert "late" in [item.overlay_id for item in plans[-1].overlays]
    assert len(house.store.changes) == 2, "it is one change all the same"


async def test_what_the_engine_could_not_load_is_owed_to_it_and_loaded_by_the_retry() -> None:
    house = await _standing()
    answer = house.inbox.answer

    def fail(_: object) -> Any:
        raise Unavailable("the disk is full")

    house.inbox.answer = fail
    with pytest.raises(Unavailable) as caught:
        await house.save(("twin", twin("p1", connectivity=opc_ua(note="ns=2;s=N"))))
    assert caught.value.code == "LOAD_PENDING"
    assert house.agrees()
    assert len(house.devices.configured) == 1
    house.inbox.answer = answer
    saved = await house.save(("twin", twin("p1", connectivity=opc_ua(note="ns=2;s=N"))))
    assert saved.unchanged == (("twin", "p1"),)
    assert [item.mapped for item in house.inbox.plans[-1].twins] == [("note",)]
    assert len(house.devices.configured) == 2


async def test_a_client_that_goes_away_after_the_commit_does_not_leave_the_engine_behind() -> None:
    house = await _standing()
    committed, go_on = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        committed.set()
        await go_on.wait()

    house.store.after_save = wait
    task = asyncio.create_task(house.save(("twin", twin("p3"))))
    await committed.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    house.store.after_save = None
    go_on.set()
    await house.save(("twin", twin("p4")))  # waits its turn behind the one that goes on
    assert house.agrees()
    assert [[item.twin_id for item in plan.twins] for plan in house.inbox.plans[1:]] == [["p3"], ["p4"]]


async def test_a_client_that_goes_away_before_the_commit_takes_its_change_along() -> None:
    house = await _standing()
    reached, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        reached.set()
        await never.wait()

    house.store.before_save = wait
    first = asyncio.create_task(house.save(("twin", twin("p3"))))
    await reached.wait()
    second = asyncio.create_task(house.save(("twin", twin("p4"))))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    never.set()
    await first
    assert house.catalogue.twin("p3") is not None
    assert house.catalogue.twin("p4") is None


async def test_saves_at_the_same_time_come_one_after_the_other() -> None:
    house = await _standing()
    await asyncio.gather(*(house.save(("twin", twin(f"q{number}"))) for number in range(20)))
    assert house.agrees()
    assert len(house.store.changes) == 21
    assert [change.catalogue_revision for change in house.store.changes] == list(range(21))


async def test_connectors_are_configured_only_where_a_connection_changed() -> None:
    house = await _standing()
    await house.save(("twin", twin("p2", description="x")))
    assert len(house.devices.configured) == 1
    await house.save(("twin", twin("p2", connectivity=opc_ua(speed="ns=2;s=P2"))))
    assert [item.twin_id for item in house.devices.configured[-1]] == ["p1", "p2"]
    await house.save(("twin", twin("p2")))
    assert [item.twin_id for item in house.devices.configured[-1]] == ["p1"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from([kind for kind, _ in whole()]),
            JSON
            | st.builds(
                lambda index, field, value: {**whole()[index][1], field: value},
                st.integers(0, 6),
                st.sampled_from(["twins", "behaviors", "properties", "twin_type", "connectivity", "overlay_type"]),
                JSON,
            ),
        ),
        max_size=4,
    )
)
async def test_any_json_saves_or_raises_one_of_our_errors_and_leaves_nothing_half_done(documents: Any) -> None:
    house = await _standing()
    refused = False
    try:
        await house.definitions.save(documents, ANN)
    except TwinOverlayError:
        refused = True
    assert len(house.store.changes) == 1 or not refused
    assert house.agrees()
