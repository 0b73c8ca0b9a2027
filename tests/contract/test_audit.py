"""The audit and the history of alerts, the same on both engines."""

from app.graph.store import GraphStore
from app.model.audit import AlertQuery, AlertRecord, AuditEntry, AuditQuery
from app.model.events import AlertChanged, Origin
from app.model.time import SECOND
from tests.contract.samples import CAUSE, T0, alert, batch, change, closed, plant, pump, stored
from tests.servers.graph import GraphAddress


def entry(number: int, **more: object) -> AuditEntry:
    """One a second, two of them at one moment."""
    values: dict[str, object] = {"kind": "acknowledgement", "outcome": "done", "actor": "ada"}
    return AuditEntry(f"journal/{number:012}/0000", T0 + number // 2 * SECOND, **(values | more))  # type: ignore[arg-type]


def ids(found: list[AuditEntry]) -> list[int]:
    return [int(item.entry_id.split("/")[1]) for item in found]


async def test_an_entry_comes_back_whole_however_often_it_is_written(store: GraphStore, graph: GraphAddress) -> None:
    whole = entry(
        1,
        kind="call",
        outcome="refused",
        actor="ada \ud800",
        origin=Origin("rest", "10.0.0.7"),
        subjects=("twin/pump_1", "call/c1"),
        what="set_speed",
        reason="läuft 'heiß'",
        code="INTERLOCKED",
        message="the valve is closed",
        details={"speed": 2**70, "mode": ["slow", {"x": None}]},
        sequence=1,
    )
    await store.write(batch(0, 0, audits=(whole,)))
    await store.write(batch(0, 1, audits=(whole,)))
    (found,) = await store.audit(AuditQuery(), 10, None)
    assert found.actor == "ada \ufffd"
    assert found == AuditEntry(**{**{f: getattr(whole, f) for f in whole.__struct_fields__}, "actor": "ada \ufffd"})
    assert await graph.run("MATCH (e:AuditEntry) RETURN count(e) AS n") == [{"n": 1}]


async def test_the_audit_comes_in_pages_newest_first_without_gaps(store: GraphStore) -> None:
    await store.write(batch(0, 1, audits=tuple(entry(number) for number in range(10))))
    pages, before = [], None
    while page := await store.audit(AuditQuery(), 3, before):
        pages.append(ids(page))
        before = page[-1].place
    assert pages == [[9, 8, 7], [6, 5, 4], [3, 2, 1], [0]]


async def test_every_filter_of_the_audit_holds_together_with_the_others_and_with_pages(store: GraphStore) -> None:
    entries = [
        entry(number, actor=("ada", "bob")[number % 2], kind=("override", "call")[number // 2 % 2],
              outcome=("done", "refused")[number // 4 % 2], subjects=(f"twin/p{number % 3}", "overlay/x"))
        for number in range(24)
    ]  # fmt: skip
    await store.write(batch(0, 1, audits=tuple(entries)))

    async def found(**query: object) -> list[int]:
        return ids(await store.audit(AuditQuery(**query), 100, None))  # type: ignore[arg-type]

    assert await found(actor="ada") == list(range(22, -1, -2))
    assert await found(kinds=("call",)) == [n for n in range(23, -1, -1) if n // 2 % 2]
    assert await found(kinds=("call", "override")) == list(range(23, -1, -1))
    assert await found(outcomes=("refused",)) == [n for n in range(23, -1, -1) if n // 4 % 2]
    assert await found(subject="twin/p1") == list(range(22, -1, -3))
    assert await found(subject="twin/p") == []
    assert await found(since=T0 + 2 * SECOND, until=T0 + 4 * SECOND) == [7, 6, 5, 4]
    assert await found(actor="bob", kinds=("call",), subject="twin/p0", since=T0 + SECOND) == [15, 3]
    page = await store.audit(AuditQuery(until=T0 + 4 * SECOND), 3, None)
    assert ids(page) == [7, 6, 5]
    assert ids(await store.audit(AuditQuery(until=T0 + 4 * SECOND), 3, page[-1].place)) == [4, 3, 2]


async def test_changes_of_definitions_stand_among_the_others_in_time(store: GraphStore) -> None:
    await store.save(plant())  # at T0
    await store.save(change(1, stored(pump("pump_1"), 2), reason="painted"))
    await store.write(batch(0, 1, audits=(entry(1), entry(3))))
    found = await store.audit(AuditQuery(), 10, None)
    assert [(item.kind, item.at - T0) for item in found] == [
        ("acknowledgement", 1_000_000),
        ("definition", 1_000_000),
        ("acknowledgement", 0),
        ("definition", 0),
    ]
    (painted,) = await store.audit(AuditQuery(kinds=("definition",), subject="twin/pump_1", since=T0 + 1), 10, None)
    assert (painted.reason, painted.subjects) == ("painted", ("twin/pump_1",))


def record(sequence: int, index: int = 0, alert_id: str = "a1", transition: str = "raised") -> AlertRecord:
    it = closed(alert_id, T0) if transition == "closed" else alert(alert_id)
    change = AlertChanged(it, transition, T0 + sequence * SECOND, CAUSE, "ada", "seen")  # type: ignore[arg-type]
    return AlertRecord(sequence, index, change)


async def test_an_alert_has_all_its_transitions_in_pages_newest_first(store: GraphStore, graph: GraphAddress) -> None:
    await store.save(plant())
    records = [record(1), record(1, 1, "a2"), record(2, 0, "a1", "cleared"), record(12, 0, "a1", "acknowledged"),
               record(12, 1, "a1", "closed")]  # fmt: skip
    await store.write(batch(0, 0, records=tuple(records)))
    await store.write(batch(0, 12, records=tuple(records), alerts=(closed("a1", T0), alert("a2"))))
    one = AlertQuery(alert_id="a1")
    first = await store.alert_records(one, 2, None)
    assert first == [records[4], records[3]]
    assert await store.alert_records(one, 2, first[-1].place) == [records[2], records[0]]
    assert await store.alert_records(AlertQuery(alert_id="nothing"), 2, None) == []
    rows = await graph.run("MATCH (:Alert)-[e:HAS_RECORD]->(:AlertRecord) RETURN count(e) AS n")
    assert rows == [{"n": 5}]
    assert await store.alerts(["a1"]) == [closed("a1", T0)]


async def test_the_transitions_of_all_alerts_are_filtered_by_whose_they_are_when_and_what(store: GraphStore) -> None:
    await store.save(plant())
    records = [record(n, 0, f"a{n % 2}", ("raised", "cleared")[n % 2]) for n in range(1, 9)]
    await store.write(batch(0, 9, records=tuple(records)))

    async def found(first: int = 100, before: tuple[int, int] | None = None, **query: object) -> list[int]:
        page = await store.alert_records(AlertQuery(**query), first, before)  # type: ignore[arg-type]
        return [item.sequence for item in page]

    assert await found() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert await found(3, (6, 0)) == [5, 4, 3]
    assert await found(transitions=("cleared",)) == [7, 5, 3, 1]
    assert await found(owner="overlay/station_a", twin_id="pump_2") == [8, 7, 6, 5, 4, 3, 2, 1]
    assert await found(owner="twin/station_a") == []
    assert await found(twin_id="pump_9") == []
    assert await found(since=T0 + 3 * SECOND, until=T0 + 5 * SECOND) == [4, 3]
    assert await found(alert_id="a1", transitions=("cleared",), since=T0 + 4 * SECOND) == [7, 5]


async def test_what_is_too_old_goes_in_parts_and_an_open_alert_keeps_its_history(store: GraphStore) -> None:
    await store.save(plant())
    old, new = [record(1), record(2, 0, "a1", "closed")], record(9, 0, "a1", "closed")
    of_open = record(1, 1, "a2")
    entries = tuple(entry(number) for number in range(6))
    records = (*old, of_open, new)
    await store.write(batch(0, 9, audits=entries, records=records, alerts=(closed("a1", T0), alert("a2"))))
    before = T0 + 2 * SECOND + 1
    assert await store.forget(before, 3) == 3
    assert await store.forget(before, 100) == 6  # the definition's own entry is one of the nine
    assert await store.forget(before, 100) == 0
    assert await store.audit(AuditQuery(), 100, None) == []
    assert await store.alert_records(AlertQuery(), 100, None) == [new, of_open]
    assert await store.alerts(["a1", "a2"]) == [closed("a1", T0), alert("a2")]
