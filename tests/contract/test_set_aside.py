"""Values that the databases really refuse: what cannot be written is named and kept, everything beside it arrives."""

import json
from pathlib import Path

from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.model.events import CallChanged, Load, Outcome, Samples
from app.model.plan import Plan, TwinPlan
from tests.contract.samples import T0, call, plant, reading
from tests.contract.writer import write_all
from tests.faults.oracle import Oracle
from tests.servers.graph import GraphAddress

TOO_LONG = "c" * 300_000
"""For the key of an index: Neo4j refuses it when it is written, the embedded engine when it is committed."""


async def test_an_id_that_no_index_takes_is_set_aside_and_the_rest_arrives(
    store: GraphStore, graph: GraphAddress, tmp_path: Path
) -> None:
    await store.save(plant())
    journal, file = SqliteJournal.open(tmp_path / "journal"), tmp_path / "set-aside.ndjson"
    changes = tuple(change for _, change in (reading("pump_1", "temperature", float(n), T0 + n) for n in range(9)))
    twins = tuple(TwinPlan(twin_id, "pump", "s", 1, 1) for twin_id in ("pump_1", "pump_2"))
    calls = tuple(CallChanged(call(call_id), T0) for call_id in ("c1", TOO_LONG, "c2"))
    await journal.append(
        [
            (T0, Load(Plan(1, twins=twins)), Outcome()),
            (T0 + 1, Samples(()), Outcome(changes, calls=calls)),
            (T0 + 2, Samples(()), Outcome(tuple(change for _, change in (reading("pump_2", "status", "fault"),)))),
        ]
    )
    writer = await write_all(journal, store, file)
    await journal.close()
    [line] = (json.loads(line) for line in file.read_text().splitlines())
    assert (line["kind"], line["key"], line["row"]["call_id"]) == ("calls", TOO_LONG, TOO_LONG)
    assert len(line["reason"]) > 20
    assert writer.state.set_aside == 1
    assert await store.cursor() == 3
    assert await Oracle.of(tmp_path / "journal").differences(graph, aside={TOO_LONG}) == []
