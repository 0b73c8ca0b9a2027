"""Errors as clients see them: a code, a hint, where; and of what is inside, nothing."""

import logging

import pytest

from tests.api.client import ask, connected, post, refused
from tests.api.parts import Installation

SECRET = "password=hunter2 at /home/plant/secret.py"
FAILING = '{ twin(twinId: "pump_123") { twinId revisions { nodes { number } } } }'


class Broken(Installation):
    def __init__(self) -> None:
        super().__init__()
        self.store.fault = RuntimeError(SECRET)


async def test_a_bug_is_masked_and_found_in_the_log_by_its_reference(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await post(Broken(), {"query": FAILING})
    [error] = answer.json()["errors"]
    assert error["message"] == "internal error"
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["path"] == ["twin", "revisions"]
    assert "hunter2" not in answer.text
    [record] = [item for item in caplog.records if error["extensions"]["reference"] in item.getMessage()]
    assert record.exc_info is not None
    assert SECRET in str(record.exc_info[1])


async def test_a_bug_over_websocket_is_masked_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        async with connected(Broken()) as socket:
            await socket.subscribe(FAILING)
            payload = (await socket.receive())["payload"]
    assert payload["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in str(payload)


async def test_the_users_own_mistakes_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await refused(Installation(), '{ twin(twinId: "?") { id } }')
        await refused(Installation(), "{ nothing }")
        await refused(Installation(), "{")
    assert [item for item in caplog.records if item.name.startswith(("twin_overlay", "strawberry"))] == []


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ twin(", "GRAPHQL_PARSE_FAILED"),
        ("{ twinn }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ alerts(where: {severity: LOUD}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { twins(first: $n) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ twins(first: 99999999999) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_document_that_does_not_fit_the_schema_says_so(query: str, code: str) -> None:
    error = await refused(Installation(), query)
    assert error["extensions"]["code"] == code
    assert error["extensions"]["hint"]
    assert error["locations"]


@pytest.mark.parametrize(
    "query",
    [
        'query($no: Int = 1) { twin(twinId: "pump_123") { related(maxDepth: $no) { totalCount } } }',
        "query($no: Int = 1) { twins { nodes { related(maxDepth: $no) { totalCount } } } }",
        'query($no: Boolean = true) { twin(twinId: "pump_123") { twinId @include(if: $no) } }',
        "query($no: Boolean = true) { sequence @skip(if: $no) }",
    ],
)
async def test_null_for_a_variable_that_must_not_be_is_the_clients_mistake_and_not_logged(
    query: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = (await post(Installation(), {"query": query, "variables": {"no": None}})).json()
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert "$no" in answer["errors"][0]["message"]
    assert caplog.records == []


async def test_each_failing_field_has_its_own_error() -> None:
    query = '{ a: twin(twinId: "?") { id } b: overlay(overlayId: "?") { id } }'
    errors = (await post(Installation(), {"query": query})).json()["errors"]
    assert [error["path"] for error in errors] == [["a"], ["b"]]


async def test_what_went_well_needs_no_errors() -> None:
    assert await ask(Installation(), "{ __typename }") == {"__typename": "Query"}
