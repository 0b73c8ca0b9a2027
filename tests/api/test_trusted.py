"""Trusted documents: named by id over HTTP and WebSocket, read anew when they change, and nothing else where so set."""

import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from app.api.schema import faults
from app.api.trusted import Trusted, digest
from app.errors import Misconfigured
from app.settings import GraphQLSettings
from tests.api.client import connected, get, post
from tests.api.parts import Installation

SEQUENCE = "query Sequence { sequence }"
ONE = "query One($id: ID!) {\n  twin(twinId: $id) {\n    twinId\n  }\n}"


def trusted(folder: Path) -> Trusted:
    found = Trusted(folder, partial(faults, settings=GraphQLSettings()))
    found.load()
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Sequence.graphql").write_text(SEQUENCE + "\n")
    (tmp_path / "shift").mkdir()
    (tmp_path / "shift" / "One.gql").write_text(ONE)
    (tmp_path / "codegen.json").write_text(json.dumps({"0123abcd": "query Version { server { version } }"}))
    body = "query Count { twins { totalCount } }"
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "count", "body": body}]}
    (tmp_path / "apollo.json").write_text(json.dumps(apollo))
    return tmp_path


async def answer_of(installation: Installation, **body: Any) -> Any:
    return (await post(installation, body)).json()


async def code_of(installation: Installation, **body: Any) -> str:
    [error] = (await answer_of(installation, **body))["errors"]
    found: str = error["extensions"]["code"]
    return found


async def test_a_document_is_known_by_its_name_and_by_the_digest_of_its_text(folder: Path) -> None:
    installation = Installation()
    installation.limit(trusted(folder))
    for id in ("Sequence", digest(SEQUENCE), digest(SEQUENCE + "\n")):
        assert (await answer_of(installation, documentId=id))["data"] == {"sequence": 0}
    one = await answer_of(installation, documentId="shift.One", variables={"id": "pump_123"}, operationName="One")
    assert one["data"] == {"twin": {"twinId": "pump_123"}}
    by_get = await get(installation, f'/graphql?documentId={digest(ONE)}&variables={{"id":"pump_124"}}')
    assert by_get.json()["data"] == {"twin": {"twinId": "pump_124"}}


async def test_manifests_of_code_generators_are_read_and_apollos_clients_are_understood(folder: Path) -> None:
    installation = Installation()
    installation.limit(trusted(folder))
    assert (await answer_of(installation, documentId="0123abcd"))["data"]["server"]["version"]
    assert (await answer_of(installation, documentId="count"))["data"] == {"twins": {"totalCount": 3}}
    for hash in ("count", digest(SEQUENCE).removeprefix("sha256:")):
        asked = {"persistedQuery": {"version": 1, "sha256Hash": hash}}
        assert (await answer_of(installation, extensions=asked))["data"]


async def test_a_document_that_is_not_there_is_an_answer_with_one_error_and_what_was_meant(folder: Path) -> None:
    installation = Installation()
    assert await code_of(installation, documentId="Sequence") == "PERSISTED_QUERY_NOT_FOUND"
    installation.limit(trusted(folder))
    found = await post(installation, {"documentId": "Sequense"}, Accept="application/graphql-response+json")
    [error] = found.json()["errors"]
    assert (found.status_code, error["extensions"]["code"]) == (400, "PERSISTED_QUERY_NOT_FOUND")
    assert error["extensions"]["hint"] == "did you mean 'Sequence'?"
    for id in ("sha256:abc", "a/b", "md5:0", "x" * 10 + " "):
        assert await code_of(installation, documentId=id) == "PERSISTED_ID_INVALID"


async def test_over_a_websocket_a_document_is_named_too(folder: Path) -> None:
    (folder / "Values.graphql").write_text("subscription Values { connectivityChanged { twinId initial } }")
    installation = Installation()
    installation.limit(trusted(folder), documents_dir=folder, trusted_only=True)
    installation.disconnect("pump_123", "gone")
    async with connected(installation) as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": {"documentId": "Values"}})
        assert await socket.next("connectivityChanged") == {"twinId": "pump_123", "initial": True}
        await socket.send({"id": "2", "type": "subscribe", "payload": {"documentId": "Valves"}})
        message = await socket.receive()
        assert (message["id"], message["type"]) == ("2", "error")
        assert message["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        await socket.subscribe("subscription { alertChanged { sequence } }", "3")
        message = await socket.receive()
        assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("3", "PERSISTED_ONLY")


async def test_where_only_trusted_documents_are_executed_everything_else_is_refused(folder: Path) -> None:
    installation = Installation()
    installation.limit(trusted(folder), documents_dir=folder, trusted_only=True)
    assert await code_of(installation, query="{ sequence }") == "PERSISTED_ONLY"
    assert await code_of(installation, query="{ __schema { description } }") == "PERSISTED_ONLY"
    assert (await answer_of(installation, query=SEQUENCE))["data"] == {"sequence": 0}
    for unread in ("{ sequenc }", "{", "query A { sequence } query B { sequence }"):  # nothing is told of the schema
        assert await code_of(installation, query=unread) == "PERSISTED_ONLY"
    refused = await post(installation, {"query": "{ sequence }"}, Accept="application/graphql-response+json")
    assert refused.status_code == 403
    page = await get(installation, "/graphql", Accept="text/html")
    assert "PERSISTED_ONLY" in page.text


def test_trusted_only_without_documents_is_no_setting() -> None:
    with pytest.raises(ValueError, match="documents_dir"):
        GraphQLSettings(trusted_only=True)


def test_what_is_wrong_in_the_folder_is_told_at_start_all_of_it_with_its_place(folder: Path) -> None:
    (folder / "Broken.graphql").write_text("query {\n  twins {")
    (folder / "Unknown.graphql").write_text('query {\n  twin(twinId: "x") { nothing }\n}')
    (folder / "Dear.graphql").write_text(
        "{ twins(first: 1000) { nodes { relationships { nodes { target { properties { name } } } } } } }"
    )
    (folder / "none.json").write_text("[1]")
    (folder / "b ad.graphql").write_text("{ sequence }")
    (folder / "other.json").write_text(json.dumps({"Sequence": "{ server { version } }"}))
    with pytest.raises(Misconfigured) as refusal:
        trusted(folder)
    assert refusal.value.code == "DOCUMENTS_INVALID"
    found = [(problem.code, problem.path.removeprefix(f"{folder}/")) for problem in refusal.value.problems]
    assert len(found) == len(set(found))
    assert set(found) == {
        ("GRAPHQL_PARSE_FAILED", "Broken.graphql:2:10"),
        ("GRAPHQL_VALIDATION_FAILED", "Unknown.graphql:2:23"),
        ("COST_EXCEEDED", "Dear.graphql:1:3"),
        ("DOCUMENT_UNREADABLE", "none.json"),
        ("PERSISTED_ID_INVALID", "b ad.graphql"),
        ("DOCUMENT_TWICE", "other.json"),
    }
    with pytest.raises(Misconfigured):
        trusted(folder / "nowhere")


def test_a_folder_that_changes_is_read_again_and_a_file_that_is_wrong_then_stays_as_it_was(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = trusted(folder)
    found.look_seconds = 0.0
    known = len(found)
    (folder / "New.graphql").write_text("{ server { version } }")
    assert found.text("New")
    (folder / "Sequence.graphql").write_text("{ sequenc }")
    later = time.time() + 5
    os.utime(folder / "Sequence.graphql", (later, later))
    assert found.text("Sequence").strip() == SEQUENCE
    assert "Sequence.graphql:1:3" in caplog.text
    (folder / "New.graphql").unlink()
    assert not found.has("{ server { version } }")
    assert len(found) == known
