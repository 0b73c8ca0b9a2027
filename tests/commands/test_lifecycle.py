"""The lifecycle of overlays over their commands: what may follow what, what a draft may leave open, who keeps it."""

from typing import Any

import pytest

from app.commands.lifecycle import ALLOWED
from app.errors import Conflict, Invalid, NotFound, TwinOverlayError
from app.model.definitions import Lifecycle
from app.model.plan import OwnerKey
from tests.commands.ports import ANN, House
from tests.commands.station import station, station_type, twin, whole

STATES: tuple[Lifecycle, ...] = ("draft", "active", "suspended", "retired")
NORTH = OwnerKey("overlay", "north")


@pytest.fixture
async def house() -> House:
    house = House()
    await house.save(*whole())
    return house


async def become(house: House, lifecycle: Lifecycle, **more: Any) -> Any:
    return await house.definitions.set_lifecycle("north", lifecycle, ANN, **{"reason": "because", **more})


def state(house: House) -> str:
    found = house.catalogue.overlay("north")
    assert found is not None
    return found.lifecycle


@pytest.mark.parametrize("before", STATES)
@pytest.mark.parametrize("after", STATES)
async def test_every_step_is_allowed_or_refused_with_what_is(before: Lifecycle, after: Lifecycle) -> None:
    house = House()
    await house.save(*whole()[1:], ("overlay", station(lifecycle=before)))
    if after == before:
        assert (await become(house, after)).unchanged == (("overlay", "north"),)
    elif after in ALLOWED[before]:
        assert (await become(house, after)).updated == (("overlay", "north"),)
        assert state(house) == after
        assert house.inbox.plans[-1].overlays[0].lifecycle == after
    else:
        with pytest.raises(Conflict) as caught:
            await become(house, after)
        assert caught.value.code == "TRANSITION_NOT_ALLOWED"
        assert all(word in caught.value.hint for word in ALLOWED[before])
        with pytest.raises(Conflict):
            await house.save(("overlay", station(lifecycle=after)))
        assert state(house) == before


async def test_among_several_documents_the_refused_one_is_named_by_its_index(house: House) -> None:
    with pytest.raises(Conflict) as caught:
        await house.save(("twin", twin("other")), ("overlay", station(lifecycle="draft")))
    assert caught.value.path == "/1/lifecycle"
    assert [item.path for item in caught.value.problems] == ["/1/lifecycle"]


async def test_a_reason_is_needed_and_remembered(house: House) -> None:
    for blank in ("", "  "):
        with pytest.raises(Invalid) as caught:
            await become(house, "suspended", reason=blank)
        assert (caught.value.code, caught.value.path) == ("REASON_REQUIRED", "/reason")
    await become(house, "suspended", reason="rebuilt")
    await house.definitions.update("overlay", "north", {"description": "new"}, ANN)
    await become(house, "active", reason="done")
    found = (await house.store.lifecycles(["north"]))["north"]
    assert [(item.lifecycle, item.author, item.reason, item.number) for item in found] == [
        ("active", "ann", "done", 4),
        ("suspended", "ann", "rebuilt", 2),
        ("active", "ann", "", 1),
    ]
    with pytest.raises(NotFound):
        await house.definitions.set_lifecycle("nort", "active", ANN, reason="x")
    with pytest.raises(Conflict) as moved:
        await become(house, "suspended", expected_revision=1)
    assert moved.value.code == "REVISION_MOVED"


async def test_a_save_that_does_not_say_it_keeps_it_and_wakes_nobody(house: House) -> None:
    await become(house, "suspended")
    saved = await house.save(("overlay", station(description="applied again")))
    kept, *unreached = [(item.code, item.path) for item in reversed(saved.warnings)]
    assert kept == ("LIFECYCLE_KEPT", "/lifecycle")
    assert unreached == [("CALL_WITHOUT_CONNECTIVITY", "/twins/1/twin_id")]
    assert house.document("overlay", "north")["lifecycle"] == "suspended"
    assert house.inbox.plans[-1].overlays[0].lifecycle == "suspended"
    again = await house.save(("overlay", station(description="applied again")))
    assert again.unchanged == (("overlay", "north"),)
    saved = await house.definitions.update("overlay", "north", {"lifecycle": None}, ANN)
    assert [item.code for item in saved.warnings] == ["CALL_WITHOUT_CONNECTIVITY", "LIFECYCLE_KEPT"]
    saved = await house.definitions.revert("overlay", "north", 1, ANN)
    assert [item.code for item in saved.warnings] == ["CALL_WITHOUT_CONNECTIVITY", "LIFECYCLE_KEPT"]
    assert house.document("overlay", "north") == {**station(), "lifecycle": "suspended"}
    await house.save(("overlay", station(lifecycle="active")))
    assert state(house) == "active"


async def test_going_back_to_a_suspended_revision_suspends_nothing(house: House) -> None:
    await become(house, "suspended")
    await become(house, "active")
    saved = await house.definitions.revert("overlay", "north", 2, ANN)
    assert [item.code for item in saved.warnings] == ["CALL_WITHOUT_CONNECTIVITY", "LIFECYCLE_KEPT"]
    assert state(house) == "active"


async def test_a_draft_may_have_open_roles_has_no_edges_and_is_complete_before_it_is_active(house: House) -> None:
    half = station(overlay_id="south", lifecycle="draft", twins=[{"role": "main", "twin_id": "p1"}])
    saved = await house.save(("overlay", half))
    assert [(item.code, item.path) for item in saved.warnings] == [("ROLE_UNBOUND", "/twins")]
    south = OwnerKey("overlay", "south")
    assert house.store.changes[-1].relationships[south] == ()
    with pytest.raises(Invalid) as caught:
        await house.definitions.set_lifecycle("south", "active", ANN, reason="try")
    assert [item.code for item in caught.value.problems] == ["ROLE_UNBOUND"]
    await house.definitions.update("overlay", "south", {"twins": [{"role": "outlet", "twin_id": "v1"}]}, ANN)
    await house.definitions.set_lifecycle("south", "active", ANN, reason="ready")
    assert [edge.name for edge in house.store.changes[-1].relationships[south]] == ["flow"]


async def test_suspending_keeps_edges_and_retiring_takes_them(house: House) -> None:
    def edges() -> list[str]:
        return [edge.name for edge in house.store.changes[-1].relationships[NORTH]]

    await become(house, "suspended")
    assert edges() == ["flow", "spare_flow"]
    await become(house, "retired")
    assert edges() == []


async def test_a_retired_overlay_still_holds_what_it_names_but_asks_for_nothing_new(house: House) -> None:
    await become(house, "retired")
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin", "v1", ANN)
    assert caught.value.code == "IN_USE"
    roles = [*station_type()["twin_roles"], {"role": "gauge", "twin_type": "pump"}]
    await house.save(("overlay_type", station_type(twin_roles=roles)))
    await house.definitions.delete("twin", "v1", ANN, unbind=True)
    with pytest.raises(TwinOverlayError):
        await become(house, "active")
    await become(house, "draft")


async def test_a_dry_run_tells_and_does_nothing(house: House) -> None:
    saved = await become(house, "suspended", dry_run=True)
    [difference] = saved.differences[("overlay", "north")]
    assert (difference.where, difference.after) == ("/lifecycle", "suspended")
    assert state(house) == "active"
