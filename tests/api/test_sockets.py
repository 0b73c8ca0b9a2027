"""graphql-transport-ws by hand: every close code, and clients that do what the protocol does not allow."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from tests.api.client import DEADLINE, Socket, connected, post, serving
from tests.api.parts import Installation

PATHS = "subscription { connectivityChanged { twinId } }"


def listeners(installation: Installation) -> int:
    return len(installation.bus.pushes())


async def until(installation: Installation, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while listeners(installation) != count:  # noqa: ASYNC110 - the bus has no event for it
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def sockets(port: int, protocol: str = "graphql-transport-ws") -> AsyncIterator[Socket]:
    async with connect(
        f"ws://127.0.0.1:{port}/graphql", subprotocols=[Subprotocol(protocol)], proxy=None
    ) as connection:
        yield Socket(connection)


async def test_a_client_that_never_initialises_is_closed_with_4408() -> None:
    installation = Installation()
    installation.limit(init_timeout_seconds=0.05)
    async with connected(installation, start=False) as socket:
        assert (await socket.closed())[0] == 4408


async def test_initialised_in_time_a_socket_stays() -> None:
    installation = Installation()
    installation.limit(init_timeout_seconds=0.2)
    async with connected(installation) as socket:
        await asyncio.sleep(0.3)
        await socket.subscribe("{ sequence }")
        assert await socket.next("sequence") == 0


async def test_an_operation_before_the_init_is_closed_with_4401() -> None:
    async with connected(Installation(), start=False) as socket:
        await socket.subscribe("{ sequence }")
        assert (await socket.closed())[0] == 4401


async def test_a_second_init_is_closed_with_4429() -> None:
    async with connected(Installation()) as socket:
        await socket.send({"type": "connection_init"})
        assert (await socket.closed())[0] == 4429


async def test_several_inits_at_once_are_closed_with_4429() -> None:
    async with connected(Installation(), start=False) as socket:
        for _ in range(5):
            await socket.send({"type": "connection_init"})
        assert (await socket.closed())[0] == 4429


async def test_an_id_that_is_in_use_is_closed_with_4409() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        await socket.subscribe(PATHS)
        await until(installation, 1)
        await socket.subscribe(PATHS)
        assert await socket.closed() == (4409, "Subscriber for 1 already exists")


@pytest.mark.parametrize("letter", ["i", "é"])
async def test_a_reason_that_would_be_too_long_is_cut(letter: str) -> None:
    installation = Installation()
    for code, messages in (
        (4400, [{"type": letter * 500}]),
        (4409, [{"type": "subscribe", "id": letter * 500, "payload": {"query": PATHS}}] * 2),
    ):
        async with connected(installation) as socket:
            for message in messages:
                await socket.send(message)
            found, reason = await socket.closed()
            assert found == code
            assert letter * 40 in reason


async def test_an_id_is_free_again_once_its_operation_is_complete() -> None:
    installation = Installation()
    async with connected(installation) as socket:
        for _ in range(3):
            await socket.subscribe("{ sequence }")
            assert await socket.next("sequence") == 0
            assert (await socket.receive())["type"] == "complete"
        for _ in range(50):
            await socket.subscribe(PATHS)
            await socket.send({"id": "1", "type": "complete"})
        await socket.send({"type": "ping"})
        assert (await socket.receive())["type"] == "pong"
        await until(installation, 0)


async def test_completing_what_is_not_there_is_nothing() -> None:
    async with connected(Installation()) as socket:
        await socket.send({"id": "nothing", "type": "complete"})
        await socket.subscribe("{ sequence }")
        assert await socket.next("sequence") == 0


async def test_a_ping_is_answered_with_its_payload_before_the_init_too() -> None:
    async with connected(Installation(), start=False) as socket:
        await socket.send({"type": "ping"})
        assert await socket.receive() == {"type": "pong"}
        await socket.send({"type": "ping", "payload": {"at": 1}})
        assert await socket.receive() == {"type": "pong", "payload": {"at": 1}}
        await socket.send({"type": "pong"})
        await socket.start()


async def test_a_binary_message_is_closed_with_4400() -> None:
    async with connected(Installation()) as socket:
        await socket.send_bytes(b"{}")
        assert (await socket.closed())[0] == 4400


async def test_a_message_that_is_too_big_is_closed_with_1009() -> None:
    installation = Installation()
    async with serving(installation, max_message_bytes=4096) as port, sockets(port) as socket:
        await socket.start()
        await socket.subscribe("{ sequence }" + " " * 10_000)
        assert (await socket.closed())[0] == 1009


@pytest.mark.parametrize("protocol", ["graphql-ws", "chat"])
async def test_another_protocol_is_closed_with_4406(protocol: str) -> None:
    async with serving(Installation()) as port, sockets(port, protocol) as socket:
        assert await socket.closed() == (4406, "Subprotocol not acceptable")


async def test_what_is_refused_of_one_operation_leaves_the_others_alone() -> None:
    async with connected(Installation()) as socket:
        await socket.subscribe("{ nothing }")
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        await socket.subscribe("{ sequence }", "2")
        assert await socket.next("sequence") == 0


async def test_ten_thousand_operations_on_one_socket_are_refused_beyond_its_limit() -> None:
    installation = Installation()
    installation.limit(max_operations_per_socket=20)
    async with connected(installation) as socket:
        for number in range(20):
            await socket.subscribe(PATHS, str(number))
        await until(installation, 20)
        for number in range(20, 10_000):
            await socket.subscribe(PATHS, str(number))
            if number % 100 == 99 or number == 20:
                message = await socket.receive()
                while message["id"] != str(number):
                    message = await socket.receive()
                assert message["type"] == "error"
                assert message["payload"][0]["extensions"]["code"] == "OPERATIONS_EXCEEDED"
                assert "at most 20" in message["payload"][0]["extensions"]["hint"]
        assert listeners(installation) == 20


async def test_sockets_beyond_their_limit_are_told_to_try_again_later() -> None:
    installation = Installation()
    installation.limit(max_sockets=2)
    async with serving(installation) as port, sockets(port) as first, sockets(port) as second:
        await first.start()
        await second.start()
        async with sockets(port) as third:
            code, reason = await third.closed()
            assert (code, reason) == (1013, "this server has 2 open sockets, which is the most")
        gauge = installation.registry.get_sample_value
        assert gauge("twin_overlay_graphql_sockets") == 2
        first.cut()
        async with asyncio.timeout(DEADLINE):
            while gauge("twin_overlay_graphql_sockets") != 1:  # noqa: ASYNC110 - a gauge has no event
                await asyncio.sleep(0.01)
        async with sockets(port) as fourth:
            await fourth.start()


async def test_refusals_are_counted_by_their_code() -> None:
    installation = Installation()
    installation.limit(max_cost=1)
    await post(installation, {"query": "{ twins { nodes { twinId } } }"})
    await post(installation, {"query": "{ nothing }"})
    await post(installation, [])
    await post(installation, {"query": "{ sequence }"})
    value = installation.registry.get_sample_value
    for code in ("COST_EXCEEDED", "GRAPHQL_VALIDATION_FAILED", "BATCHING_OFF"):
        assert value("twin_overlay_graphql_refused_total", {"code": code}) == 1
    assert value("twin_overlay_graphql_operations_total", {"kind": "query", "outcome": "ok"}) == 1
    assert value("twin_overlay_graphql_operation_seconds_count", {"kind": "query"}) == 1
