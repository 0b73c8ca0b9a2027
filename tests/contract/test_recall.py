"""Closed alerts, calls, revisions and the audit, for several askers at once: the same on both engines."""

import msgspec

from app.graph.store import GraphStore
from app.model.asked import Calls, ClosedAlerts, Sought
from app.model.audit import AuditQuery
from app.model.events import Alert, Call
from app.model.plan import BehaviorKey, OwnerKey
from app.model.time import SECOND
from tests.contract.samples import T0, batch, call, change, closed, plant, pump_type, stored
from tests.contract.test_audit import entry

STATION = OwnerKey("overlay", "station_a")
PUMP = OwnerKey("twin", "pump_1")


def named(found: list[Alert]) -> list[str]:
    return [item.alert_id for item in found]


def called(found: list[Call]) -> list[str]:
    return [item.call_id for item in found]


async def _alerts(store: GraphStore) -> None:
    await store.save(plant())
    alerts = [
        closed(
            f"a{number}",
            T0 + number * SECOND,
            owner=(STATION, PUMP)[number % 2],
            behavior=("failover", "hot")[number % 2],
            twins=("pump_1", "pump_2") if number % 3 == 0 else ("pump_1",),
            severity=("warning", "error")[number // 2 % 2],
            message=f"It Läuft {number}",
            code=f"c{number % 4}",
        )
        for number in range(8)
    ]
    await store.write(batch(0, 1, alerts=tuple(alerts)))


async def test_each_asker_gets_his_own_newest_alerts_each_once(store: GraphStore) -> None:
    await _alerts(store)
    sought = [
        Sought(twins=("pump_2",)),
        Sought(twins=("pump_1", "pump_2")),
        Sought(owners=("overlay/station_a",)),
        Sought(behaviors=("twin/pump_1/hot",), since=T0 + 2 * SECOND, until=T0 + 7 * SECOND),
        Sought(twins=("pump_2",), owners=("twin/pump_1",)),
        Sought(),
        Sought(twins=("nobody",)),
    ]
    found = await store.closed_alerts_of(sought, ClosedAlerts(), 3, None)
    assert [named(items) for items in found] == [
        ["a6", "a3", "a0"],
        ["a7", "a6", "a5"],
        ["a6", "a4", "a2"],
        ["a5", "a3"],
        ["a7", "a6", "a5"],
        [],
        [],
    ]
    place = (T0 + 6 * SECOND, "a6")
    assert [named(items) for items in await store.closed_alerts_of(sought[:2], ClosedAlerts(), 3, place)] == [
        ["a3", "a0"],
        ["a5", "a4", "a3"],
    ]


async def test_every_filter_of_closed_alerts_narrows(store: GraphStore) -> None:
    await _alerts(store)

    async def found(asked: ClosedAlerts) -> list[str]:
        everyone = named(await store.closed_alerts(asked, 99, None))
        (of_one,) = await store.closed_alerts_of([Sought(twins=("pump_1",))], asked, 99, None)
        if asked.about is None:
            assert named(of_one) == everyone, "all of them concern that pump"
        return everyone

    assert await found(ClosedAlerts(severities=("error",))) == ["a7", "a6", "a3", "a2"]
    assert await found(ClosedAlerts(owner="overlay/station_a", code="c2")) == ["a6", "a2"]
    assert await found(ClosedAlerts(behavior="hot", since=T0 + 3 * SECOND, until=T0 + 7 * SECOND)) == ["a5", "a3"]
    assert await found(ClosedAlerts(text="läuft 4")) == ["a4"]
    assert await found(ClosedAlerts(shelved=True)) == []
    assert len(await found(ClosedAlerts(shelved=False, suppressed=False))) == 8
    nowhere: frozenset[str] = frozenset()
    assert await found(ClosedAlerts(about=(nowhere, frozenset(["pump_2"])))) == ["a6", "a3", "a0"]
    assert await found(ClosedAlerts(about=(frozenset(["twin/pump_1"]), nowhere))) == ["a7", "a5", "a3", "a1"]
    assert await found(ClosedAlerts(about=(nowhere, nowhere))) == []


async def test_calls_are_found_by_twin_by_owner_and_by_behavior_newest_first(store: GraphStore) -> None:
    await store.save(plant())
    deciders = (None, BehaviorKey(PUMP, "hot"), BehaviorKey(STATION, "failover"))
    made = [
        msgspec.structs.replace(
            call(f"c{number}"),
            decided_at=T0 + number // 2 * SECOND,
            twin_id=f"pump_{number % 2 + 1}",
            behavior=deciders[number % 3],
            status=("accepted", "failed")[number % 4 == 3],
            method="start" if number % 2 else None,
            property=None if number % 2 else "speed",
        )
        for number in range(9)
    ]
    await store.write(batch(0, 1, calls=tuple(made)))
    pages, before = [], None
    while page := await store.call_page(Calls(), 4, before):
        pages.append(called(page))
        before = (page[-1].decided_at, page[-1].call_id)
    assert pages == [["c8", "c7", "c6", "c5"], ["c4", "c3", "c2", "c1"], ["c0"]]
    sought = [
        Sought(twins=("pump_2",)),
        Sought(owners=("twin/pump_1",)),
        Sought(behaviors=("overlay/station_a/failover",), until=T0 + 4 * SECOND),
    ]
    assert [called(items) for items in await store.calls_of(sought, Calls(), 2, None)] == [
        ["c7", "c5"],
        ["c7", "c4"],
        ["c5", "c2"],
    ]
    failed = Calls(statuses=("failed",))
    assert [called(items) for items in await store.calls_of(sought, failed, 9, None)] == [["c7", "c3"], ["c7"], []]
    assert called(await store.call_page(Calls(twins=frozenset(["pump_1"]), owner="twin/pump_1"), 9, None)) == ["c4"]
    assert called(await store.call_page(Calls(method="start", behavior="failover"), 9, None)) == ["c5"]
    assert called(await store.call_page(Calls(property="speed", since=T0 + 3 * SECOND), 9, None)) == ["c8", "c6"]
    assert await store.call_page(Calls(twins=frozenset()), 9, None) == []


async def test_revisions_of_several_definitions_are_each_its_own(store: GraphStore) -> None:
    await store.save(plant())
    for number in range(2, 5):
        await store.save(change(number - 1, stored(pump_type(description=f"{number}"), number)))
    found = await store.revisions_of([("twin_type", "pump", None), ("twin", "pump_1", None), ("twin", "x", None)], 2)
    assert [[item.number for item in items] for items in found] == [[4, 3], [1], []]
    assert found[0][0] == (await store.revisions("twin_type", "pump", first=1))[0]
    below = await store.revisions_of([("twin_type", "pump", 3), ("twin_type", "pump", 2)], 9)
    assert [[item.number for item in items] for items in below] == [[2, 1], [1]]
    assert await store.revisions_of([("twin_type", "pump", None)], 0) == [[]]


async def test_the_audit_is_told_about_each_of_several_subjects(store: GraphStore) -> None:
    entries = [entry(number, subjects=(f"twin/p{number % 3}", "overlay/x")) for number in range(7)]
    await store.write(batch(0, 1, audits=tuple(entries)))
    subjects = ["twin/p0", "overlay/x", "twin/none", "twin/p0"]
    found = await store.audit_of(subjects, AuditQuery(), 2, None)
    numbers = [[int(item.entry_id.split("/")[1]) for item in items] for items in found]
    assert numbers == [[6, 3], [6, 5], [], [6, 3]]
    rest = await store.audit_of(subjects[:1], AuditQuery(since=T0), 9, found[0][-1].place)
    assert [item.entry_id for item in rest[0]] == [entries[0].entry_id]
    assert await store.audit_of(subjects[:1], AuditQuery(actor="bob"), 9, None) == [[]]
    known = [entries[2].entry_id, "journal/none"]
    assert [item.entry_id for item in await store.audit_entries(known)] == known[:1]


async def test_scripts_are_found_by_what_they_declare(store: GraphStore) -> None:
    save = store.scripts.save
    for name, declares in (("b", ["overlay/x", "twin/p"]), ("a", ["twin/p"]), ("c", [])):
        await save(name, f"// {name}", at=T0, author="ann", reason="", expected=None, declares=declares)
    assert await store.scripts.declaring(["twin/p", "overlay/x", "twin/q"]) == {
        "twin/p": ["a", "b"],
        "overlay/x": ["b"],
        "twin/q": [],
    }
    await save("a", "// other", at=T0, author="ann", reason="", expected=None, declares=["twin/q"])
    assert await store.scripts.declaring(["twin/p", "twin/q"]) == {"twin/p": ["b"], "twin/q": ["a"]}
    assert (await store.scripts.scripts(["b"]))["b"].declares == ("overlay/x", "twin/p")
