"""Facts behind the journal, the same on both engines."""

import asyncio
import json
from typing import Any

import msgspec
import pytest

from app.errors import Conflict
from app.graph.store import GraphStore
from app.model.asked import ClosedAlerts
from app.model.events import ActionResult, BehaviorChanged, InterlockVerdict, Refusal, UnknownInput
from app.model.ledger import Books, GraphTally
from app.model.plan import BehaviorKey
from app.model.time import SECOND, iso
from app.model.values import Override
from tests.contract.samples import (
    CAUSE,
    STATION,
    T0,
    alert,
    batch,
    call,
    change,
    closed,
    event,
    plant,
    reading,
)
from tests.servers.graph import GraphAddress

_PROPERTY = (
    "MATCH (p:Property {key: 'pump_1/temperature'}) RETURN p.value AS value, p.value_kind AS kind, p.number AS number, "
    "p.quality AS quality, p.timestamp AS timestamp, p.reported_at AS reported_at, p.known AS known"
)
_EVERYTHING = "MATCH (n) RETURN count(n) AS nodes UNION ALL MATCH ()-[e]->() RETURN count(e) AS nodes"


async def test_a_reading_is_an_update_of_its_property_node(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    await store.write(batch(0, 7, properties=(reading("pump_1", "temperature", 81.5),)))
    assert await store.cursor() == 7
    assert await graph.run(_PROPERTY) == [
        {
            "value": 81.5,
            "kind": "float",
            "number": 81.5,
            "quality": "good",
            "timestamp": "2026-01-02T03:04:05.123456Z",
            "reported_at": iso(T0 + 1),
            "known": True,
        }
    ]


@pytest.mark.parametrize(
    ("value", "kept", "kind", "number"),
    [
        (True, True, "boolean", None),
        (42, 42, "integer", 42.0),
        (2**63 - 1, 2**63 - 1, "integer", float(2**63)),
        (2**70, str(2**70), "number_text", None),
        ("fault", "fault", "string", None),
        ("a\ud800b", "a\ufffdb", "string", None),
        ([1, "x", {"y": None}], '[1,"x",{"y":null}]', "json", None),
        ({}, "{}", "json", None),
        (None, None, "none", None),
        ("", "", "string", None),
        ("nul \x00 in it", "nul \x00 in it", "string", None),
    ],
)
async def test_every_value_a_device_can_send_is_kept(
    store: GraphStore, graph: GraphAddress, value: Any, kept: Any, kind: str, number: float | None
) -> None:
    await store.save(plant())
    await store.write(batch(0, 1, properties=(reading("pump_1", "temperature", 1.5),)))
    await store.write(batch(1, 2, properties=(reading("pump_1", "temperature", value),)))
    (row,) = await graph.run(_PROPERTY)
    assert (row["value"], row["kind"], row["number"]) == (kept, kind, number)
    assert type(row["value"]) is type(kept)


async def test_a_batch_sent_again_is_a_conflict_and_changes_nothing(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    first = batch(
        0,
        5,
        properties=(reading("pump_1", "temperature", 81.5),),
        alerts=(alert("a1"),),
        calls=(call("c1"),),
        events=(event("fault_occurred", T0),),
    )
    await store.write(first)
    before = await graph.run(_EVERYTHING)
    with pytest.raises(Conflict) as caught:
        await store.write(first)
    assert caught.value.code == "CURSOR_MOVED"
    assert "at 5, not 0" in caught.value.message
    assert await graph.run(_EVERYTHING) == before
    assert await store.cursor() == 5


async def test_the_books_move_with_the_cursor_and_not_without_it(store: GraphStore) -> None:
    assert await store.books() == (0, Books())
    first = Books(T0, (GraphTally("mqtt mqtt://b:1883", 2**40, 2**40 - 1, 1), GraphTally("api")))
    await store.write(batch(0, 5, books=first))
    assert await store.books() == (5, first)
    await store.write(batch(5, 5))  # a part of a batch that goes on
    assert await store.books() == (5, first)
    with pytest.raises(Conflict):
        await store.write(batch(0, 6, books=Books(T0)))
    assert await store.books() == (5, first)


async def test_a_batch_that_skips_ahead_is_a_conflict_and_writes_nothing(
    store: GraphStore, graph: GraphAddress
) -> None:
    await store.save(plant())
    with pytest.raises(Conflict):
        await store.write(batch(3, 4, properties=(reading("pump_1", "temperature", 1.0),)))
    assert await store.cursor() == 0
    assert (await graph.run(_PROPERTY))[0]["value"] is None


async def test_the_same_facts_from_another_cursor_leave_the_same_graph(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    facts: dict[str, Any] = {
        "properties": (reading("pump_1", "temperature", 81.5),),
        "alerts": (alert("a1"),),
        "calls": (call("c1"),),
        "events": (event("fault_occurred", T0, code=7), event("started", T0 + 1)),
    }
    await store.write(batch(0, 5, **facts))
    before = await graph.run(_EVERYTHING)
    await store.write(batch(5, 6, **facts))
    assert await graph.run(_EVERYTHING) == before
    (row,) = await graph.run("MATCH (t:Twin {twin_id: 'pump_1'}) RETURN t.last_events AS events")
    assert str(row["events"]).count("fault_occurred") == 1


async def test_of_two_writers_of_the_same_batch_exactly_one_wins(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    other = await graph.connect()
    try:
        for at in range(5):
            same = batch(at, at + 1, alerts=(alert(f"a{at}"),), properties=(reading("pump_1", "temperature", at),))
            results = await asyncio.gather(store.write(same), other.write(same), return_exceptions=True)
            refused = [result for result in results if result is not None]
            assert [getattr(error, "code", error) for error in refused] == ["CURSOR_MOVED"]
            assert await store.cursor() == at + 1
    finally:
        await other.close()


async def test_readings_of_twins_that_are_gone_are_dropped(store: GraphStore) -> None:
    await store.save(plant())
    rows = (reading("pump_9", "temperature", 1.0), reading("pump_1", "no_such", 1.0))
    await store.write(batch(0, 1, properties=rows, events=(event("x", T0, "pump_9"),)))
    assert await store.cursor() == 1


LEFT_OUT = ActionResult("call backup_pump.start", "skipped", "'backup_pump' is not bound")


async def test_a_behaviors_state_is_on_its_node_and_survives_an_edit(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    key = BehaviorKey(STATION, "failover")
    changed = BehaviorChanged(key, "active", "true", T0, CAUSE, since=T0, actions=(LEFT_OUT,))
    await store.write(batch(0, 1, behaviors=(changed,)))
    await store.save(plant(1))
    rows = await graph.run(
        "MATCH (b:Behavior {key: 'overlay/station_a/failover'}) "
        "RETURN b.state AS state, b.evidence AS evidence, b.since AS since, b.skipped AS skipped"
    )
    assert rows == [
        {
            "state": "active",
            "evidence": "true",
            "since": iso(T0),
            "skipped": ["call backup_pump.start: 'backup_pump' is not bound"],
        }
    ]


async def test_an_alert_comes_back_whole_and_hangs_on_what_it_concerns(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    raised = alert("a1", message="läuft heiß \ud800 'quoted'")
    await store.write(batch(0, 1, alerts=(raised,)))
    (found,) = await store.alerts(["a1"])
    assert found.message == "läuft heiß \ufffd 'quoted'"
    assert found.cause == raised.cause
    rows = await graph.run(
        "MATCH (:Alert)-[e]->(n) "
        "RETURN type(e) AS type, coalesce(n.key, n.twin_id, n.overlay_id) AS to ORDER BY type, to"
    )
    assert [(row["type"], row["to"]) for row in rows] == [
        ("CONCERNS", "pump_1"),
        ("CONCERNS", "pump_2"),
        ("CONCERNS", "station_a"),
        ("RAISED_BY", "overlay/station_a/failover"),
    ]
    await store.write(batch(1, 2, alerts=(closed("a1", T0),)))
    assert await store.alerts(["a1", "missing", "a1"]) == [closed("a1", T0)]


async def test_an_alert_outlives_the_twin_that_it_concerns(store: GraphStore) -> None:
    await store.save(plant())
    await store.write(batch(0, 1, alerts=(closed("a1", T0),)))
    await store.save(change(1, removed=[("overlay", "station_a"), ("twin", "pump_1")]))
    assert await store.alerts(["a1"]) == [closed("a1", T0)]


async def test_closed_alerts_come_in_pages_newest_first_without_gaps(store: GraphStore) -> None:
    await store.save(plant())
    # Three share one moment: the id decides there.
    closed_ones = [closed(f"a{n}", T0 + (n // 3) * SECOND) for n in range(10)]
    await store.write(batch(0, 1, alerts=(*closed_ones, alert("open", raised_at=T0 + 99 * SECOND))))
    pages = []
    before = None
    while page := await store.closed_alerts(ClosedAlerts(), 4, before):
        pages.append([item.alert_id for item in page])
        before = (page[-1].raised_at, page[-1].alert_id)
    assert pages == [["a9", "a8", "a7", "a6"], ["a5", "a4", "a3", "a2"], ["a1", "a0"]]


async def test_a_call_comes_back_as_it_last_stood(store: GraphStore) -> None:
    await store.save(plant())
    await store.write(batch(0, 1, calls=(call("c1", arguments={"speed": 2**70, "mode": "slow"}),)))
    done = call("c1", status="refused", finished_at=T0 + 5, value={"ok": [False]}, error="the pump says no")
    await store.write(batch(1, 2, calls=(done,)))
    assert await store.calls(["c1", "c2"]) == [done]
    assert await store.calls([]) == []


async def test_a_call_comes_back_with_what_refused_it_and_what_a_person_overrode(store: GraphStore) -> None:
    unknown = (UnknownInput("pump_1.level", "NoReading"),)
    verdict = InterlockVerdict(STATION, "dry_run", "unknown", "pump.level < 5", unknown)
    refused = call("c1", status="refused", refusal=Refusal("CALL_INTERLOCKED", (verdict,), T0 + SECOND))
    sent = call("c2", status="accepted", observed_at=T0 + 9, override_reason="checked by hand", overrode=(verdict,))
    await store.write(batch(0, 1, calls=(refused, sent)))
    assert await store.calls(["c1", "c2"]) == [refused, sent]


async def test_a_twin_keeps_its_last_twenty_events_newest_first(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    for start in range(0, 30, 10):
        events = tuple(event(f"e{n}", T0 + n) for n in range(start, start + 10))
        await store.write(batch(start, start + 10, events=events))
    (row,) = await graph.run("MATCH (t:Twin {twin_id: 'pump_1'}) RETURN t.last_events AS events")
    kept = json.loads(str(row["events"]))
    assert [item["name"] for item in kept] == [f"e{n}" for n in range(29, 9, -1)]


async def test_a_thousand_readings_are_one_batch(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    rows = tuple(reading("pump_1", "temperature", float(n), T0 + n) for n in range(1_200))
    await store.write(batch(0, 1_200, properties=rows))
    assert (await graph.run(_PROPERTY))[0]["value"] == 1199.0


async def test_every_pump_above_a_temperature_is_one_range(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    facts = (reading("pump_1", "temperature", 81.5), reading("pump_2", "temperature", 79))
    await store.write(batch(0, 1, properties=facts))
    rows = await graph.run(
        "MATCH (p:Property) WHERE p.name = 'temperature' AND p.number > 80.0 RETURN p.twin_id AS twin"
    )
    assert rows == [{"twin": "pump_1"}]


async def test_an_overridden_property_is_written_as_everybody_sees_it(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    life, heard = reading("pump_1", "temperature", 81.5)
    forced = msgspec.structs.replace(heard, override=Override("forced", "ada", T0 + SECOND, "test", 20.0))
    await store.write(batch(0, 1, properties=((life, forced),)))
    (row,) = await graph.run(
        "MATCH (p:Property {key: 'pump_1/temperature'}) "
        "RETURN p.value AS value, p.number AS number, p.reason AS reason, p.known AS known, p.override AS override"
    )
    assert row == {"value": 20.0, "number": 20.0, "reason": "Forced", "known": True, "override": "forced"}
    await store.write(batch(1, 2, properties=((life, heard),)))
    (row,) = await graph.run("MATCH (p:Property {key: 'pump_1/temperature'}) RETURN p.override AS override")
    assert row == {"override": None}
