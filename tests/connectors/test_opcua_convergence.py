"""The last value is true in the end, whatever a server, its subscription or the network between leaves out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
import pytest_asyncio
from asyncua import ua
from asyncua.server.internal_subscription import InternalSubscription
from hypothesis import given
from hypothesis import strategies as st

from app.connectors.opcua import OpcUaConnector
from app.connectors.opcua_session import Timing
from app.connectors.opcua_subscription import LAST_NUMBER, Published, following
from app.connectors.runner import BackOff
from app.connectors.supervise import Supervisor
from app.errors import Unavailable
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.connectors.test_outages import supervised
from tests.servers.opcua import NAMESPACE, OpcUaServer, serving
from tests.servers.proxy import Proxy, proxied

pytestmark = pytest.mark.asyncio(loop_scope="module")
FLOW = {"flow_rate": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 50}}
BOTH = {**FLOW, "speed": {"node_id": "ns=2;s=Pump123.Speed", "sampling_interval": 100}}
WATCHFUL = Timing(read_back_seconds=0.3)
CARELESS = Timing(read_back_seconds=0)


@pytest_asyncio.fixture(loop_scope="module")
async def own_plc() -> AsyncIterator[OpcUaServer]:
    """For tests that do something to the server itself."""
    async with serving() as server:
        yield server


def device(endpoint: str, mapping: dict[str, dict[str, Any]], timing: Timing) -> OpcUaConnector:
    twin = pump(endpoint, mapping, namespace=NAMESPACE)
    return OpcUaConnector("plc", endpoint, [twin], clock=SystemClock(), timing=timing)


def watched_by(sink: FakeSink, timing: Timing) -> Supervisor:
    def make(group: Any, clock: Any, installation: str) -> OpcUaConnector:
        return OpcUaConnector(group.name, group.endpoint, group.twins, clock=clock, timing=timing)

    quick = BackOff(first_seconds=0.05, most_seconds=0.1)
    return Supervisor(sink, SystemClock(), protocols={"opc-ua": make}, back_off=quick)


def subscriptions(server: OpcUaServer) -> list[InternalSubscription]:
    return list(server.server.iserver.subscription_service.subscriptions.values())


async def silence(server: OpcUaServer) -> None:
    """Its subscriptions tell nothing any more, and go on with their keep-alives."""
    for subscription in subscriptions(server):
        await subscription.set_publishing_mode(False)


# ---------------------------------------------------------------- the watch


async def test_a_subscription_that_falls_silent_is_noticed_and_the_last_value_true_at_once(
    own_plc: OpcUaServer,
) -> None:
    sink = FakeSink()
    async with running(device(own_plc.endpoint, BOTH, WATCHFUL), sink) as task:
        await until(lambda: len(sink.readings) >= 3, "both subscriptions have told")
        await silence(own_plc)
        await own_plc.set("FlowRate", 99.5)
        await until(task.done, "the session is ended")
        error = task.exception()
        assert isinstance(error, Unavailable)
        assert "the subscription is silent: node ns=2;s=Pump123.FlowRate" in error.message.replace("ns=3", "ns=2")
        assert "(1 of 2 values)" in error.message
        assert sink.value("flow_rate") == 99.5
        assert sink.rejected == {"Unreported": 1}
        task.exception()


async def test_after_it_the_connection_comes_back_and_tells_again(own_plc: OpcUaServer) -> None:
    sink = FakeSink()
    supervisor = watched_by(sink, WATCHFUL)
    supervisor.configure([pump(own_plc.endpoint, FLOW, namespace=NAMESPACE)])
    async with supervised(supervisor):
        await until(sink.alive, "alive")
        await silence(own_plc)
        await own_plc.set("FlowRate", 77.5)
        await until(sink.silent, "the silence is noticed")
        (health,) = supervisor.health()
        assert "the subscription is silent" in health.last_error
        await until(lambda: len(sink.sources) > 1, "connected again")
        await own_plc.set("FlowRate", 78.5)
        await until(lambda: sink.value("flow_rate") == 78.5, "it tells again")


async def test_values_that_change_all_the_time_are_not_taken_for_silence(own_plc: OpcUaServer) -> None:
    sink = FakeSink()
    async with running(device(own_plc.endpoint, BOTH, Timing(read_back_seconds=0.05)), sink) as task:
        for number in range(150):
            await own_plc.set("FlowRate", float(number))
            if number % 50 == 0:
                await own_plc.set("Speed", float("nan"))
            await asyncio.wait({task}, timeout=0.02)
        assert not task.done(), task.exception()
        await until(lambda: sink.value("flow_rate") == 149.0, "the last value")
    assert "Unreported" not in sink.rejected


async def test_our_own_fullness_is_not_the_servers_silence_and_nothing_is_asked_for_meanwhile(
    own_plc: OpcUaServer,
) -> None:
    service = own_plc.server.iserver.subscription_service
    asked, publish = 0, service.publish

    def counting(acks: Any) -> Any:
        nonlocal asked
        asked += 1
        return publish(acks)

    service.publish = counting  # type: ignore[method-assign]  # a server that counts
    sink = FakeSink()
    timing = Timing(keep_alive_seconds=0.1, probe_seconds=0.3, read_back_seconds=0.1)
    async with running(device(own_plc.endpoint, BOTH, timing), sink) as task:
        await until(lambda: len(sink.readings) >= 3, "the first notifications")
        sink.full = True
        await own_plc.set("FlowRate", 10.5)
        await until(lambda: sink.asked_in_vain, "the sink says no")
        before = asked
        await own_plc.set("Speed", 11.5)
        await asyncio.wait({task}, timeout=2.0)
        assert not task.done(), task.exception()
        assert asked == before, "no publish request while the sink is full"
        sink.make_room()
        await until(lambda: (sink.value("flow_rate"), sink.value("speed")) == (10.5, 11.5), "all of it arrives")
    assert "Unreported" not in sink.rejected


# ---------------------------------------------------------------- what is lost on the way


def losing(server: OpcUaServer, lose: Callable[[ua.PublishResult], bool]) -> None:
    """Publish answers that are lost on the way, though the server has sent them."""
    for subscription in subscriptions(server):
        sent = subscription.pub_result_callback

        async def told(result: ua.PublishResult, request: Any, sent: Any = sent) -> None:
            if lose(result):
                empty = ua.PublishResult(result.SubscriptionId)
                empty.NotificationMessage.SequenceNumber = ua.UInt32(0)
                await sent(empty, request)
            else:
                await sent(result, request)

        subscription.pub_result_callback = told


async def test_a_message_that_never_came_is_asked_for_again(own_plc: OpcUaServer) -> None:
    sink, lost = FakeSink(), 0

    def lose(result: ua.PublishResult) -> bool:
        nonlocal lost
        if result.NotificationMessage.NotificationData and lost < 2:
            lost += 1
            return True
        return False

    async with running(device(own_plc.endpoint, FLOW, CARELESS), sink):
        await until(lambda: len(sink.readings) >= 2, "the first notification")
        losing(own_plc, lose)
        await own_plc.set("FlowRate", 1.5)
        await until(lambda: lost == 1, "one is lost")
        await own_plc.set("FlowRate", 2.5)
        await until(lambda: lost == 2, "and another")
        await own_plc.set("FlowRate", 3.5)
        await until(lambda: sink.value("flow_rate") == 3.5, "the last value")
    assert [sample.value for sample in sink.samples][-3:] == [1.5, 2.5, 3.5]
    assert not sink.rejected


async def test_what_the_server_has_no_more_is_counted_and_the_values_read(own_plc: OpcUaServer) -> None:
    sink, lost = FakeSink(), 0

    def lose(result: ua.PublishResult) -> bool:
        nonlocal lost
        if not result.NotificationMessage.NotificationData or lost:
            return False
        lost += 1
        for subscription in subscriptions(own_plc):
            subscription._not_acknowledged_results.clear()
        return True

    async with running(device(own_plc.endpoint, FLOW, Timing(read_back_seconds=0, keep_alive_seconds=0.2)), sink):
        await until(lambda: len(sink.readings) >= 2, "the first notification")
        losing(own_plc, lose)
        await own_plc.set("FlowRate", 5.5)
        await until(lambda: sink.value("flow_rate") == 5.5, "the value is read, though its message is gone for good")
    assert sink.rejected == {"Missed": 1}


# ---------------------------------------------------------------- a lost connection


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(own_plc: OpcUaServer) -> AsyncIterator[Proxy]:
    async with proxied("127.0.0.1", own_plc.port) as found:
        yield found


def heard(sink: FakeSink, flow: float) -> bool:
    return bool(sink.value("flow_rate") == flow)


async def cut_off(connector: OpcUaConnector, sink: FakeSink, proxy: Proxy) -> None:
    """Connected, and then not any more; the server in this process keeps tasks for what it keeps."""
    task = asyncio.create_task(connector.run(sink))
    await until(lambda: len(sink.readings) >= 3, "both subscriptions have told")
    proxy.cut()
    await until(task.done, "the connection is lost")
    assert isinstance(task.exception(), Unavailable)


def transferring(server: OpcUaServer) -> None:
    """asyncua's server goes on asking the old connection for publish requests; with this one line it doesn't."""
    service = server.server.iserver.subscription_service
    transfer = service.transfer_subscriptions

    async def whole(params: Any, session_id: ua.NodeId, callback: Any) -> list[ua.TransferResult]:
        for id in params.SubscriptionIds:
            service.subscriptions[int(id)].pub_request_callback = callback.__self__.get_publish_request
        return await transfer(params, session_id, callback)

    service.transfer_subscriptions = whole  # type: ignore[method-assign]


async def test_a_server_that_takes_a_transfer_and_then_never_publishes_is_subscribed_to_anew(
    own_plc: OpcUaServer, proxy: Proxy
) -> None:
    sink = FakeSink()
    timing = Timing(read_back_seconds=0, keep_alive_seconds=0.2, probe_seconds=0.5)
    supervisor = watched_by(sink, timing)
    supervisor.configure([pump(f"opc.tcp://127.0.0.1:{proxy.port}", BOTH, namespace=NAMESPACE)])
    task = asyncio.create_task(supervisor.run())
    for number in (33.5, 35.5):
        await until(sink.alive, "connected")
        proxy.cut()
        await until(sink.silent, "the connection is lost")
        await own_plc.set("FlowRate", number)
        await until(sink.alive, "connected again")
        assert sink.value("flow_rate") == number
        await own_plc.set("FlowRate", number + 1)
        await until(partial(heard, sink, number + 1), "and it tells")
    task.cancel()
    await asyncio.wait({task})


async def test_what_changed_while_the_connection_was_lost_is_told_after_it(own_plc: OpcUaServer, proxy: Proxy) -> None:
    transferring(own_plc)
    sink = FakeSink()
    connector = device(f"opc.tcp://127.0.0.1:{proxy.port}", BOTH, Timing(read_back_seconds=0))
    await cut_off(connector, sink, proxy)
    before = {item.data.SubscriptionId for item in subscriptions(own_plc)}
    for number in range(5):
        await own_plc.set("FlowRate", 100.5 + number)
    await own_plc.set("Speed", 1.5)
    taken = len(sink.samples)
    async with running(connector, sink):
        await until(lambda: len(sink.sources) == 2, "connected again")
        assert {item.data.SubscriptionId for item in subscriptions(own_plc)} == before, "the same subscriptions"
        told = [(item.property, item.value) for item in sink.samples[taken:]]
        assert [value for name, value in told if name == "flow_rate"][:5] == [100.5, 101.5, 102.5, 103.5, 104.5]
        assert ("speed", 1.5) in told
        await own_plc.set("FlowRate", 7.5)
        await until(lambda: sink.value("flow_rate") == 7.5, "and it goes on")
        assert (await connector.write("pump_123", "speed", 2.5)).status == "accepted"


async def test_a_server_that_has_forgotten_a_subscription_is_subscribed_to_anew(
    own_plc: OpcUaServer, proxy: Proxy
) -> None:
    sink = FakeSink()
    connector = device(f"opc.tcp://127.0.0.1:{proxy.port}", BOTH, Timing(read_back_seconds=0))
    await cut_off(connector, sink, proxy)
    gone = [item.data.SubscriptionId for item in subscriptions(own_plc)]
    await own_plc.server.iserver.subscription_service.delete_subscriptions(gone[:1])  # one is enough
    await own_plc.set("FlowRate", 55.5)
    async with running(connector, sink):
        await until(lambda: len(sink.sources) == 2, "connected again")
        assert sink.value("flow_rate") == 55.5
        assert not {item.data.SubscriptionId for item in subscriptions(own_plc)} & set(gone)
        await own_plc.set("FlowRate", 56.5)
        await until(lambda: sink.value("flow_rate") == 56.5, "and it tells")


# ---------------------------------------------------------------- numbers of messages

NUMBERS = st.integers(1, LAST_NUMBER)


@given(NUMBERS, st.integers(0, 1000))
async def test_what_is_missing_is_what_lies_between_also_where_the_numbers_begin_again(first: int, ahead: int) -> None:
    published = Published(1, 1.0, 1.0, 0.0)
    assert published.missing(first) == 0, "nobody knows where a server begins"
    told: Any = [ua.DataChangeNotification()]
    published.took(ua.NotificationMessage(SequenceNumber=ua.UInt32(first), NotificationData=told), False)
    number = following(first)
    for _ in range(ahead):
        number = following(number)
    assert published.missing(number) == ahead
    assert published.missing(first) == 0, "an older one"
    assert published.missing(0) == 0
    older_and_newer = [first, *({number} if ahead else ())]
    assert published.available(older_and_newer) == ([number] if ahead else [])
