"""The door: whose requests are let in, in which form, of what size; and the plain answers beside GraphQL."""

import json
from typing import Any

import httpx
import pytest
from prometheus_client import Counter
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from app.api.app import routes
from tests.api.client import connected, get, post, serving
from tests.api.parts import PORT, Installation
from tests.api.plant import Plant

QUERY = {"query": "{ sequence }"}
RESPONSE = "application/graphql-response+json"


def code(response: httpx.Response) -> str:
    found: str = response.json()["errors"][0]["extensions"]["code"]
    return found


async def raw(installation: Installation, content: bytes | Any, **headers: str) -> httpx.Response:
    transport = httpx.ASGITransport(installation.app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        return await client.post("/graphql", content=content, headers=headers)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8420", "127.0.0.1:1", "localhost", "127.0.0.1.evil:8420"]
)
async def test_a_foreign_host_is_refused(host: str) -> None:
    answer = await post(Installation(), QUERY, Host=host)
    assert (answer.status_code, code(answer)) == (421, "HOST_NOT_ALLOWED")


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:8420", "LOCALHOST:8420", "[::1]:8420"])
async def test_every_name_of_the_own_address_is_answered(host: str) -> None:
    assert (await post(Installation(), QUERY, Host=host)).json()["data"] == {"sequence": 0}


async def test_hosts_and_origins_of_the_settings_are_answered() -> None:
    installation = Installation(allowed_hosts=("plant.example",), allowed_origins=("https://ui.example",))
    answer = await post(installation, QUERY, Host="plant.example:443", Origin="https://ui.example")
    assert answer.json()["data"] == {"sequence": 0}
    assert answer.headers["access-control-allow-origin"] == "https://ui.example"
    assert code(await post(installation, QUERY, Origin="https://ui.example.evil")) == "ORIGIN_NOT_ALLOWED"


async def test_a_backup_that_cannot_be_taken_is_a_problem_and_a_page_elsewhere_may_not_ask_for_one() -> None:
    transport = httpx.ASGITransport(Installation().app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        refused = await client.post("/backup")
        assert (refused.status_code, refused.json()["code"]) == (409, "BACKUP_UNDER_WAY")
        assert (await client.get("/backup")).status_code == 405
        assert (await client.post("/backup", headers={"Origin": "https://evil.example"})).status_code == 403


async def test_a_browser_on_an_allowed_origin_may_ask_first() -> None:
    installation = Installation(allowed_origins=("https://ui.example",))
    transport = httpx.ASGITransport(installation.app())
    asking = {"Origin": "https://ui.example", "Access-Control-Request-Method": "POST",
              "Access-Control-Request-Headers": "content-type"}  # fmt: skip
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        answer = await client.options("/graphql", headers=asking)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "https://ui.example"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:3000", "http://localhost"])
async def test_a_foreign_origin_is_refused_on_every_path(origin: str) -> None:
    answer = await post(Installation(), QUERY, Origin=origin)
    assert (answer.status_code, code(answer)) == (403, "ORIGIN_NOT_ALLOWED")
    assert (await get(Installation(), "/metrics", Origin=origin)).status_code == 403


async def test_the_own_origin_and_a_missing_one_are_allowed() -> None:
    assert (await post(Installation(), QUERY, Origin="http://localhost:8420")).status_code == 200
    assert (await post(Installation(), QUERY)).status_code == 200


async def test_a_websocket_of_a_foreign_origin_or_host_is_refused_at_the_handshake() -> None:
    async with serving(Installation()) as port:
        protocol = [Subprotocol("graphql-transport-ws")]
        url = f"ws://127.0.0.1:{port}/graphql"
        with pytest.raises(InvalidStatus) as refusal:
            await connect(url, subprotocols=protocol, origin=Origin("https://evil.example"), proxy=None)
        assert refusal.value.response.status_code == 403
        assert b"ORIGIN_NOT_ALLOWED" in (refusal.value.response.body or b"")
        with pytest.raises(InvalidStatus) as refusal:
            await connect(f"ws://evil.localhost:{port}/graphql", subprotocols=protocol, host="127.0.0.1", proxy=None)
        assert refusal.value.response.status_code == 421


async def test_bound_to_every_address_the_one_in_use_is_answered_and_no_name() -> None:
    async with serving(Installation(host="0.0.0.0", insecure=True)) as port:  # noqa: S104
        client = httpx.AsyncClient(trust_env=False)
        url = f"http://127.0.0.1:{port}/healthz"
        own = await client.get(url)
        foreign = await client.get(url, headers={"Host": f"rebound.example:{port}"})
        await client.aclose()
    assert (own.status_code, foreign.status_code) == (200, 421)


async def test_a_mutation_by_get_is_refused_and_not_run() -> None:
    plant = Plant()
    plant.start()
    mutation = 'mutation { deleteTwin(input: {twinId: "pump_124"}) { deletedId } }'
    answer = await get(plant, f"/graphql?query={mutation}", Accept="application/json")
    assert (answer.status_code, code(answer), answer.headers["allow"]) == (405, "OPERATION_NOT_ALLOWED", "POST")
    assert plant.catalogue.twin("pump_124") is not None


async def test_a_subscription_by_get_is_refused() -> None:
    answer = await get(Installation(), "/graphql?query=subscription{connectivityChanged{twinId}}")
    assert (answer.status_code, code(answer)) == (405, "OPERATION_NOT_ALLOWED")


async def test_a_subscription_by_post_is_refused_with_the_way_to_go() -> None:
    asked = {"query": "subscription { connectivityChanged { twinId } }"}
    answer = await post(Installation(), asked, Accept=RESPONSE)
    assert (answer.status_code, code(answer)) == (400, "OPERATION_NOT_ALLOWED")
    assert "graphql-transport-ws" in answer.json()["errors"][0]["extensions"]["hint"]


async def test_a_query_by_get_is_answered() -> None:
    answer = await get(Installation(), "/graphql?query={sequence}", Accept="application/json")
    assert answer.json()["data"] == {"sequence": 0}


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/application/json", ""],
)
async def test_a_post_that_is_not_json_is_refused(content_type: str) -> None:
    headers = {"content-type": content_type} if content_type else {}
    answer = await raw(Installation(), json.dumps(QUERY).encode(), **headers)
    assert (answer.status_code, code(answer)) == (415, "CONTENT_TYPE_NOT_ALLOWED")


async def test_another_method_is_refused() -> None:
    transport = httpx.ASGITransport(Installation().app())
    async with httpx.AsyncClient(transport=transport, base_url=f"http://127.0.0.1:{PORT}") as client:
        answer = await client.put("/graphql", json=QUERY)
    assert (answer.status_code, code(answer), answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "GET, HEAD, POST")


@pytest.mark.parametrize(
    "content",
    [b"{", b"\xff", b'{"query": NaN}', b"[" * 100_000, b'"\\ud800"', b"5", b"null", b'{"query": 5}',
     b'{"query": "{ sequence }", "variables": []}', b'{"query": "{ sequence }", "operationName": 5}', b"{}",
     b'{"query": ""}', b'"{ sequence }"',
     b'{"query": "{ sequence }", "extensions": 5}', b'{"query": "{ sequence }", "documentId": "x"}',
     b'{"documentId": 5}'],
)  # fmt: skip
async def test_a_body_that_is_no_request_is_refused_as_such(content: bytes) -> None:
    answer = await raw(Installation(), content, **{"content-type": "application/json"})
    assert answer.status_code == 400, answer.text
    assert code(answer) == "REQUEST_INVALID"


async def test_an_operation_that_is_not_in_the_document_is_told_as_the_client_can_read_it() -> None:
    for media, status in ((RESPONSE, 400), ("application/json", 200)):
        answer = await post(Installation(), {**QUERY, "operationName": "Other"}, Accept=media)
        assert (answer.status_code, code(answer)) == (status, "OPERATION_UNKNOWN")
        assert "data" not in answer.json()


async def test_of_several_operations_none_is_executed_unless_it_is_named() -> None:
    installation = Installation()
    change = 'mutation A { deleteTwin(input: {twinId: "pump_123"}) { deletedId } } query B { sequence }'
    assert code(await post(installation, {"query": change})) == "OPERATION_UNKNOWN"
    assert (await post(installation, {"query": change, "operationName": "B"})).json()["data"] == {"sequence": 0}
    assert code(await post(installation, {"query": "fragment F on Query { sequence }"})) == "OPERATION_UNKNOWN"
    async with connected(installation) as socket:
        await socket.subscribe(change)
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "OPERATION_UNKNOWN"
        await socket.subscribe("subscription C { alertChanged { sequence } } subscription D { __typename }")
        assert (await socket.receive())["payload"][0]["extensions"]["code"] == "OPERATION_UNKNOWN"


async def test_a_body_over_the_limit_is_refused_with_and_without_its_length() -> None:
    installation = Installation(max_body_bytes=1024)
    large = b'{"query": "' + b" " * 2048 + b'{ sequence }"}'
    answer = await raw(installation, large, **{"content-type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")

    async def chunks() -> Any:
        for start in range(0, len(large), 100):
            yield large[start : start + 100]

    answer = await raw(installation, chunks(), **{"content-type": "application/json"})
    assert (answer.status_code, code(answer)) == (413, "BODY_TOO_LARGE")
    assert (await post(installation, QUERY)).status_code == 200


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("*/*", "application/json"),
        ("", "application/json"),
        ("application/json", "application/json"),
        (RESPONSE, RESPONSE),
        (f"{RESPONSE}, application/json;q=0.9", RESPONSE),
        (f"{RESPONSE};q=0.5, application/json", "application/json"),
        ("application/graphql+json, application/json", "application/json"),
        ("application/*", "application/json"),
        (f"application/json;q=0, {RESPONSE}", RESPONSE),
        ("application/json;q=0, */*", RESPONSE),
    ],
)
async def test_the_answer_has_the_media_type_the_client_prefers(accept: str, media: str) -> None:
    answer = await post(Installation(), QUERY, Accept=accept)
    assert answer.headers["content-type"] == f"{media}; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "Accept" in answer.headers["vary"]


@pytest.mark.parametrize("accept", ["text/plain", "image/*", "application/json;q=0", "application/xml, text/html"])
async def test_a_client_that_can_read_no_answer_is_told_so(accept: str) -> None:
    answer = await post(Installation(), QUERY, Accept=accept)
    assert (answer.status_code, code(answer)) == (406, "NOT_ACCEPTABLE")
    assert RESPONSE in answer.json()["errors"][0]["extensions"]["hint"]


async def test_head_answers_as_get_without_a_body() -> None:
    async with serving(Installation()) as port, httpx.AsyncClient(trust_env=False) as client:
        url = f"http://127.0.0.1:{port}/graphql?query={{sequence}}"
        head, whole = await client.head(url), await client.get(url)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_an_image_or_a_link_of_another_site_may_not_query(site: str) -> None:
    sent = {"Accept": "image/avif,*/*;q=0.8", "Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
    answer = await get(Installation(), "/graphql?query={sequence}", **sent)
    assert (answer.status_code, code(answer)) == (403, "CROSS_SITE_REQUEST")
    typed = await get(Installation(), "/graphql?query={sequence}", **{"Sec-Fetch-Site": "none"})
    assert typed.json()["data"] == {"sequence": 0}


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"'])
async def test_json_in_utf_8_is_taken_by_any_of_its_names(charset: str) -> None:
    answer = await raw(
        Installation(), json.dumps(QUERY).encode(), **{"content-type": f"application/json; charset={charset}"}
    )
    assert answer.json()["data"] == {"sequence": 0}


async def test_other_encodings_of_a_body_are_refused() -> None:
    latin = await raw(Installation(), b"{}", **{"content-type": "application/json; charset=latin-1"})
    packed = await raw(Installation(), b"{}", **{"content-type": "application/json", "content-encoding": "gzip"})
    for answer in (latin, packed):
        assert (answer.status_code, code(answer)) == (415, "CONTENT_TYPE_NOT_ALLOWED")


@pytest.mark.parametrize("query", ["{", "{ nothing }", "query($n: Int!) { twins(first: $n) { totalCount } }"])
async def test_a_request_that_cannot_be_executed_has_no_data_and_is_400_where_the_client_knows(query: str) -> None:
    knows = await post(Installation(), {"query": query}, Accept=RESPONSE)
    assert knows.status_code == 400
    assert "data" not in knows.json()
    older = await post(Installation(), {"query": query}, Accept="application/json")
    assert older.status_code == 200


async def test_a_field_that_fails_is_null_beside_the_others_and_200() -> None:
    answer = await post(Installation(), {"query": '{ sequence twin(twinId: "?") { id } }'}, Accept=RESPONSE)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"sequence": 0, "twin": None}


async def test_the_root_leads_to_graphql() -> None:
    answer = await get(Installation(), "/")
    assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")


async def test_healthy_is_not_ready() -> None:
    installation = Installation()
    graph = {"behind_entries": 0, "behind_seconds": 0.0, "set_aside": 0}
    ready = {"status": "ready", "problems": {}, "warnings": {}, "graph": graph}
    assert (await get(installation, "/readyz")).json() == ready
    installation.warnings["journal"] = "records 6 to 10 are lost"
    answer = await get(installation, "/readyz")
    assert (answer.status_code, answer.json()) == (200, {**ready, "warnings": installation.warnings})
    installation.problems["graph"] = "it does not answer"
    answer = await get(installation, "/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "problems": {"graph": "it does not answer"},
        "warnings": installation.warnings,
        "graph": graph,
    }
    assert (await get(installation, "/healthz")).json() == {"status": "ok"}


async def test_metrics_are_those_of_the_registry() -> None:
    installation = Installation()
    Counter("samples", "Samples taken", registry=installation.services.registry).inc(3)
    answer = await get(installation, "/metrics")
    assert "samples_total 3.0" in answer.text
    assert answer.headers["content-type"].startswith("text/plain")


async def test_several_operations_in_one_request_are_refused_unless_the_settings_allow_them() -> None:
    installation = Installation()
    answer = await post(installation, [QUERY])
    assert (answer.status_code, code(answer)) == (400, "BATCHING_OFF")
    installation.limit(batch_operations=2)
    answer = await post(installation, [QUERY, {"query": "{ nothing }"}])
    first, second = answer.json()
    assert (answer.status_code, first["data"]) == (200, {"sequence": 0})
    assert second["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    answer = await post(installation, [QUERY, {"query": "subscription { connectivityChanged { twinId } }"}])
    assert answer.json()[1]["errors"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"
    answer = await post(installation, [QUERY] * 3)
    assert (answer.status_code, code(answer)) == (400, "BATCH_TOO_LARGE")
    answer = await post(installation, [QUERY, 5])
    assert (answer.status_code, code(answer)) == (400, "REQUEST_INVALID")


def test_nothing_but_graphql_transport_ws_is_offered() -> None:
    installation = Installation()
    view = routes(installation.services, installation.settings)[0].app  # type: ignore[attr-defined]
    assert view.websocket_subprotocols == ["graphql-transport-ws"]
