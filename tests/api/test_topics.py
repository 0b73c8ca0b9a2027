"""What can be subscribed to beside values, behaviors, alerts and connectivity; filters; and resuming."""

import asyncio
from typing import Any

import pytest

from app.api.pace import LONGEST_MS
from app.model.events import (
    AlertChanged,
    Call,
    CallChanged,
    ConnectivityChanged,
    Outcome,
    TwinEventOccurred,
)
from app.model.plan import OwnerKey
from tests.api.client import DEADLINE, connected
from tests.api.parts import NOON, READING, Installation, a_call, an_alert
from tests.api.plant import Plant
from tests.api.test_sharing import Client, left, turns

ALERTS = """subscription($after: Long, $place: Int) { alertChanged(after: $after, afterPlace: $place) {
  initial sequence place remaining alert { alertId } } }"""
CALLS = """subscription($methods: [String!]) { callChanged(methods: $methods) {
  initial sequence place remaining call { callId status method } } }"""
EVENTS = """subscription($names: [String!], $twins: [ID!]) { twinEventOccurred(names: $names, twinIds: $twins) {
  twinId name parameters timestamp sequence place twin { twinType } cause { kind } } }"""
DEFINITIONS = """subscription($kinds: [DefinitionKind!], $ids: [ID!], $type: ID, $after: Long) {
  definitionChanged(kinds: $kinds, ids: $ids, twinType: $type, after: $after) {
    kind definitionId change revision author reason sequence place catalogueRevision
    diff { op path before after } definition { current { revision } } } }"""
VALUES = """subscription($where: TwinWhere, $down: ReachedFrom, $up: ReachedFrom) {
  propertyChanged(where: $where, downstreamOf: $down, upstreamOf: $up, properties: ["temperature"]) {
    twinId initial value { json } } }"""


def alerts(installation: Installation, *ids: str) -> None:
    """All at one sequence."""
    installation.commit(Outcome(alerts=tuple(AlertChanged(an_alert(id), "raised", NOON, READING) for id in ids)))


async def got(installation: Installation, query: str, field: str, count: int, **variables: Any) -> list[dict[str, Any]]:
    """So many that come of it, and what else there is then."""
    client = Client(installation)
    async with left(client):
        await client.subscribe(query, **variables)
        await come(client, field, count)
        return client.pushes(field)


async def come(client: Client, field: str, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while len(client.pushes(field)) < count:  # noqa: ASYNC110 - a thread reads the journal meanwhile
            await asyncio.sleep(0.001)
    await turns()


async def refusal(installation: Installation, query: str, **variables: Any) -> dict[str, Any]:
    async with connected(installation) as socket:
        await socket.subscribe(query, **variables)
        message = await socket.receive()
        assert message["type"] == "error", message
        [error] = message["payload"]
        found: dict[str, Any] = error["extensions"]
        return found


# ------------------------------------------------------------ topics


async def test_calls_under_way_come_first_and_then_each_step() -> None:
    installation = Installation()
    installation.live.calls = {
        "a": a_call("a", status="attempted", method="stop"),
        "b": a_call("b", status="accepted", method="stop"),
        "c": a_call("c", status="decided", property="speed"),
    }
    client = Client(installation)
    async with left(client):
        await client.subscribe(CALLS)
        await client.subscribe(CALLS, "2", methods=["stop"])
        await turns()
        done = Call("a", "pump_123", "accepted", NOON, READING, "stop")
        installation.commit(Outcome(calls=(CallChanged(done, NOON), CallChanged(a_call("d", property="speed"), NOON))))
        await turns()
        shown = [(push["call"]["callId"], push["initial"], push["remaining"]) for push in client.pushes("callChanged")]
        assert shown == [("a", True, 1), ("c", True, 0), ("a", False, None), ("d", False, None)]
        assert [push["call"]["callId"] for push in client.pushes("callChanged", "2")] == ["a", "a"]
        assert [push["place"] for push in client.pushes("callChanged")] == [None, None, 0, 1]


async def test_the_facts_of_a_call_come_one_by_one_from_the_real_engine() -> None:
    plant = Plant()
    client = Client(plant)
    async with left(client):
        plant.start()
        await client.subscribe(CALLS)
        await turns()
        async with connected(plant) as socket:
            await socket.subscribe(
                'mutation { invokeMethod(input: {twinId: "pump_123", method: "stop"}) { call { status } } }'
            )
            assert (await socket.next("invokeMethod"))["call"]["status"] == "ACCEPTED"
        assert [push["call"]["status"] for push in client.pushes("callChanged")] == [
            "DECIDED",
            "ATTEMPTED",
            "ACCEPTED",
        ]


async def test_events_of_twins_by_name() -> None:
    installation = Installation()
    client = Client(installation)
    async with left(client):
        await client.subscribe(EVENTS, names=["fault_occurred"])
        await client.subscribe(EVENTS, "2", twins=["pump_124"])
        await turns()
        events = (
            TwinEventOccurred("pump_123", "fault_occurred", NOON, {"code": 7}, READING),
            TwinEventOccurred("pump_123", "started", NOON, {}, READING),
        )
        installation.commit(Outcome(events=events))
        await turns()
        assert client.pushes("twinEventOccurred") == [
            {
                "twinId": "pump_123",
                "name": "fault_occurred",
                "parameters": {"code": 7},
                "timestamp": "2026-01-02T12:00:00.000000Z",
                "sequence": 1,
                "place": 0,
                "twin": {"twinType": "pump"},
                "cause": [{"kind": "READING"}],
            }
        ]
        assert client.pushes("twinEventOccurred", "2") == []


async def test_definitions_as_they_are_created_updated_and_deleted() -> None:
    plant = Plant()
    plant.start()
    client = Client(plant)
    async with left(client):
        await client.subscribe(DEFINITIONS)
        await client.subscribe(DEFINITIONS, "valves", type="valve")
        await client.subscribe(DEFINITIONS, "later", ids=["valve_9"])
        await client.subscribe(DEFINITIONS, "types", kinds=["TWIN_TYPE"])
        await turns()
        assert client.pushes("definitionChanged") == []
        commands, ann = plant.services.commands.definitions, client.context.actor()
        await commands.save([("twin", {"twin_id": "valve_9", "twin_type": "valve"})], ann)
        await commands.update("twin", "valve_9", {"description": "new"}, ann, reason="a word")
        await commands.delete("twin", "valve_9", ann)
        await come(client, "definitionChanged", 3)
        found = client.pushes("definitionChanged")
        assert [(push["definitionId"], push["change"], push["revision"]) for push in found] == [
            ("valve_9", "CREATED", 1),
            ("valve_9", "UPDATED", 2),
            ("valve_9", "DELETED", 3),
        ]
        assert found[1]["reason"] == "a word"
        assert found[1]["diff"] == [{"op": "ADD", "path": "/description", "before": None, "after": "new"}]
        assert found[2]["definition"] == {"current": None}
        sequences = [push["sequence"] for push in found]
        assert sequences == sorted(set(sequences))
        assert len(client.pushes("definitionChanged", "valves")) == 3, "also the one that takes it out"
        assert len(client.pushes("definitionChanged", "later")) == 3
        assert client.pushes("definitionChanged", "types") == []
        resumed = await got(plant, DEFINITIONS, "definitionChanged", 2, after=sequences[0])
        assert [push["revision"] for push in resumed] == [2, 3]


# ------------------------------------------------------------ filters


async def test_a_filter_of_live_values_holds_for_each_push_as_it_is_made() -> None:
    installation = Installation()
    installation.change("pump_123", "temperature", 85.0)
    client = Client(installation)
    async with left(client):
        where = {"type": ["pump"], "properties": [{"property": "temperature", "gte": 80}]}
        await client.subscribe(VALUES, where=where)
        await turns()
        for value in (70.0, 90.0):
            installation.change("pump_123", "temperature", value)
            installation.change("pump_124", "temperature", value)
            await turns()
        assert [(push["twinId"], push["initial"], push["value"]["json"]) for push in client.pushes()] == [
            ("pump_123", True, 85.0),
            ("pump_123", False, 90.0),
            ("pump_124", False, 90.0),
        ]


def calls_and_alerts(twin: str) -> Outcome:
    alert = an_alert(twin, twins=(twin,), owner=OwnerKey("twin", twin))
    return Outcome(
        calls=(CallChanged(a_call(twin, twin_id=twin), NOON),),
        alerts=(AlertChanged(alert, "raised", NOON, READING),),
        connectivity=(ConnectivityChanged(twin, "disconnected", "gone", NOON),),
    )


@pytest.mark.parametrize("field", ["connectivityChanged", "alertChanged", "callChanged"])
async def test_every_topic_takes_a_filter_of_twins(field: str) -> None:
    installation = Installation()
    client = Client(installation)
    async with left(client):
        query = f"subscription($where: TwinWhere) {{ {field}(where: $where) {{ sequence }} }}"
        await client.subscribe(query, where={"type": ["valve"]})
        await turns()
        installation.commit(calls_and_alerts("pump_123"))
        installation.commit(calls_and_alerts("valve_234"))
        await turns()
        assert [push["sequence"] for push in client.pushes(field)] == [2]


async def test_all_twins_downstream_are_followed_as_edges_change() -> None:
    installation = Installation()
    down, up, both = (Client(installation) for _ in range(3))
    async with left(down, up, both):
        every = VALUES.replace(', properties: ["temperature"]', "")
        await down.subscribe(every, down={"twinIds": ["pump_123"]})
        await up.subscribe(every, up={"twinIds": ["valve_234"], "inclusive": True})
        await both.subscribe(every, down={"twinIds": ["pump_123"], "relationshipTypes": ["control"]})
        await turns()

        def seen(client: Client) -> set[str]:
            return {push["twinId"] for push in client.pushes()}

        assert (seen(down), seen(up), seen(both)) == ({"valve_234"}, {"pump_123", "valve_234"}, set())
        edge = {"name": "out", "target_twin_id": "pump_124", "relationship_type": "physical_connection"}
        installation.save(("twin", {"twin_id": "valve_234", "twin_type": "valve", "relationships": [edge]}))
        installation.bus.definitions_changed()
        await turns()
        assert seen(down) == {"valve_234", "pump_124"}
        down.written.clear()
        installation.save(("twin", {"twin_id": "valve_234", "twin_type": "valve"}))
        installation.bus.definitions_changed()
        installation.change("pump_124", "temperature", 1.0)
        installation.change("valve_234", "open", True)
        await turns()
        assert seen(down) == {"valve_234"}, "who is downstream no more is followed no more"


@pytest.mark.parametrize(
    ("variables", "code", "path"),
    [
        ({"down": {"twinIds": ["pump_12"]}}, "UNKNOWN_TWIN", "/downstreamOf/twinIds/0"),
        (
            {"up": {"twinIds": ["pump_123"], "relationshipTypes": ["controls"]}},
            "UNKNOWN_RELATIONSHIP_TYPE",
            "/upstreamOf/relationshipTypes/0",
        ),
        ({"up": {"twinIds": ["pump_123"], "maxDepth": 0}}, "DEPTH_INVALID", "/upstreamOf/maxDepth"),
        ({"down": {"twinIds": ["pump_123"] * 101}}, "TOO_MANY_VALUES", "/downstreamOf/twinIds"),
        ({"where": {"type": ["pomp"]}}, "UNKNOWN_TWIN_TYPE", "/where/type/0"),
    ],
)
async def test_an_unknown_name_in_a_filter_is_an_error_with_its_place(
    variables: dict[str, Any], code: str, path: str
) -> None:
    found = await refusal(Installation(), VALUES, **variables)
    assert (found["code"], found["problems"][0]["path"]) == (code, path)


@pytest.mark.parametrize("every", [-1, LONGEST_MS + 1])
async def test_an_interval_has_its_limits(every: int) -> None:
    query = "subscription($every: Int) { connectivityChanged(minIntervalMs: $every) { twinId } }"
    assert (await refusal(Installation(), query, every=every))["code"] == "INTERVAL_INVALID"


# ------------------------------------------------------------ resuming


async def test_what_was_missed_comes_once_and_then_what_happens() -> None:
    installation = Installation()
    alerts(installation, "a")
    alerts(installation, "b", "c", "d")
    installation.change("pump_123", "temperature", 1.0)
    alerts(installation, "e")
    client = Client(installation)
    async with left(client):
        await client.subscribe(ALERTS, after=2, place=0)
        await come(client, "alertChanged", 3)
        alerts(installation, "f")
        await turns()
        found = client.pushes("alertChanged")
        assert [(push["alert"]["alertId"], push["sequence"], push["place"]) for push in found] == [
            ("c", 2, 1),
            ("d", 2, 2),
            ("e", 4, 0),
            ("f", 5, 0),
        ]
        assert not any(push["initial"] for push in found)
    assert [push["alert"]["alertId"] for push in await got(installation, ALERTS, "alertChanged", 2, after=2)] == [
        "e",
        "f",
    ]
    assert await got(installation, ALERTS, "alertChanged", 0, after=5) == []


async def test_a_long_time_away_is_read_in_parts_and_once_for_all_who_come_back() -> None:
    installation = Installation()
    for number in range(300):
        alerts(installation, f"alert-{number}")
    asked: list[tuple[int, int]] = []
    recorded = installation.recorded

    def read(after: int, limit: int) -> Any:
        asked.append((after, limit))
        return recorded(after, limit)

    installation.services.replays._read = read
    clients = [Client(installation) for _ in range(5)]
    async with left(*clients):
        for number, client in enumerate(clients):
            await client.subscribe(ALERTS, after=10 + number)
        for number, client in enumerate(clients):
            await come(client, "alertChanged", 290 - number)
        for number, client in enumerate(clients):
            found = [push["sequence"] for push in client.pushes("alertChanged")]
            assert found == list(range(11 + number, 301))
        assert all(limit <= 64 for _, limit in asked)
        whole = [after for after, limit in asked if limit == 64]
        assert sorted(whole) == [0, 64, 128, 192]


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"after": 99}, "RESUME_AHEAD"),
        ({"after": -1}, "SEQUENCE_INVALID"),
        ({"after": 1, "place": -1}, "SEQUENCE_INVALID"),
        ({"place": 1}, "SEQUENCE_INVALID"),
    ],
)
async def test_a_place_that_can_not_be_resumed_from_is_refused(variables: dict[str, Any], code: str) -> None:
    installation = Installation()
    alerts(installation, "a")
    assert (await refusal(installation, ALERTS, **variables))["code"] == code


@pytest.mark.parametrize("lost", [0, 4, 70])
async def test_what_is_not_in_the_journal_any_more_is_an_explicit_reset(lost: int) -> None:
    installation = Installation()
    for number in range(100):
        alerts(installation, f"alert-{number}")
    del installation.store.journal[lost]
    client = Client(installation)
    async with left(client):
        await client.subscribe(ALERTS, after=0)
        await asyncio.wait_for(asyncio.shield(client._running[0]), DEADLINE)
        last = client.messages[-1]["payload"]["errors"][0]["extensions"]
        assert (last["code"], last["path"]) == ("RESUME_TOO_OLD", "/after")
        assert "subscribe without `after`" in last["hint"]
    assert [push["sequence"] for push in (await got(installation, ALERTS, "alertChanged", 10, after=90))] == list(
        range(91, 101)
    )
