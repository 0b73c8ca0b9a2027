"""One execution for all who ask the same: who gets what, that each gets its own, and that nobody waits for anybody."""

import asyncio
import json
import logging
from collections.abc import Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api.context import Context
from app.api.frame import Frame
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.prepared import Prepared, prepared
from app.api.pushes import property_change
from app.api.reader import FACTS_WAITING, LOOK_EVERY, Reader
from app.api.schema import schema
from app.api.source import Item
from app.model.events import PropertyChanged
from app.model.sight import Subject
from app.runtime.bus import Published
from app.settings import GraphQLSettings
from tests.api.client import connected
from tests.api.parts import Installation, an_alert

VALUES = """subscription($twins: [ID!], $every: Int) {
  propertyChanged(twinIds: $twins, properties: ["temperature"], minIntervalMs: $every) {
    twinId initial sequence missed: skipped value { json } } }"""
OF_A_TYPE = """subscription { propertyChanged(twinType: "valve") { twinId initial sequence skipped value { json } } }"""
ALERTS = """subscription($after: Long, $place: Int) { alertChanged(after: $after, afterPlace: $place) {
  initial sequence place remaining transition alert { alertId } } }"""


class Client:
    """One socket without a network: `full` is a client that does not read."""

    def __init__(self, installation: Installation, *, full: bool = False, actor: str | None = None) -> None:
        services = installation.services
        self.context = Context(services, Order(), Loaders(services), {})
        if actor is not None:
            self.context.connection_params["actor"] = actor
        self.full = full
        self.drained: Callable[[], None] = lambda: None
        self.written: list[bytes] = []
        self.writes = 0
        self.outbox = services.sharing.outbox(self)
        self._running: list[asyncio.Task[None]] = []

    def write(self, pieces: Sequence[bytes]) -> None:
        self.writes += 1
        self.written += pieces

    async def prepare(self, query: str, **variables: Any) -> Prepared:
        found = await prepared(schema, query, variables, None, self.context)
        assert isinstance(found, Prepared), found
        return found

    async def subscribe(self, query: str, id: str = "1", **variables: Any) -> None:
        found = await self.prepare(query, **variables)
        sharing = self.context.services.sharing
        self._running.append(asyncio.create_task(sharing.run(found, sharing.reader(found, self.outbox, id))))

    def read(self) -> None:
        self.full = False
        self.drained()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """All that came: four pieces each."""
        whole = [b"".join(self.written[start + 1 : start + 4]) for start in range(0, len(self.written), 4)]
        return [json.loads(item) for item in whole]

    def pushes(self, field: str = "propertyChanged", id: str = "1") -> list[dict[str, Any]]:
        found = [message["payload"] for message in self.messages if message["id"] == id]
        assert not any("errors" in payload for payload in found), found
        return [payload["data"][field] for payload in found]

    async def leave(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


@asynccontextmanager
async def left(*clients: Client) -> Any:
    try:
        yield
    finally:
        for client in clients:
            await client.leave()


async def turns(count: int = 10) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_an_operation_is_executed_once_and_its_bytes_are_the_same_object_for_all() -> None:
    installation = Installation()
    clients = [Client(installation) for _ in range(5)]
    async with left(*clients):
        for number, client in enumerate(clients):
            await client.subscribe(VALUES, f"op-{number}", twins=["pump_123"])
        await turns()
        assert len(installation.services.sharing) == 1
        for client in clients:
            client.written.clear()
        installation.change("pump_123", "temperature", 70.0)
        await turns()
        payloads = [client.written[2] for client in clients]
        assert all(payload is payloads[0] for payload in payloads)
        assert [client.messages[0]["id"] for client in clients] == [f"op-{number}" for number in range(5)]
        assert all(client.messages[0]["payload"] == json.loads(payloads[0]) for client in clients)


@pytest.mark.parametrize(
    "selection",
    [
        "twinId initial skipped value { number timestamp quality }",
        "__typename twin { twinId properties { name value { json } } } node { name value { text } }",
        "twin @skip(if: $skip) { twinId } ...on PropertyChange @include(if: $skip) { missed: skipped at sequence }",
        "twin { revisions(first: 1) { nodes { reason } } } value { override { by } }",
    ],
)
async def test_a_push_after_the_first_is_the_same_as_if_it_were_the_first(selection: str) -> None:
    query = f"""subscription($skip: Boolean = false) {{
      propertyChanged(twinIds: ["pump_123"]) {{ {selection} sequence @skip(if: $skip) }} }}"""
    installation = Installation()
    client = Client(installation)
    for skip in (False, True):
        kept = await client.prepare(query, skip=skip)
        for number in range(4):
            fact = PropertyChanged("pump_123", "temperature", 70.0 + number, "good", number, number, True)
            published = Published(number, number, fact, skipped=number)
            push = property_change(installation.catalogue, installation.live, published, fact)
            item = Item(push, number, ("pump_123", "temperature"), "pump_123", number)
            frames = [operation.frame(item) for operation in (kept, await client.prepare(query, skip=skip))]
            mine, first = [frame if isinstance(frame, Frame) else await frame for frame in frames]
            assert mine.payload(number) == first.payload(number)
            assert mine.payload(7) == first.payload(7)
            assert b'"errors"' not in first.payload(number)


@pytest.mark.parametrize(
    "selection",
    [
        "twin { revisions(first: 1) { nodes { reason } } }",
        'twin { relationships(relationshipTypes: ["odd"]) { nodes { target { revisions { nodes { author } } } } } }',
        'twin { relationships(relationshipTypes: ["odd"]) { totalCount } }',
        "twin { twinId } node { name value { number } }",
    ],
)
async def test_a_push_of_another_shape_than_the_one_before_is_whole_too(selection: str) -> None:
    """Of a twin that is gone, then of one where something is awaited, or fails, or is simply there."""
    query = f"""subscription {{ propertyChanged(twinIds: ["pump_123"]) {{ {selection} sequence }} }}"""
    installation = Installation()
    client = Client(installation)
    kept = await client.prepare(query)
    for number, twin_id in enumerate(["gone", "pump_123", "pump_123", "gone", "gone", "pump_123"]):
        fact = PropertyChanged(twin_id, "temperature", 70.0, "good", number, number, True)
        published = Published(number, number, fact)
        push = property_change(installation.catalogue, installation.live, published, fact)
        item = Item(push, number, (twin_id, "temperature"), twin_id)
        frames = [operation.frame(item) for operation in (kept, await client.prepare(query))]
        mine, first = [frame if isinstance(frame, Frame) else await frame for frame in frames]
        assert mine.payload(0) == first.payload(0)


async def test_a_large_subscription_is_compiled_before_its_first_push() -> None:
    for many, compiled in ((50, 0), (150, 1)):
        fields = " ".join(f"n{number}: twinId" for number in range(many))
        query = f"subscription {{ propertyChanged {{ {fields} value {{ number }} }} }}"
        await Client(Installation()).prepare(query)
        plans = schema.documents.read(query, GraphQLSettings().max_tokens).plans
        assert plans is not None
        assert [plan is not None and plan.whole for plan in plans._plans.values()] == [True] * compiled


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        ({"query": VALUES, "twins": ["pump_123"]}, True),
        ({"query": VALUES + " ", "twins": ["pump_123"]}, False),
        ({"query": VALUES, "twins": ["pump_124"]}, False),
        ({"query": VALUES, "twins": ["pump_123"], "every": 5}, False),
    ],
)
async def test_only_what_is_the_same_is_shared(other: dict[str, Any], shared: bool) -> None:
    installation = Installation()
    client = Client(installation)
    one, two = await client.prepare(VALUES, twins=["pump_123"]), await client.prepare(**other)
    assert (one.key == two.key) is shared


async def test_from_where_on_a_client_resumes_makes_no_difference_to_who_shares() -> None:
    installation = Installation()
    for number in range(4):
        installation.raise_alert(an_alert(f"alert-{number}"))
    client = Client(installation)
    keys = {(await client.prepare(ALERTS, after=number, place=0)).key for number in range(4)}
    assert keys == {(await client.prepare(ALERTS)).key}
    used_elsewhere = ALERTS.replace("initial", "initial @skip(if: $skip)").replace(
        "$place: Int", "$place: Int, $skip: Boolean!"
    )
    one, two = (
        await client.prepare(used_elsewhere, after=1, skip=True),
        await client.prepare(used_elsewhere, after=1, skip=False),
    )
    assert one.key != two.key


async def test_who_joins_later_is_shown_how_things_stand_and_then_gets_what_all_get() -> None:
    installation = Installation()
    first, second = Client(installation), Client(installation)
    async with left(first, second):
        await first.subscribe(VALUES, twins=["pump_123"])
        await turns()
        await second.subscribe(VALUES, twins=["pump_123"])
        asyncio.get_running_loop().call_soon(installation.change, "pump_123", "temperature", 2.0)
        installation.change("pump_123", "temperature", 1.0)  # nothing of it is executed before the other has come
        await turns()
        assert [(push["initial"], push["sequence"], push["missed"]) for push in first.pushes()] == [
            (True, 0, 0),
            (False, 2, 1),
        ]
        assert [(push["initial"], push["sequence"], push["missed"]) for push in second.pushes()] == [
            (True, 1, 0),
            (False, 2, 0),
        ]


async def test_the_push_by_which_all_that_a_client_was_shown_is_old_comes_too() -> None:
    """The last of those that were under way as it was shown how things stand: nothing waits any more as it is given."""

    class Settling:
        """What is shared, as of whether anything waits."""

        waits = True

        def settled(self, sequence: int) -> bool:
            return not self.waits

        def leave(self, reader: Reader) -> None: ...

    installation = Installation()
    client, shared = Client(installation), Settling()
    reader = Reader(client.outbox, "1", installation.bus.delivery("test"), lambda _: Frame(b""), states=True)
    reader.shared = shared
    reader.join(0, 0, (), showing=True)
    reader.shown_upto("z", 0)
    reader.shown_all(LOOK_EVERY)
    reader.begin()
    for number in range(1, LOOK_EVERY + 1):
        shared.waits = number < LOOK_EVERY
        reader.offer(Frame(b"%d" % number, number, subject=number, twin="a"))
    assert reader.waiting == LOOK_EVERY


async def test_a_client_that_does_not_read_keeps_the_newest_and_holds_up_nobody() -> None:
    installation = Installation()
    slow, quick = Client(installation), Client(installation)
    async with left(slow, quick):
        for client in (slow, quick):
            await client.subscribe(VALUES, twins=["pump_123"])
        await turns()
        slow.full = True
        for number in range(100):
            installation.change("pump_123", "temperature", float(number))
            await turns(3)
        assert [push["value"]["json"] for push in quick.pushes()[1:]] == [float(number) for number in range(100)]
        [of_slow, of_quick] = installation.bus.pushes()
        assert (of_slow.waiting, of_slow.skipped, of_quick.delivered) == (1, 99, 100)
        slow.read()
        [_, last] = slow.pushes()
        assert (last["value"]["json"], last["missed"], last["sequence"]) == (99.0, 99, 100)


async def test_a_client_too_slow_for_facts_is_cut_off_and_told_after_what_it_kept() -> None:
    installation = Installation()
    slow, quick = Client(installation), Client(installation)
    async with left(slow, quick):
        for client in (slow, quick):
            await client.subscribe(ALERTS)
        await turns()
        slow.full = True
        for number in range(FACTS_WAITING + 1):
            installation.raise_alert(an_alert(f"alert-{number}"))
            if number % 500 == 0:
                await turns(2)
        async with asyncio.timeout(60):
            while len(quick.written) < 4 * (FACTS_WAITING + 1):
                await turns()
        assert slow.written == []
        slow.read()
        async with asyncio.timeout(10):
            while not slow._running[0].done():
                await turns()
        *kept, last = slow.messages
        places = [message["payload"]["data"]["alertChanged"]["sequence"] for message in kept]
        assert places == list(range(1, FACTS_WAITING + 1))
        assert last["payload"]["errors"][0]["extensions"]["code"] == "SLOW_CONSUMER"
        assert last["payload"]["errors"][0]["path"] == ["alertChanged"]


async def test_what_is_ready_for_one_client_is_one_write() -> None:
    installation = Installation()
    client = Client(installation)
    async with left(client):
        await client.subscribe(VALUES, "a", twins=["pump_123"])
        await client.subscribe(VALUES, "b", twins=["pump_124"])
        await turns()
        client.full = True
        installation.change("pump_123", "temperature", 1.0)
        installation.change("pump_124", "temperature", 2.0)
        await turns()
        client.writes = 0
        client.written.clear()
        client.read()
        assert client.writes == 1
        assert {message["id"] for message in client.messages} == {"a", "b"}


async def test_a_snapshot_waits_for_its_reader_and_what_changes_meanwhile_comes_behind_it() -> None:
    installation = Installation()
    installation.save(*(("twin", {"twin_id": f"valve_{n:03}", "twin_type": "valve"}) for n in range(300)))
    client = Client(installation, full=True)
    async with left(client):
        await client.subscribe(OF_A_TYPE)
        await turns(100)
        [books] = installation.bus.pushes()
        assert books.waiting < 100, "it makes no more than the client may soon read"
        for n in range(300):
            installation.change(f"valve_{n:03}", "open", True)
        client.full = False
        async with asyncio.timeout(10):
            while len({push["twinId"] for push in client.pushes() if push["value"]["json"]}) < 300:
                client.drained()
                await turns(2)
        pushes = client.pushes()
        shown = [push["twinId"] for push in pushes if push["initial"]]
        assert sorted(shown) == sorted({f"valve_{n:03}" for n in range(300)} | {"valve_234"})
        last: dict[str, int] = {}
        for push in pushes:
            assert push["sequence"] >= last.get(push["twinId"], 0)
            last[push["twinId"]] = push["sequence"]


async def test_an_interval_lets_the_newest_through_and_tells_what_it_stands_for() -> None:
    installation = Installation()
    often, seldom = Client(installation), Client(installation)
    async with left(often, seldom):
        await often.subscribe(VALUES, twins=["pump_123"])
        await seldom.subscribe(VALUES, twins=["pump_123"], every=3_600_000)
        await turns()
        for number in range(5):
            installation.change("pump_123", "temperature", float(number))
            await turns(3)
        assert [push["value"]["json"] for push in often.pushes()[1:]] == [0.0, 1.0, 2.0, 3.0, 4.0]
        assert [push["value"]["json"] for push in seldom.pushes()[1:]] == [0.0]
        soon = Client(installation)
        async with left(soon):
            await soon.subscribe(VALUES, twins=["pump_123"], every=20)
            await turns()
            for number in range(5, 10):
                installation.change("pump_123", "temperature", float(number))
                await turns(3)
            async with asyncio.timeout(10):
                while len(soon.pushes()) < 3:  # noqa: ASYNC110 - what is waited for has no event
                    await asyncio.sleep(0.005)
            assert [(push["value"]["json"], push["missed"]) for push in soon.pushes()[1:]] == [(5.0, 0), (9.0, 3)]


class Curtain:
    """Implements Sight: `hidden` twins are shown to the boss alone."""

    def __init__(self, *hidden: str) -> None:
        self.hidden = set(hidden)

    def viewer(self, name: str) -> Hashable:
        return name == "boss"

    def may_see(self, viewer: Hashable, subject: Subject) -> bool:
        return bool(viewer) or self.hidden.isdisjoint(subject.twins)


class Torn(Curtain):
    def may_see(self, viewer: Hashable, subject: Subject) -> bool:
        if not self.hidden.isdisjoint(subject.twins):
            raise RuntimeError("secret of the curtain")
        return True


async def test_a_fault_in_what_is_shared_is_told_to_its_readers_and_all_others_go_on() -> None:
    installation = Installation()
    object.__setattr__(installation.services, "sight", Torn("valve_2"))
    one, two = Client(installation), Client(installation)
    async with left(one, two):
        await one.subscribe(OF_A_TYPE)
        await two.subscribe(VALUES, twins=["pump_123"])
        await turns()
        installation.save(("twin", {"twin_id": "valve_2", "twin_type": "valve"}))
        installation.bus.definitions_changed()
        installation.change("pump_123", "temperature", 70.0)
        await turns(20)
        [error] = one.messages[-1]["payload"]["errors"]
        assert (error["extensions"]["code"], error["message"]) == ("INTERNAL", "internal error")
        assert len(installation.services.sharing) == 1
        installation.change("pump_123", "temperature", 71.0)
        await turns(20)
        assert [push["value"]["json"] for push in two.pushes()][-2:] == [70.0, 71.0]


async def test_a_fault_as_a_subscription_begins_is_an_error_of_it_and_the_socket_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    installation = Installation()
    object.__setattr__(installation.services, "sight", Torn("pump_123"))
    with caplog.at_level(logging.ERROR):
        async with connected(installation) as socket:
            await socket.subscribe("subscription { propertyChanged { twinId } }")
            message = await socket.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "INTERNAL")
            assert "curtain" not in str(message)
            assert not len(installation.services.sharing)
            await socket.subscribe("{ sequence }")
            assert await socket.next("sequence") == installation.live.sequence
    assert message["payload"][0]["extensions"]["reference"] in caplog.text


async def test_what_a_viewer_may_not_see_is_in_nothing_that_it_gets() -> None:
    installation = Installation()
    curtain = Curtain("pump_124")
    object.__setattr__(installation.services, "sight", curtain)
    hidden = an_alert("hidden", twins=("pump_124",))
    installation.raise_alert(hidden)
    installation.raise_alert(an_alert("open"))
    boss, guest, other = (Client(installation, actor=name) for name in ("boss", "guest", "other"))
    query = 'subscription { propertyChanged(properties: ["temperature"]) { twinId } }'
    async with left(boss, guest, other):
        for client in (boss, guest, other):
            await client.subscribe(query)
            await client.subscribe(ALERTS, "alerts")
            await client.subscribe(ALERTS, "resumed", after=0)
        async with asyncio.timeout(10):
            while any(len(client.written) < 12 for client in (guest, other)):  # noqa: ASYNC110 - a thread reads
                await asyncio.sleep(0.001)
        await turns()
        assert len(installation.services.sharing) == 4, "two operations, two kinds of viewers"
        installation.change("pump_124", "temperature", 1.0)
        installation.change("pump_123", "temperature", 1.0)
        installation.raise_alert(an_alert("hidden-2", twins=("pump_124", "pump_123")))
        installation.raise_alert(an_alert("open-2"))
        await turns(20)

        def alerts(client: Client, id: str) -> list[str]:
            return [push["alert"]["alertId"] for push in client.pushes("alertChanged", id)]

        assert {push["twinId"] for push in boss.pushes()} == {"pump_123", "pump_124"}
        assert sorted(alerts(boss, "alerts")) == ["hidden", "hidden-2", "open", "open-2"]
        for client in (guest, other):
            assert {push["twinId"] for push in client.pushes()} == {"pump_123"}
            assert alerts(client, "alerts") == ["open", "open-2"]
            assert alerts(client, "resumed") == ["open", "open-2"]
        curtain.hidden = {"pump_123"}
        for twin in ("pump_123", "pump_124"):
            installation.change(twin, "temperature", 2.0)
        await turns()
        assert guest.pushes()[-1]["twinId"] == "pump_124", "what may be seen is asked again for each push"


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.integers(0, 3), st.integers(0, 9)),
        st.tuples(st.just("alert"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("join"), st.integers(0, 1), st.integers(0, 1)),
        st.tuples(st.just("turn"), st.integers(1, 4), st.just(0)),
        st.tuples(st.just("new"), st.just(0), st.just(0)),
    ),
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(STEPS)
def test_shared_is_as_unshared(steps: list[tuple[str, int, int]]) -> None:
    """Whoever shares gets what it would get alone: the twin of each client asks the same in other words."""

    async def run() -> None:
        installation = Installation()
        installation.save(*(("twin", {"twin_id": f"valve_{n}", "twin_type": "valve"}) for n in range(4)))
        queries = (OF_A_TYPE, ALERTS)
        pairs: list[tuple[Client, Client, str]] = []
        for kind, one, two in steps:
            if kind == "change":
                installation.change(f"valve_{one}", "open", two)
            elif kind == "alert":
                installation.raise_alert(an_alert(f"alert-{installation.live.sequence}", twins=(f"valve_{one}",)))
            elif kind == "new":
                number = len(list(installation.catalogue.ids("twin")))
                installation.save(("twin", {"twin_id": f"valve_{number}", "twin_type": "valve"}))
                installation.bus.definitions_changed()
            elif kind == "join":
                shared, alone = Client(installation), Client(installation)
                alone_prepared = await alone.prepare(queries[one] + " " * (len(pairs) + 1))
                shared_prepared = await shared.prepare(queries[one])
                sharing = installation.services.sharing
                for client, found in ((shared, shared_prepared), (alone, alone_prepared)):
                    reader = sharing.reader(found, client.outbox, "1")
                    client._running.append(asyncio.create_task(sharing.run(found, reader)))
                pairs.append((shared, alone, "propertyChanged" if one == 0 else "alertChanged"))
            else:
                await turns(one)
        await turns(60)
        for shared, alone, field in pairs:
            assert shared.pushes(field) == alone.pushes(field)
            await shared.leave()
            await alone.leave()
        assert not len(installation.services.sharing)
        assert not installation.bus._places
        assert not installation.bus.pushes()

    asyncio.run(run())
