"""Statuses that are told as one leave behind what they would have one by one."""

from functools import reduce

from hypothesis import given
from hypothesis import strategies as st

from app.model.events import PathStatus, Reading, Samples, SourceStatus
from app.runtime.turns import KEPT, as_one
from tests.engine.plant import Plant, hot, rule, sample

statuses = st.lists(
    st.builds(
        lambda alive, unfed: SourceStatus("b", (PathStatus("p1", alive, "" if alive else "cut", 1, unfed),)),
        st.booleans(),
        st.lists(st.sampled_from(["temperature", "speed"]), unique=True).map(tuple),
    ),
    min_size=1,
    max_size=8,
)


def heard(*statuses: SourceStatus, silent: bool = False) -> Plant:
    """Since a reading by the path before, which comes within a silence or not."""
    plant = Plant(rule("hot", hot()))
    plant.read(temperature=90.0, speed=1.0)
    if silent:
        plant.do(SourceStatus("b", (PathStatus("p1", False, "cut", 1),)))
        received = (sample("temperature", 91.0, plant.now), sample("speed", 2.0, plant.now))
        plant.do(Samples((Reading("b", plant.now, received),)))
    for status in statuses:
        plant.do(status)
    return plant


def shown(plant: Plant) -> tuple[object, ...]:
    connectivity = plant.engine.live.connectivity("p1")
    assert connectivity is not None
    known = [plant.state(name).known for name in ("temperature", "speed")]
    return connectivity.status, connectivity.path, plant.behavior("hot"), known


def test_what_was_lost_before_a_path_came_back_stays_lost() -> None:
    turns = [
        SourceStatus("b", (PathStatus("p1", True, "", 1, ("temperature",)),)),
        SourceStatus("b", (PathStatus("p1", False, "cut", 1),)),
        SourceStatus("b", (PathStatus("p1", True, "", 1),)),
    ]
    plant = heard(reduce(as_one, turns))
    assert plant.behavior("hot") == ("active", "unknown")
    assert not plant.state("temperature").known


@given(statuses, st.booleans())
def test_told_as_one_they_leave_what_they_leave_one_by_one(turns: list[SourceStatus], silent: bool) -> None:
    one = reduce(as_one, turns)
    assert len(one.paths) <= KEPT
    assert shown(heard(one, silent=silent)) == shown(heard(*turns, silent=silent))
