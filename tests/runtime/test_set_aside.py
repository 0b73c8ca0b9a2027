"""Rows that the graph refuses are kept aside; all others arrive, and a graph that refuses everything is waited for."""

import json
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from app.errors import Unavailable
from app.journal.sqlite import SqliteJournal
from app.model.change import FactBatch
from app.model.events import (
    Alert,
    AlertChanged,
    BehaviorChanged,
    Call,
    CallChanged,
    Cause,
    Note,
    Origin,
    Outcome,
    PropertyChanged,
    Samples,
    TwinEventOccurred,
)
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import SECOND
from app.runtime.isolate import Bad, Part, parts_of
from app.runtime.metrics import Metrics
from app.runtime.set_aside import SetAside
from tests.runtime.fakes import FakeGraph, until
from tests.runtime.test_graph_writer import QuickClock, changes, writing

CAUSE = Cause("reading", "opcua", 0)
OWNER = OwnerKey("twin", "a")


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    opened = SqliteJournal.open(tmp_path / "journal", keep=0)
    yield opened
    await opened.close()


def refusing(*keys: str) -> Callable[[FactBatch], bool]:
    return lambda batch: any(part.key in keys for part in parts_of(batch))


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.mark.parametrize("seed", range(5))
async def test_rows_that_are_refused_are_set_aside_and_all_others_arrive(
    journal: SqliteJournal, tmp_path: Path, seed: int
) -> None:
    chance, graph, file = random.Random(seed), FakeGraph(), tmp_path / "aside"
    bad = {f"t{number}/x" for number in chance.sample(range(200), 9)}
    graph.refuses = refusing(*bad)
    await journal.append([changes(*((f"t{n}", "x", float(n)) for n in range(50 * k, 50 * k + 50))) for k in range(4)])
    async with writing(journal, graph, aside=file, max_rows=70) as (writer, _):
        await until(lambda: writer.lag == 0)
        assert writer.state.set_aside == 9
        assert writer.failure is None
    assert {f"{twin}/{name}" for twin, name, _ in graph.properties} == {f"t{n}/x" for n in range(200)} - bad
    assert {str(line["key"]) for line in lines(file)} == bad
    assert graph.at == 4


async def test_one_row_of_every_kind_can_be_set_aside_and_says_what_it_was(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    graph, file = FakeGraph(), tmp_path / "aside"
    raised = Alert("A", OWNER, "hot", "HOT", "error", "", ("a",), 0, True, False, CAUSE)
    outcome = Outcome(
        (PropertyChanged("a", "x", 1.5, "good", 0, 0, True), PropertyChanged("a", "y", 2.5, "good", 0, 0, True)),
        behaviors=(BehaviorChanged(BehaviorKey(OWNER, "hot"), "active", "true", 0, CAUSE),),
        alerts=(AlertChanged(raised, "raised", 0, CAUSE),),
        calls=(CallChanged(Call("c", "a", "accepted", 0, CAUSE), 0),),
        events=(TwinEventOccurred("a", "tripped", 5, {}, CAUSE),),
    )
    note = Note("definition", "refused", "ada", Origin("rest"), ("twin/a",))
    await journal.append([(0, Samples(()), outcome), (0, note, Outcome())])
    bad = {"a/x", "twin/a/hot", "A", "c", "a/tripped/5", "journal/000000000002/0000", "1/0"}
    graph.refuses = refusing(*bad)
    async with writing(journal, graph, aside=file) as (writer, _):
        await until(lambda: writer.lag == 0)
    assert graph.properties == {("a", "y", 1): 2.5}
    assert (graph.behaviors, graph.alert_rows, graph.call_rows, graph.events, graph.records) == ({}, {}, {}, {}, {})
    found = lines(file)
    assert {line["key"] for line in found} == bad
    [first] = (line for line in found if line["kind"] == "properties")
    assert first["row"] == {
        "twin_id": "a",
        "property": "x",
        "value": 1.5,
        "quality": "good",
        "timestamp": 0,
        "reported_at": 0,
        "known": True,
        "reason": None,
        "override": None,
        "source": None,
    }
    assert first["reason"] == "GRAPH_FAILED the graph could not do what was asked"


async def test_a_graph_that_takes_nothing_at_all_is_waited_for_and_nothing_is_set_aside(
    journal: SqliteJournal, tmp_path: Path
) -> None:
    graph, clock = FakeGraph(), QuickClock()
    graph.refuses = lambda batch: True  # its disk is full
    async with writing(journal, graph, aside=tmp_path / "aside", clock=clock) as (writer, _):
        await journal.append([changes(("a", "x", 1.0))])
        await until(lambda: writer.failure is not None)
        rounds = len(clock.slept)
        await until(lambda: len(clock.slept) > rounds + 3)
        assert writer.failure == "the graph could not do what was asked"
        graph.refuses = lambda batch: False
        await until(lambda: writer.lag == 0)
    assert graph.properties == {("a", "x", 1): 1.0}
    assert not (tmp_path / "aside").exists()


async def test_a_graph_that_takes_no_row_of_a_kind_is_waited_for(journal: SqliteJournal, tmp_path: Path) -> None:
    graph = FakeGraph()
    graph.refuses = lambda batch: bool(batch.properties)  # a right was taken away
    async with writing(journal, graph, aside=tmp_path / "aside") as (writer, _):
        await journal.append([changes(*((f"t{n}", "x", 1.0) for n in range(150)))])
        await until(lambda: writer.failure is not None)
        graph.refuses = lambda batch: False
        await until(lambda: writer.lag == 0)
    assert len(graph.properties) == 150
    assert not (tmp_path / "aside").exists()


async def test_what_was_refused_is_not_searched_for_again_with_every_batch(
    journal: SqliteJournal, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Later(QuickClock):
        plus = 0

        def now(self) -> int:
            return super().now() + self.plus

    graph, clock, file = FakeGraph(), Later(), tmp_path / "aside"
    graph.refuses = refusing("t7/x")
    async with writing(journal, graph, aside=file, clock=clock) as (writer, _):
        await journal.append([changes(*((f"t{n}", "x", 0.0) for n in range(100)))])
        await until(lambda: writer.lag == 0)
        assert graph.tries > 10, "it was searched for"
        for value in (1.0, 2.0, 3.0):
            before = graph.tries
            await journal.append([changes(*((f"t{n}", "x", value) for n in range(100)))])
            await until(lambda: writer.lag == 0)
            assert graph.tries == before + 1, "and then known"
        assert len(lines(file)) == 1
        clock.plus = 61 * SECOND
        await journal.append([changes(*((f"t{n}", "x", 4.0) for n in range(100)))])
        await until(lambda: writer.lag == 0)
        assert [line["row"]["value"] for line in lines(file)] == [0.0, 4.0]  # type: ignore[index]
        graph.refuses, clock.plus = refusing(), 122 * SECOND
        await journal.append([changes(*((f"t{n}", "x", 5.0) for n in range(100)))])
        await until(lambda: graph.properties.get(("t7", "x", 1)) == 5.0)
    told = [record.message for record in caplog.records if "is set aside" in record.message]
    assert len(told) == 1, "the log names it once"


async def test_the_file_counts_on_after_a_restart_and_does_not_grow_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "aside"

    def bad(number: int) -> Bad:
        return Bad(Part("properties", (1, changes((f"t{number}", "x" * 100, 0.0))[2].changes[0])), "y" * 5000)

    aside = SetAside(file, Metrics(CollectorRegistry()))
    await aside.keep([bad(n) for n in range(3)], 0)
    again = SetAside(file, Metrics(CollectorRegistry()))
    assert again.count == 3
    while not file.with_name("aside.1").exists():
        await again.keep([bad(n) for n in range(2000)], 0)
    assert again.count == 2000
    assert file.with_name("aside.1").stat().st_size < 2 * 16 * 2**20


async def test_where_it_cannot_be_kept_it_is_not_let_go(journal: SqliteJournal, tmp_path: Path) -> None:
    graph = FakeGraph()
    graph.refuses = refusing("a/x")
    (tmp_path / "aside").mkdir()
    async with writing(journal, graph, aside=tmp_path / "aside") as (writer, _):
        await journal.append([changes(("a", "x", 1.0))])
        await until(lambda: writer.failure is not None)
        assert "can't be kept" in (writer.failure or "")
        assert graph.at == 0
        (tmp_path / "aside").rmdir()
        await until(lambda: writer.lag == 0)
    assert graph.at == 1


async def test_keeping_says_why_it_could_not(tmp_path: Path) -> None:
    aside = SetAside(tmp_path, Metrics(CollectorRegistry()))
    part = Part("properties", (1, changes(("a", "x", 1.0))[2].changes[0]))
    with pytest.raises(Unavailable) as caught:
        await aside.keep([Bad(part, "no")], 0)
    assert caught.value.code == "SET_ASIDE_FAILED"
