"""What is too old goes in parts, until nothing is left, and then it is looked for once an hour."""

from app.errors import Unavailable
from app.model.time import SECOND, Micros
from app.runtime.forgetting import EVERY, MOST, Forgetting
from tests.runtime.fakes import FakeGraph, HandClock

DAY = 86_400 * SECOND


async def test_what_is_too_old_goes_part_by_part_and_is_then_looked_for_every_hour() -> None:
    graph, clock = FakeGraph(), HandClock()
    graph.too_old = 2 * MOST + 1
    forgetting = Forgetting(graph, clock, 10)
    for _ in range(5):
        await forgetting.some()
    assert graph.too_old == 0
    assert graph.forgetting == [clock.now() - 10 * DAY] * 3
    clock.move(EVERY / SECOND - 1)
    await forgetting.some()
    assert len(graph.forgetting) == 3
    clock.move(1)
    await forgetting.some()
    assert graph.forgetting[3:] == [clock.now() - 10 * DAY]


async def test_zero_days_keep_everything() -> None:
    graph = FakeGraph()
    await Forgetting(graph, HandClock(), 0).some()
    assert graph.forgetting == []


class Down(FakeGraph):
    async def forget(self, before: Micros, most: int) -> int:
        self.forgetting.append(before)
        raise Unavailable("it does not answer")


async def test_a_graph_that_is_down_is_asked_again_in_an_hour() -> None:
    graph, clock = Down(), HandClock()
    forgetting = Forgetting(graph, clock, 10)
    await forgetting.some()
    await forgetting.some()
    assert len(graph.forgetting) == 1
    clock.move(EVERY / SECOND)
    await forgetting.some()
    assert len(graph.forgetting) == 2
