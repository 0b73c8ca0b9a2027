"""GraphiQL: it comes whole from this server, and each of its prepared documents runs on the demo's plant."""

import base64
import hashlib
import json
import re

import httpx
import pytest
from graphql import OperationType, build_schema, parse, validate
from graphql.language import OperationDefinitionNode

from app.api.app import routes
from app.api.graphiql.examples import EXAMPLES, Example
from app.api.schema import sdl
from tests.api.client import ask, connected, get
from tests.api.demo import demo_plant
from tests.api.parts import Installation

PUBLISHED = {
    "graphiql.min.css": "Mq3vbRBY71jfjQAt/DcjxUIYY33ksal4cgdRt9U/hNPvHBCaT2JfJ/PTRiPKf0aM",
    "graphiql.min.js": "HbRVEFG0JGJZeAHCJ9Xm2+tpknBQ7QZmNlO/DgZtkZ0aJSypT96YYGRNod99l9Ie",
    "react-dom.production.min.js": "bm7MnzvK++ykSwVJ2tynSE5TRdN+xL418osEVF2DE/L/gfWHj91J2Sphe582B1Bh",
    "react.production.min.js": "tMH8h3BGESGckSAVGZ82T9n90ztNXxvdwvdM6UoR56cYcf+0iGXBliJ29D+wZ/x8",
}
"""SHA-384 of graphiql 3.8.3, react 18.2.0 and react-dom 18.2.0 as npm has them."""
RUNNABLE = [pytest.param(example, id=f"{example.group}: {example.title}") for example in EXAMPLES]


def operation(example: Example) -> OperationDefinitionNode:
    [found] = parse(example.document).definitions
    assert isinstance(found, OperationDefinitionNode)
    return found


def test_every_document_is_valid_named_and_called_something_of_its_own() -> None:
    schema = build_schema(sdl())
    assert [item.title for item in EXAMPLES if validate(schema, parse(item.document))] == []
    for names in ([item.title for item in EXAMPLES], [operation(item).name for item in EXAMPLES]):
        assert None not in names
        assert len(set(map(str, names))) == len(names)


@pytest.mark.parametrize("example", RUNNABLE)
async def test_a_prepared_document_runs_on_the_demo_s_plant(example: Example) -> None:
    plant = demo_plant()
    if example.group != "Find":
        plant.hear("pump_123", "status", "fault")  # so that there are alerts
    variables = json.loads(example.variables or "{}")
    if "alertIds" in variables:
        variables["alertIds"] = [alert.alert_id for alert in plant.services.live.open_alerts()]
    if operation(example).operation is OperationType.SUBSCRIPTION:
        async with connected(plant) as socket:
            await socket.subscribe(example.document, **variables)
            message = await socket.receive()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        answer = message["payload"]["data"]
    else:
        answer = await ask(plant, example.document, **variables)
    assert all(found not in (None, [], {}) for found in answer.values()), answer
    assert all(found.get("nodes", found.get("edges")) != [] for found in answer.values() if isinstance(found, dict))


# ---------------------------------------------------------------- the page


async def test_a_browser_gets_the_editor_with_its_documents_and_a_strict_policy() -> None:
    installation = Installation()
    answer = await get(installation, "/graphql", Accept="text/html")
    policy = answer.headers["content-security-policy"]
    nonce = policy.split("'nonce-")[1].split("'")[0]
    scripts = re.findall(r"<script([^>]*)>", answer.text)
    assert len(scripts) == 5
    assert all(f'nonce="{nonce}"' in item for item in scripts if "application/json" not in item)
    assert "unsafe-eval" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "propertyChanged" in answer.text
    assert (await get(installation, "/graphql", Accept="text/html")).headers["content-security-policy"] != policy


async def test_all_that_the_page_loads_comes_from_this_server_and_is_what_npm_has() -> None:
    installation = Installation()
    page = await get(installation, "/graphql", Accept="text/html")
    assert "//" not in page.headers["content-security-policy"]
    named = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert sorted(named) == [f"graphiql/{name}" for name in sorted(PUBLISHED)]
    for name in named:
        answer = await get(installation, f"/{name}")
        digest = base64.b64encode(hashlib.sha384(answer.content).digest()).decode()
        assert digest == PUBLISHED[name.removeprefix("graphiql/")]
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")
        again = {"If-None-Match": answer.headers["etag"]}
        assert (await get(installation, f"/{name}", **again)).status_code == 304
        plain = await get(installation, f"/{name}", **{"Accept-Encoding": "identity"})
        assert plain.content == answer.content
    assert (await get(installation, "/graphiql/page.py")).status_code == 404


async def test_without_the_editor_the_page_says_how_to_ask() -> None:
    page = (await get(Installation(), "/graphql?x=%3Cb%3E", Accept="text/html")).text
    text, _, _ = page.partition("</section>")
    assert re.search(r"<pre>curl http://[\w.:]+/graphql -H 'content-type: application/json' -d ", text)
    assert "graphql-transport-ws" in text
    assert "JavaScript" in text
    assert "<link" not in text  # a style sheet up there would hold the text back


async def test_prepared_documents_cannot_break_out_of_the_page() -> None:
    installation = Installation()
    bad = Example("x", "x", "</script><script>alert(1)", "")
    view = routes(installation.services, installation.settings, examples=[bad])
    page = httpx.ASGITransport(view[0].app)  # type: ignore[attr-defined]
    async with httpx.AsyncClient(transport=page, base_url="http://127.0.0.1") as client:
        answer = await client.get("/graphql", headers={"Accept": "text/html"})
    assert "</script><script>alert" not in answer.text
