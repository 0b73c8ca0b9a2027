"""Live queries: what is pushed, when, to whom, what that costs, and what is refused."""

import asyncio
import gc
import inspect
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from strawberry.types import ExecutionResult

from app.api.context import Context
from app.api.errors import presented
from app.api.limits.admission import Admission
from app.api.live.live_queries import MAX_ON_A_SOCKET, LiveQueries
from app.api.live.reads import Key, Reads
from app.api.live.shape import NOT_LIVE, Shape
from app.api.live.views import NotedCatalogue
from app.api.live.watch import Ask, Push
from app.api.schema import schema
from app.model.catalogue import Catalogue
from app.model.sight import Subject
from app.settings import GraphQLSettings
from tests.api import restless
from tests.api.client import DEADLINE, Socket, ask, connected
from tests.api.json_patch import patched
from tests.api.plant import Plant
from tests.api.restless import context_of
from tests.api.test_subscriptions import until

HEAT = """subscription($type: ID! = "pump", $delta: Boolean! = false, $interval: Int! = 0) {
  liveTwins(where: {type: [$type]}, delta: $delta, minIntervalMs: $interval) { sequence initial skipped patch
    twins { totalCount nodes { twinId property(name: "temperature") { value { number } } } } } }"""
CELLAR = """subscription { liveOverlay(overlayId: "cellar", minIntervalMs: 0) { initial
  overlay { name roles { role twin { twinId } } behaviors { name state } alerts { nodes { code acknowledged } } } } }"""
PUMP = """subscription { liveTwin(twinId: "pump_124", minIntervalMs: 0) { twin { twinId description
  memberships { nodes { role overlay { overlayId } } } } } }"""
HOT = """subscription { liveTwins(where: {properties: [{property: "temperature", gte: 80}]}, minIntervalMs: 0) {
  twins { nodes { twinId } } } }"""
SAVE_TWIN = "mutation($document: JSON!) { saveTwin(input: {document: $document}) { twin { twinId } } }"
SAVE_OVERLAY = "mutation($document: JSON!) { saveOverlay(input: {document: $document}) { overlay { overlayId } } }"
DELETE = "mutation($id: ID!) { deleteTwin(input: {twinId: $id, cascade: UNBIND}) { deletedId } }"


def a_plant() -> Plant:
    """Both pumps of which have devices."""
    plant = Plant()
    fed = {name: {"node_id": f"ns=2;s={name}"} for name in ("temperature", "status")}
    for twin_id in ("pump_123", "pump_124"):
        path = {"protocol": "opc-ua", "endpoint": "opc.tcp://127.0.0.1:4840", "mapping": {"properties": fed}}
        plant.save(("twin", {"twin_id": twin_id, "twin_type": "pump", "connectivity": path}))
    plant.start()
    plant.reach("pump_124")
    return plant


@asynccontextmanager
async def looking() -> AsyncIterator[tuple[Plant, Socket]]:
    plant = a_plant()
    async with connected(plant) as socket:
        yield plant, socket


async def pushes(context: Context, query: str, **variables: Any) -> AsyncGenerator[ExecutionResult, None]:
    """To a client that takes one when it likes."""
    found = await schema.subscribe(query, variables, context)
    async with aclosing(found) as results:
        while True:
            async with asyncio.timeout(DEADLINE):
                try:
                    result = await anext(results)
                except StopAsyncIteration:
                    return
            yield result


def pushed(result: ExecutionResult) -> Any:
    """As it is sent: parts of it are bytes already."""
    assert result.data is not None, result.errors
    [found] = msgspec.json.decode(msgspec.json.encode(result.data)).values()
    return found


def numbers(push: Any) -> dict[str, float | None]:
    return {node["twinId"]: node["property"]["value"]["number"] for node in push["twins"]["nodes"]}


# ---------------------------------------------------------------- what is pushed


async def test_the_whole_answer_comes_first_and_again_when_it_is_another() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(HEAT)
        first = await socket.next("liveTwins")
        assert (first["initial"], first["skipped"], first["patch"]) == (True, 0, None)
        assert numbers(first) == {"pump_123": None, "pump_124": None}
        assert first["sequence"] == plant.engine.live.sequence
        plant.hear("pump_123", "temperature", 65.0)
        second = await socket.next("liveTwins")
        assert (second["initial"], second["sequence"]) == (False, plant.engine.live.sequence)
        assert numbers(second) == {"pump_123": 65.0, "pump_124": None}


async def test_a_twin_joins_and_leaves_the_page_as_definitions_change() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(HEAT)
        await socket.next("liveTwins")
        await ask(plant, SAVE_TWIN, document={"twin_id": "pump_125", "twin_type": "pump"})
        assert sorted(numbers(await socket.next("liveTwins"))) == ["pump_123", "pump_124", "pump_125"]
        await ask(plant, DELETE, id="pump_124")
        assert sorted(numbers(await socket.next("liveTwins"))) == ["pump_123", "pump_125"]


async def test_a_twin_joins_the_page_as_its_value_passes_the_filter() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(HOT)
        assert (await socket.next("liveTwins"))["twins"]["nodes"] == []
        plant.hear("pump_123", "temperature", 81.0)
        assert (await socket.next("liveTwins"))["twins"]["nodes"] == [{"twinId": "pump_123"}]


async def test_an_overlay_follows_its_roles_behaviors_and_alerts() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(CELLAR)
        first = (await socket.next("liveOverlay"))["overlay"]
        assert [role["twin"] for role in first["roles"]] == [{"twinId": "pump_123"}, None, {"twinId": "valve_234"}]
        plant.hear("pump_123", "temperature", 85.0)
        assert (await socket.next("liveOverlay"))["overlay"]["alerts"]["nodes"] == [
            {"code": "0", "acknowledged": False}
        ]
        twins = [{"twin_id": "pump_124", "role": "primary"}, {"twin_id": "valve_234", "role": "outlet"}]
        await ask(
            plant,
            SAVE_OVERLAY,
            document={"overlay_id": "cellar", "overlay_type": "pumping", "name": "C", "twins": twins},
        )
        found = (await socket.next("liveOverlay"))["overlay"]
        assert found["name"] == "C"
        assert found["roles"][0]["twin"] == {"twinId": "pump_124"}
        assert found["alerts"]["nodes"] == []


async def test_an_impact_follows_how_its_twins_stand() -> None:
    query = """subscription { liveImpact(input: {change: {failure: ["pump_123"]}}, minIntervalMs: 0) { impact {
      sequence twins { nodes { twinId state troubles } } overlays { overlayId state } } } }"""
    plant = a_plant()
    results = pushes(context_of(plant), query)
    async with aclosing(results):
        first = pushed(await anext(results))["impact"]
        assert first["overlays"] == [{"overlayId": "cellar", "state": "LOST"}]
        assert [(item["twinId"], item["troubles"]) for item in first["twins"]["nodes"]] == [
            ("pump_123", ["UNKNOWN"]), ("valve_234", []),
        ]  # fmt: skip
        plant.hear("pump_123", "temperature", 85.0)
        second = pushed(await anext(results))["impact"]
        assert second["twins"]["nodes"][0]["troubles"] == ["ALERTING"]
        assert second["sequence"] == plant.engine.live.sequence
        await ask(plant, 'mutation { deleteOverlay(input: {overlayId: "cellar"}) { deletedId } }')
        assert pushed(await anext(results))["impact"]["overlays"] == []
        await ask(plant, DELETE, id="pump_123")
        gone = await anext(results)
        assert pushed(gone)["impact"] is None
        assert gone.errors is not None
        assert [(error.extensions or {})["code"] for error in gone.errors] == ["IMPACT_INVALID"]


async def test_what_is_deleted_is_null_until_it_is_there_again() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(PUMP)
        assert (await socket.next("liveTwin"))["twin"] == {
            "twinId": "pump_124",
            "description": "",
            "memberships": {"nodes": []},
        }
        await ask(plant, DELETE, id="pump_124")
        assert await socket.next("liveTwin") == {"twin": None}
        document = {"twin_id": "pump_124", "twin_type": "pump", "description": "New"}
        await ask(plant, SAVE_TWIN, document=document)
        assert (await socket.next("liveTwin"))["twin"]["description"] == "New"


async def test_a_filter_that_has_lost_its_name_tells_so_and_comes_back() -> None:
    plant = a_plant()
    kind = {"type_id": "fan", "properties": [{"name": "temperature", "data_type": "float"}]}
    save = "mutation($document: JSON!) { saveTwinType(input: {document: $document}) { twinType { typeId } } }"
    await ask(plant, save, document=kind)
    results = pushes(context_of(plant), HEAT, type="fan")
    async with aclosing(results):
        assert pushed(await anext(results))["twins"]["totalCount"] == 0
        await ask(plant, 'mutation { deleteTwinType(input: {typeId: "fan"}) { deletedId } }')
        gone = await anext(results)
        assert pushed(gone)["twins"] is None
        assert gone.errors is not None
        assert [error.extensions["code"] for error in gone.errors if error.extensions] == ["UNKNOWN_TWIN_TYPE"]
        assert [error.path for error in gone.errors] == [["liveTwins", "twins"]]
        await ask(plant, save, document=kind)
        assert pushed(await anext(results))["twins"]["totalCount"] == 0


# ---------------------------------------------------------------- deltas


async def test_with_delta_only_what_differs_is_pushed() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(HEAT, delta=True)
        first = await socket.next("liveTwins")
        assert (first["patch"], numbers(first)) == (None, {"pump_123": None, "pump_124": None})
        plant.hear("pump_124", "temperature", 65.0)
        second = await socket.next("liveTwins")
        assert second["twins"] is None
        at = "/twins/nodes/1/property/value/number"
        assert second["patch"] == [{"op": "replace", "path": at, "value": 65.0}]
        assert numbers(patched(first, second["patch"])) == {"pump_123": None, "pump_124": 65.0}


async def test_a_patch_longer_than_the_answer_is_not_sent() -> None:
    query = """subscription { liveTwin(twinId: "pump_123", delta: true, minIntervalMs: 0) { patch
      twin { property(name: "status") { value { text } } } } }"""
    async with looking() as (plant, socket):
        await socket.subscribe(query)
        await socket.next("liveTwin")
        plant.hear("pump_123", "status", "off")
        found = await socket.next("liveTwin")
        assert found == {"patch": None, "twin": {"property": {"value": {"text": "off"}}}}


async def test_delta_needs_the_field_that_carries_it() -> None:
    async with looking() as (_, socket):
        await socket.subscribe('subscription { liveTwin(twinId: "pump_123", delta: true) { twin { twinId } } }')
        assert await code(socket) == "DELTA_INVALID"


async def test_a_patch_that_the_document_leaves_out_after_all_leaves_the_answers_whole() -> None:
    query = HEAT.replace("patch", "patch @include(if: false)")
    async with looking() as (plant, socket):
        await socket.subscribe(query, delta=True)
        await socket.next("liveTwins")
        plant.hear("pump_123", "temperature", 65.0)
        assert numbers(await socket.next("liveTwins")) == {"pump_123": 65.0, "pump_124": None}


async def test_a_slow_reader_gets_the_newest_and_the_patch_from_what_it_has() -> None:
    plant = a_plant()
    queries = plant.services.live_queries
    slow, quick = (pushes(context_of(plant), HEAT, delta=True) for _ in range(2))
    async with aclosing(slow), aclosing(quick):
        shown = pushed(await anext(slow))
        await anext(quick)
        for number in (1.0, 2.0, 3.0):
            plant.hear("pump_123", "temperature", number)
            assert pushed(await anext(quick))["patch"][0]["value"] == number
        plant.hear("pump_124", "temperature", 4.0)
        await anext(quick)
        late = pushed(await anext(slow))
        assert late["skipped"] == 3
        assert numbers(patched(shown, late["patch"])) == {"pump_123": 3.0, "pump_124": 4.0}
        assert len(queries) == 1


# ---------------------------------------------------------------- what it costs


async def test_nothing_is_executed_for_what_the_answer_was_not_read_from() -> None:
    async with looking() as (plant, socket):
        queries = plant.services.live_queries
        await socket.subscribe(HEAT)
        await socket.next("liveTwins")
        executed = queries.executions
        plant.hear("valve_234", "open", True)
        plant.hear("pump_123", "status", "running")
        plant.reach("valve_234")
        document = {"overlay_id": "attic", "overlay_type": "pumping", "twins": [], "lifecycle": "draft"}
        await ask(plant, SAVE_OVERLAY, document=document)
        plant.hear("pump_123", "temperature", 20.0)
        await socket.next("liveTwins")
        assert queries.executions == executed + 1


async def test_what_comes_within_the_interval_is_one_execution() -> None:
    async with looking() as (plant, socket):
        queries = plant.services.live_queries
        await socket.subscribe(HEAT, interval=20)
        await socket.next("liveTwins")
        executed = queries.executions
        for number in range(50):
            plant.hear("pump_123", "temperature", float(number))
        assert numbers(await socket.next("liveTwins"))["pump_123"] == 49.0
        assert queries.executions == executed + 1


class Disturbed:
    """A live query under which what it reads changes whenever it is executed."""

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self.field, self.context = "liveTwins", context_of(plant)
        self.reads, self.keys, self.listeners = Reads(), set[Key](), 0
        self.stale, self.due, self.interval, self.over = True, 0.0, 60.0, False
        self.answer: Any = None
        self.executions = 0
        self._looked = asyncio.Event()

    def watch(self) -> "Disturbed":
        return self

    async def first(self) -> None:
        await self._looked.wait()

    async def newer(self, seen: int) -> None:
        await asyncio.Event().wait()

    async def execute(self, sequence: Any, overheard: Any) -> Reads:
        reads = Reads()
        reads.note("anything")
        self.executions += 1
        self._plant.hear("pump_123", "temperature", float(self.executions))
        await asyncio.sleep(0)
        if not overheard(reads):
            self.answer = SimpleNamespace(version=1, sequence=sequence())
            self._looked.set()
        return reads

    def push(self, last: Any, sequence: int) -> object:
        return sequence

    def farewell(self) -> object:
        raise AssertionError("it never ends")

    def fail(self, error: Exception) -> None:
        raise error


async def test_what_changes_under_an_execution_waits_for_the_interval_like_all_else() -> None:
    plant = a_plant()
    disturbed = Disturbed(plant)
    queries = plant.services.live_queries
    async with aclosing(queries.follow(("disturbed",), disturbed)) as found:
        await anext(found)
        tries = disturbed.executions
        async with aclosing(pushes(context_of(plant), HEAT)) as others:
            await anext(others)  # the worker has come to what was queued behind
        assert disturbed.executions == tries
        assert queries.waiting == 1


class Lingering(Disturbed):
    """One that takes a while to end."""

    async def execute(self, sequence: Any, overheard: Any) -> Reads:
        try:
            self.executions += 1
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
        raise AssertionError("nobody sets the event")


class Held(Disturbed):
    """One whose first execution waits, and what it reads changes meanwhile."""

    async def execute(self, sequence: Any, overheard: Any) -> Reads:
        self.executions += 1
        if self.executions > 1:
            self.answer = SimpleNamespace(version=1, sequence=sequence())
            self._looked.set()
            return Reads()
        for _ in range(20):
            await asyncio.sleep(0)
        self._plant.hear("pump_123", "temperature", 1.0)
        reads = Reads()
        reads.note("anything")
        assert overheard(reads)
        return reads


async def test_a_change_is_heard_while_the_last_live_query_before_is_still_ending() -> None:
    plant = a_plant()
    queries, gone, held = plant.services.live_queries, Lingering(plant), Held(plant)
    before = queries.follow(("lingering",), gone)
    first = asyncio.create_task(anext(before))
    await until(lambda: gone.executions == 1)
    first.cancel()
    await asyncio.wait([first])
    async with aclosing(queries.follow(("held",), held)) as found:
        async with asyncio.timeout(DEADLINE):
            await anext(found)
    assert held.executions == 2


async def test_nothing_is_kept_of_a_live_query_that_has_ended_before_it_was_due() -> None:
    plant = a_plant()
    context = context_of(plant)
    async with aclosing(pushes(context, HEAT, interval=3_600_000)) as found:
        await anext(found)
        plant.hear("pump_123", "temperature", 65.0)
        [watch] = plant.services.live_queries._watches.values()
        ended = weakref.ref(watch)
        del watch
    await asyncio.sleep(0)  # the worker ends
    gc.collect()
    assert ended() is None


async def test_the_same_question_of_several_clients_is_executed_once() -> None:
    plant = a_plant()
    queries = plant.services.live_queries
    clients = [pushes(context_of(plant), HEAT) for _ in range(5)]
    for client in clients:
        await anext(client)
    assert (len(queries), queries.executions) == (1, 1)
    plant.hear("pump_123", "temperature", 20.0)
    assert {numbers(pushed(await anext(client)))["pump_123"] for client in clients} == {20.0}
    assert queries.executions == 2
    other = pushes(context_of(plant), HEAT, type="valve")
    await anext(other)
    assert len(queries) == 2
    for client in (*clients, other):
        await client.aclose()
    assert len(queries) == 0
    assert len(queries._interest) == 0


class ByName:
    """Implements ports.Sight: bob sees nothing of pump_124."""

    def viewer(self, name: str) -> Hashable:
        return name

    def may_see(self, viewer: Hashable, subject: Subject) -> bool:
        return viewer != "bob" or "pump_124" not in subject.twins


async def test_viewers_share_nothing_and_each_push_asks_what_they_may_see() -> None:
    plant = a_plant()
    plant.services = replace(plant.services, sight=ByName())
    ann = pushes(context_of(plant, **{"x-actor": "ann"}), HEAT)
    bob = pushes(context_of(plant, **{"x-actor": "bob"}), HEAT)
    async with aclosing(ann), aclosing(bob):
        assert sorted(numbers(pushed(await anext(ann)))) == ["pump_123", "pump_124"]
        waiting = asyncio.ensure_future(anext(bob))
        await until(lambda: plant.services.live_queries.executions == 2)
        await ask(plant, DELETE, id="pump_124")
        assert sorted(numbers(pushed(await waiting))) == ["pump_123"]
        assert len(plant.services.live_queries) == 2


async def test_who_comes_later_gets_the_answer_of_now_and_its_sequence() -> None:
    plant = a_plant()
    first = pushes(context_of(plant), HEAT, interval=60_000)
    second = pushes(context_of(plant), HEAT, interval=60_000)
    async with aclosing(first), aclosing(second):
        await anext(first)
        plant.hear("pump_123", "temperature", 20.0)
        found = pushed(await anext(second))
        assert (found["initial"], found["skipped"]) == (True, 0)
        assert (numbers(found)["pump_123"], found["sequence"]) == (20.0, plant.engine.live.sequence)


async def test_a_deadband_holds_for_what_is_shown_and_not_for_what_is_filtered() -> None:
    plant = a_plant()
    level = {"name": "level", "data_type": "float", "deadband": 1.0}
    plant_save = "mutation($document: JSON!) { saveTwinType(input: {document: $document}) { twinType { typeId } } }"
    await ask(plant, plant_save, document={"type_id": "tank", "properties": [level]})
    await ask(plant, SAVE_TWIN, document={"twin_id": "tank_1", "twin_type": "tank"})
    report = """mutation($value: JSON!) { reportSamples(input: {samples: [
      {twinId: "tank_1", property: "level", value: $value}]}) { accepted } }"""
    shown = """subscription { liveTwin(twinId: "tank_1", minIntervalMs: 0) {
      twin { property(name: "level") { value { number } } } } }"""
    above = """subscription { liveTwins(where: {properties: [{property: "level", gt: 5.5}]}, minIntervalMs: 0) {
      twins { nodes { twinId } } } }"""
    await ask(plant, report, value=5.0)
    showing, filtering = pushes(context_of(plant), shown), pushes(context_of(plant), above)
    async with aclosing(showing), aclosing(filtering):
        assert pushed(await anext(showing))["twin"]["property"]["value"]["number"] == 5.0
        assert pushed(await anext(filtering))["twins"]["nodes"] == []
        plant.clock.at += 1_000_000
        await ask(plant, report, value=5.9)
        assert pushed(await anext(filtering))["twins"]["nodes"] == [{"twinId": "tank_1"}]
        plant.clock.at += 1_000_000
        await ask(plant, report, value=6.5)
        assert pushed(await anext(showing))["twin"]["property"]["value"]["number"] == 6.5


async def test_a_value_that_stays_on_its_side_of_a_filter_executes_nothing() -> None:
    async with looking() as (plant, socket):
        await socket.subscribe(HOT)
        await socket.next("liveTwins")
        executed = plant.services.live_queries.executions
        for number in (20.0, 79.0, 60.0):
            plant.hear("pump_123", "temperature", number)
        plant.hear("pump_124", "temperature", 90.0)
        assert (await socket.next("liveTwins"))["twins"]["nodes"] == [{"twinId": "pump_124"}]
        for number in (91.0, 85.0):
            plant.hear("pump_124", "temperature", number)
        plant.hear("pump_124", "temperature", 79.0)
        assert (await socket.next("liveTwins"))["twins"]["nodes"] == []
        assert plant.services.live_queries.executions == executed + 2


async def test_where_an_answer_stands_is_no_reason_to_push_it() -> None:
    query = """subscription { liveTwins(orderBy: {property: "temperature"}, first: 1, minIntervalMs: 0) {
      twins { sequence nodes { twinId } } } }"""
    plant = a_plant()
    queries = plant.services.live_queries
    results = pushes(context_of(plant), query)
    async with aclosing(results):
        await anext(results)
        plant.hear("pump_123", "temperature", 50.0)
        await until(lambda: queries.executions == 2)
        plant.hear("pump_123", "temperature", 60.0)
        await until(lambda: queries.executions == 3)
        plant.hear("pump_124", "temperature", 1.0)
        found = pushed(await anext(results))["twins"]
        assert found == {"sequence": plant.engine.live.sequence, "nodes": [{"twinId": "pump_124"}]}


# ---------------------------------------------------------------- what is refused


async def code(socket: Socket) -> str:
    message = await socket.receive()
    assert message["type"] == "error", message
    [error] = message["payload"]
    assert error["extensions"]["hint"] or error["message"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ('liveTwin(twinId: "pump_12") { twin { twinId } }', "TWIN_NOT_FOUND"),
        ('liveOverlay(overlayId: "celar") { overlay { name } }', "OVERLAY_NOT_FOUND"),
        ('liveTwins(where: {type: ["pmp"]}) { sequence }', "UNKNOWN_TWIN_TYPE"),
        ('liveTwins(after: "x") { sequence }', "CURSOR_INVALID"),
        ("liveTwins(first: 1001) { sequence }", "PAGE_SIZE_INVALID"),
        ('liveImpact(input: {change: {failure: ["pump_12"]}}) { sequence }', "IMPACT_INVALID"),
        ("liveImpact(input: {change: {failure: []}}) { sequence }", "IMPACT_INVALID"),
        ("liveTwins(minIntervalMs: -1) { sequence }", "INTERVAL_INVALID"),
        ('liveTwin(twinId: "pump_123") { twin { revisions { nodes { number } } } }', "NOT_LIVE"),
    ],
)
async def test_what_could_never_be_right_is_refused_at_the_start(field: str, wanted: str) -> None:
    async with looking() as (_, socket):
        await socket.subscribe(f"subscription {{ {field} }}")
        assert await code(socket) == wanted


async def test_every_field_that_is_not_live_is_named_at_once() -> None:
    query = """subscription { liveOverlay(overlayId: "cellar") { overlay { ...Past lifecycle { state since } } } }
      fragment Past on Definition { diff(from: 1) { path } createdAt }"""
    async with looking() as (_, socket):
        await socket.subscribe(query)
        [error] = (await socket.receive())["payload"]
        said = [problem["message"].split()[0] for problem in error["extensions"]["problems"]]
        assert said == ["Definition.diff", "OverlayLifecycle.since"]


async def test_a_moment_of_the_past_is_refused_where_it_is_asked_for() -> None:
    query = """subscription { liveTwin(twinId: "pump_123") { twin {
      behaviors { explanation(at: "2026-01-01T00:00:00Z") { text } } } } }"""
    async with looking() as (_, socket):
        await socket.subscribe(query)
        message = await socket.receive()
        assert (message["type"], message["payload"]["data"]) == ("next", None)
        [error] = message["payload"]["errors"]
        assert error["extensions"]["code"] == "NOT_LIVE"
        assert error["path"] == ["liveTwin", "twin", "behaviors", 0, "explanation"]
        assert (await socket.receive())["type"] == "complete"


async def test_a_socket_has_only_so_many_live_queries() -> None:
    async with looking() as (_, socket):
        for number in range(MAX_ON_A_SOCKET):
            await socket.subscribe(CELLAR, id=str(number))
            await socket.next("liveOverlay")
        await socket.subscribe(CELLAR, id="more")
        assert await code(socket) == "TOO_MANY_LIVE_QUERIES"
        await socket.send({"id": "0", "type": "complete"})
        await socket.subscribe(CELLAR, id="again")
        assert (await socket.next("liveOverlay"))["initial"]


async def test_a_server_has_only_so_many_different_live_queries() -> None:
    plant = a_plant()
    plant.services = replace(plant.services, live_queries=LiveQueries(most=1))
    one, same, other = (pushes(context_of(plant), HEAT, type=kind) for kind in ("pump", "pump", "valve"))
    async with aclosing(one), aclosing(same), aclosing(other):
        await anext(one)
        assert pushed(await anext(same))["initial"]
        refused = await anext(other)
        assert refused.errors is not None
        assert (refused.errors[0].extensions or {})["code"] == "LIVE_QUERIES_FULL"


class _Waits:
    """Implements Executes."""

    context_value: Any = None

    def build_per_event_executor(self, payload: Any) -> Any:
        return self

    def execute_operation(self, serially: bool) -> Any:
        return asyncio.Event().wait()


async def test_one_that_waits_too_long_ends_and_the_others_go_on() -> None:
    plant = a_plant()
    context = context_of(plant)
    context.admission = Admission(GraphQLSettings(timeout_seconds=0.05))
    ask = Ask(
        "liveTwin", lambda at: None, _Waits(), context, lambda reads: context, Shape({}, False, frozenset()), 0.0, False
    )
    results, others = plant.services.live_queries.follow(("waits",), ask), pushes(context_of(plant), HEAT)
    async with aclosing(results), aclosing(others):
        last = cast(Push, await anext(results)).result
        assert [presented(error).extensions["code"] for error in last.errors or ()] == ["TIMED_OUT"]  # type: ignore[index]
        assert numbers(pushed(await anext(others))) == {"pump_123": None, "pump_124": None}


async def test_clients_of_one_live_query_are_given_the_same_bytes() -> None:
    plant = a_plant()
    first, second = (pushes(context_of(plant), HEAT) for _ in range(2))
    async with aclosing(first), aclosing(second):
        answers = [await anext(first), await anext(second)]
        twins = [cast(Any, answer.data)["liveTwins"]["twins"] for answer in answers]
        assert twins[0] is twins[1]
        assert numbers(pushed(answers[0])) == {"pump_123": None, "pump_124": None}


async def test_an_answer_is_only_so_large() -> None:
    plant = Plant()
    plant.save(("twin", {"twin_id": "pump_124", "twin_type": "pump", "metadata": {"x": "y" * 5_000_000}}))
    plant.start()
    results = pushes(context_of(plant), 'subscription { liveTwin(twinId: "pump_124") { twin { metadata } } }')
    async with aclosing(results):
        found = await anext(results)
        assert found.data is None
        assert found.errors is not None
        assert (found.errors[0].extensions or {})["code"] == "LIVE_ANSWER_TOO_LARGE"
        with pytest.raises(StopAsyncIteration):
            await anext(results)


async def test_fragments_that_are_spread_a_thousand_times_are_looked_at_once() -> None:
    spread, ends = "roles { twins(first: 1) { nodes { memberships(first: 1) { nodes { overlay {", "} } } } } }"
    query = f"""subscription {{ liveOverlay(overlayId: "cellar") {{ overlay {{ {"...A " * 50} }} }} }}
      fragment A on Overlay {{ {spread} {"...B " * 50} {ends} }}
      fragment B on Overlay {{ {spread} {"...C " * 50} {ends} }}
      fragment C on Overlay {{ lifecycle {{ since }} }}"""
    async with looking() as (_, socket):
        await socket.subscribe(query)
        assert await code(socket) == "NOT_LIVE"


# ---------------------------------------------------------------- always right


@pytest.mark.parametrize("seed", range(4))
async def test_a_live_answer_is_what_its_query_answers_after_every_change(seed: int) -> None:
    executed, told = await restless.watch(Random(seed), changes=25, screens=5)
    assert executed >= told >= 5


def test_no_way_to_read_the_catalogue_goes_unnoted() -> None:
    changing = {"of", "copy", "apply", "followers", "standing", "twins_of_type"}  # the last two read through others
    public = {name for name, _ in inspect.getmembers(Catalogue, inspect.isfunction) if not name.startswith("_")}
    assert public - changing <= vars(NotedCatalogue).keys()


def test_every_field_that_is_said_not_to_be_live_is_there() -> None:
    for name in NOT_LIVE:
        kind, _, field = name.partition(".")
        assert field in cast(Any, schema._schema.type_map[kind]).fields, name
