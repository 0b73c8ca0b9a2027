"""The oracle of the fault scripts, on a real graph: silent where graph and journal agree, and loud about each fault."""

from pathlib import Path

import pytest

from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.model.events import AcknowledgeAlert, AlertChanged, BehaviorChanged, CallChanged, Load, Outcome, Samples
from app.model.plan import BehaviorKey, Plan, TwinPlan
from tests.contract.samples import CAUSE, STATION, T0, alert, call, event, plant, reading
from tests.contract.writer import write_all
from tests.faults.oracle import Oracle
from tests.servers.graph import GraphAddress

FAULTS = {
    "an older value": "MATCH (p:Property {key: 'pump_1/temperature'}) SET p.value = 20.0, p.number = 20.0",
    "a value that nobody reported": "MATCH (p:Property {key: 'pump_2/status'}) SET p.value = 'on', p.timestamp = 'x'",
    "a value of another life": "MATCH (p:Property {key: 'pump_1/temperature'}) SET p.life = 7",
    "a property that is gone": "MATCH (p:Property {key: 'pump_1/temperature'}) DETACH DELETE p",
    "a behavior in another state": "MATCH (b:Behavior {key: 'overlay/station_a/failover'}) SET b.state = 'inactive'",
    "an alert that nobody raised": "CREATE (:Alert {alert_id: 'x', document: '{}'})",
    "an alert that is missing": "MATCH (a:Alert {alert_id: 'a1'}) DETACH DELETE a",
    "a call as it was before": "MATCH (c:Call {call_id: 'c1'}) SET c.document = replace(c.document, 'accepted', 'x')",
    "an audit entry that is missing": "MATCH (a:AuditEntry {entry_id: 'journal/000000000004/0000'}) DELETE a",
    "an alert record twice": "CREATE (:AlertRecord {record_id: '000000000003/000009', document: '{}'})",
    "an event that is missing": "MATCH (t:Twin {twin_id: 'pump_1'}) SET t.last_events = '[]'",
}


async def _written(store: GraphStore, folder: Path) -> Oracle:
    """A little of everything, through the real writer."""
    await store.save(plant())
    journal = SqliteJournal.open(folder)
    pumps = tuple(TwinPlan(twin_id, "pump", "s", 1, 1) for twin_id in ("pump_1", "pump_2"))
    active = BehaviorChanged(BehaviorKey(STATION, "failover"), "active", "true", T0, CAUSE)
    raised, done = alert("a1"), call("c1", status="accepted", finished_at=T0 + 5)
    seen = alert("a1", acknowledged=True, acknowledged_by="ada", acknowledged_at=T0 + 3)
    changes = tuple(change for _, change in (reading("pump_1", "temperature", float(n), T0 + n) for n in range(5)))
    events = tuple(event(f"e{n}", T0 + n) for n in range(30))
    await journal.append(
        [
            (T0, Load(Plan(1, twins=pumps)), Outcome()),
            (T0 + 1, Samples(()), Outcome(changes, behaviors=(active,), events=events)),
            (T0 + 2, Samples(()), Outcome(alerts=(AlertChanged(raised, "raised", T0 + 2, CAUSE),))),
            (T0 + 3, AcknowledgeAlert("a1", "ada"), Outcome(alerts=(AlertChanged(seen, "acknowledged", T0, CAUSE),))),
            (T0 + 4, Samples(()), Outcome(calls=(CallChanged(call("c1"), T0, send=True), CallChanged(done, T0 + 5)))),
        ]
    )
    await write_all(journal, store, folder / "set-aside.ndjson")
    await journal.close()
    return Oracle.of(folder)


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_graph_with_a_fault_is_told_from_one_without(
    store: GraphStore, graph: GraphAddress, tmp_path: Path, fault: str
) -> None:
    oracle = await _written(store, tmp_path)
    assert (oracle.entries, oracle.last_sequence) == (5, 5)
    assert await oracle.differences(graph) == []
    await graph.run(FAULTS[fault])
    assert len(await oracle.differences(graph)) == 1
