"""Whatever is sent: no answer is a server's failure, none tells of the inside, and every error has a code.

Documents are those of GraphiQL with something cut out, doubled, swapped or put in between; requests are what JSON there
is. What a hostile client may do on a socket is in test_sockets.py, what it may ask for too much of in limits/.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from app.api.asking import acceptable
from app.api.graphiql.examples import EXAMPLES
from tests.api.client import Socket, connected, post, refused, serving
from tests.api.parts import PORT, Installation
from tests.api.plant import Plant

CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
INSIDE = re.compile(r"Traceback|File \"|site-packages|\.py\b|0x[0-9a-f]{8}")
SEEDS = [
    *(item.document for item in EXAMPLES),
    "query A { sequence } query B { server { version } }",
    'mutation { deleteTwin(input: {twinId: "x"}) { deletedId } }',
]
TOKEN = re.compile(r"\w+|[^\w\s]|\s+")
SIGNS = ["{", "}", "(", ")", "[", "]", "...", "$", "@", "!", "|", "&", "=", ":", '"', '"""', "\\", "#", "\n", "\x00"]
WORDS = [
    "fragment",
    "on",
    "query",
    "subscription",
    "null",
    "true",
    "__typename",
    "__schema",
    "a" * 2000,
    "\ufeff",
    "😀",
]
TEXTS = st.sampled_from([*SIGNS, *WORDS, "-1", "1e999", "9" * 400, "\ud7ff"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    tokens = TOKEN.findall(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(tokens) - 1))
        other = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["cut", "double", "swap", "insert", "repeat"])):
            case "cut":
                tokens[place:other] = []
            case "double":
                tokens[place:place] = tokens[place:other]
            case "swap":
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case "insert":
                tokens.insert(place, draw(TEXTS))
            case "repeat":
                tokens[place] *= draw(st.integers(2, 50))
        tokens = tokens or [""]
    return "".join(tokens)


@st.composite
def requests(draw: st.DrawFn) -> Any:
    members = {
        "query": st.sampled_from(SEEDS) | ANY_JSON,
        "variables": ANY_JSON,
        "operationName": st.sampled_from(["A", "B", "Twins", "", None]) | ANY_JSON,
        "extensions": ANY_JSON | st.fixed_dictionaries({"persistedQuery": ANY_JSON}),
        "documentId": st.text(max_size=8) | ANY_JSON,
    }
    found = {name: draw(strategy) for name, strategy in members.items() if draw(st.booleans())}
    return draw(st.sampled_from([found, found, found, [found], [found, found]]) | ANY_JSON)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def app(runner: asyncio.Runner) -> Starlette:
    plant = Plant()

    async def start() -> None:
        plant.start()

    runner.run(start())
    plant.limit(batch_operations=2)
    return plant.app()


async def answered(app: Starlette, method: str, **sent: Any) -> None:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        response = await client.request(method, "/graphql", **sent)
    assert response.status_code < 500, response.text
    found = response.json()
    for answer in found if isinstance(found, list) else [found]:
        assert "data" in answer or answer["errors"], answer
        for error in answer.get("errors", ()):
            assert CODE.fullmatch(error["extensions"]["code"]), error
            assert error["extensions"]["code"] != "INTERNAL", error
            assert isinstance(error["extensions"]["hint"], str), error
            assert not INSIDE.search(error["message"]), error


QUICK = settings(max_examples=120, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(query=mutated())
def test_documents_with_something_wrong_are_answered(runner: asyncio.Runner, app: Starlette, query: str) -> None:
    body = json.dumps({"query": query}).encode()
    runner.run(answered(app, "POST", content=body, headers={"content-type": "application/json"}))


@QUICK
@given(request=requests())
def test_requests_of_any_form_are_answered(runner: asyncio.Runner, app: Starlette, request: Any) -> None:
    runner.run(answered(app, "POST", json=request))
    if isinstance(request, dict):
        sent = {name: value if isinstance(value, str) else json.dumps(value) for name, value in request.items()}
        runner.run(answered(app, "GET", params=sent))


@QUICK
@given(content=st.binary(max_size=60))
def test_bodies_of_any_bytes_are_answered(runner: asyncio.Runner, app: Starlette, content: bytes) -> None:
    runner.run(answered(app, "POST", content=content, headers={"content-type": "application/json"}))


@given(accept=st.text(st.sampled_from("abq=;,*/+.0159 -"), max_size=60))
def test_any_accept_header_can_be_read(accept: str) -> None:
    assert acceptable(accept) in ("application/json", "application/graphql-response+json", None)


@pytest.fixture(scope="module")
def port(runner: asyncio.Runner) -> Iterator[int]:
    server = serving(Installation())
    yield runner.run(server.__aenter__())
    runner.run(server.__aexit__(None, None, None))


KINDS = st.sampled_from(["subscribe", "subscribe", "complete", "ping", "connection_init", "next", "error", 5])


@QUICK
@given(messages=st.lists(st.tuples(KINDS, requests() | ANY_JSON), min_size=1, max_size=4), start=st.booleans())
def test_messages_of_any_form_are_answered_or_close_the_socket_with_a_reason(
    runner: asyncio.Runner, port: int, messages: list[tuple[Any, Any]], start: bool
) -> None:
    runner.run(spoken(port, messages, start))


async def spoken(port: int, messages: list[tuple[Any, Any]], start: bool) -> None:
    protocol = [Subprotocol("graphql-transport-ws")]
    async with connect(f"ws://127.0.0.1:{port}/graphql", subprotocols=protocol, proxy=None) as connection:
        socket = Socket(connection)
        if start:
            await socket.start()
        try:
            for number, (kind, payload) in enumerate(messages):
                await socket.send({"type": kind, "id": str(number), "payload": payload})
            await socket.send({"type": "ping", "payload": {"last": True}})
            while (message := await socket.receive()) != {"type": "pong", "payload": {"last": True}}:
                for error in message["payload"] if message["type"] == "error" else ():
                    assert CODE.fullmatch(error["extensions"]["code"]), error
                    assert not INSIDE.search(error["message"]), error
        except ConnectionClosed:
            code, reason = await socket.closed()
            assert code in (4400, 4401, 4429), (code, reason)
            assert reason


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("query($n: Int) { twins(first: $n) { totalCount } }", {"n": "many"}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int) { twins(first: $n) { totalCount } }", {"n": 2**40}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int) { twins(first: $n) { totalCount } }", {"n": {"a": [1] * 1000}}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { twin(twinId: $id) { twinId } }", {"id": None}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($id: ID!) { twin(twinId: $id) { twinId } }", {"id": "not an id"}, "ID_INVALID"),
        ("query($id: ID!) { node(id: $id) { id } }", {"id": "x" * 100_000}, "ID_INVALID"),
        ("query($n: Int) { twins(first: $n) { totalCount } }", {"n": -1}, "PAGE_SIZE_INVALID"),
        ("query($n: Int) { twins(first: $n) { totalCount } }", {"n": 1001}, "PAGE_SIZE_INVALID"),
        ("query($at: String) { twins(after: $at) { totalCount } }", {"at": "bm9uc2Vuc2U="}, "CURSOR_INVALID"),
        ("query($at: String) { twinTypes(after: $at) { totalCount } }", {"at": "💥"}, "CURSOR_INVALID"),
        ("query($at: String) { auditLog(after: $at) { nodes { at } } }", {"at": "YXQ6cHVtcF8xMjM="}, "CURSOR_INVALID"),
        ("query($t: [ID!]) { overrides(where: {twinIds: $t}) { totalCount } }", {"t": ["pump_122"]}, "TWIN_NOT_FOUND"),
    ],
)
async def test_values_that_are_wrong_are_refused_with_their_code(
    query: str, variables: dict[str, Any], code: str
) -> None:
    error = await refused(Installation(), query, **variables)
    assert error["extensions"]["code"] == code, error


async def test_a_cursor_of_another_query_is_refused() -> None:
    installation = Installation()
    first = '{ twins(first: 1, where: {type: "pump"}) { pageInfo { endCursor } } }'
    cursor = (await post(installation, {"query": first})).json()["data"]["twins"]["pageInfo"]["endCursor"]
    again = "query($at: String) { twins(after: $at) { totalCount } }"
    assert (await refused(installation, again, at=cursor))["extensions"]["code"] == "CURSOR_FOREIGN"


@pytest.mark.parametrize(
    ("arguments", "code", "meant"),
    [
        ('twinIds: ["pump_122"]', "TWIN_NOT_FOUND", "pump_12"),
        ('twinType: "pumpe"', "TWIN_TYPE_NOT_FOUND", "pump"),
        ('overlayId: "celar"', "OVERLAY_NOT_FOUND", "cellar"),
    ],
)
async def test_a_subscription_to_what_is_not_there_is_an_error_with_what_was_meant(
    arguments: str, code: str, meant: str
) -> None:
    async with connected(Installation()) as socket:
        await socket.subscribe(f"subscription {{ propertyChanged({arguments}) {{ twinId }} }}")
        message = await socket.receive()
        [error] = message["payload"] if message["type"] == "error" else message["payload"]["errors"]
        assert error["extensions"]["code"] == code
        assert f"did you mean '{meant}" in error["extensions"]["hint"]
