"""Which definitions a change was of: told once, in order, whoever made it and whatever came between."""

import pytest

from app.errors import Unavailable
from app.model.events import Redefined
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, twin


def told(house: House) -> list[tuple[str, int, str, int]]:
    return [
        (item.id, item.revision, item.change, item.catalogue_revision)
        for input in house.inbox.redefined
        for item in input.definitions
    ]


async def test_each_definition_of_a_change_is_told_with_its_revision_and_what_was_done() -> None:
    house = House()
    await house.save(("twin_type", pump_type()), ("twin", twin("p1")))
    await house.save(("twin", twin("p1", description="new")))
    await house.save(("twin", twin("p1", description="new")))  # the same again is no change
    await house.definitions.delete("twin", "p1", ANN, reason="gone")
    await house.save(("twin", twin("p1")))
    assert told(house) == [
        ("pump", 1, "created", 1),
        ("p1", 1, "created", 1),
        ("p1", 2, "updated", 2),
        ("p1", 3, "deleted", 3),
        ("p1", 4, "created", 4),
    ]
    deleted = house.inbox.redefined[2].definitions[0]
    assert (deleted.author, deleted.reason) == ("ann", "gone")


async def test_what_the_journal_could_not_be_told_is_told_with_the_next_change() -> None:
    house = House()
    await house.save(("twin_type", pump_type()))

    def refuse(input: object) -> object:
        raise Unavailable("no space")

    took, house.inbox.answer = house.inbox.answer, refuse  # type: ignore[assignment]
    with pytest.raises(Unavailable) as refused:
        await house.save(("twin", twin("p1")))
    assert refused.value.code == "LOAD_PENDING"
    house.inbox.answer = took
    await house.save(("twin", twin("p2")))
    assert told(house) == [("pump", 1, "created", 1), ("p1", 1, "created", 2), ("p2", 1, "created", 3)]


async def test_changes_that_somebody_else_made_are_told_from_their_revisions() -> None:
    house, other = House(), House()
    other.store = house.store
    other.__post_init__()
    await house.save(("twin_type", pump_type()), ("twin", twin("p1")))
    await other.definitions.catch_up()
    await other.save(("twin", twin("p2")))
    await other.definitions.delete("twin", "p1", ANN)
    await house.save(("twin", twin("p3")))  # is behind, looks again
    assert told(house)[2:] == [("p2", 1, "created", 2), ("p1", 2, "deleted", 3), ("p3", 1, "created", 4)]


async def test_a_start_tells_what_the_last_run_did_not_come_to() -> None:
    house = House()
    await house.save(("twin_type", pump_type()))
    await house.save(("twin", twin("p1")))
    house.inbox.redefined.clear()
    house.definitions.told = 1  # what the journal knows of
    await house.definitions.tell()
    await house.definitions.tell()
    [input] = house.inbox.redefined
    assert isinstance(input, Redefined)
    assert told(house) == [("p1", 1, "created", 2)]
