"""Limits hold before anything is executed: each has its code, says what to do, and all of them are told at once."""

from typing import Any

import pytest
from graphql import get_introspection_query, parse, print_ast, visit
from graphql.language import FieldNode, Visitor

from app.api.graphiql.examples import EXAMPLES
from app.api.schema import faults, sdl
from app.settings import GraphQLSettings
from tests.api.client import ask, connected, post, refused
from tests.api.parts import Installation

LIMITS = GraphQLSettings()
INNER = "memberships { nodes { overlay { roles { twin { properties { value { json } } } } } } }"
DEAR = f"query($n: Int) {{ twins(first: $n) {{ nodes {{ {INNER} }} }} }}"
DEEP = '{ twin(twinId: "pump_123") { ' + "type { twins(first: 1) { nodes { " * 6 + "twinId" + " } } }" * 6 + " } }"


async def code_of(query: str, installation: Installation | None = None, **variables: Any) -> str:
    found: str = (await refused(installation or Installation(), query, **variables))["extensions"]["code"]
    return found


async def test_every_answer_says_what_it_cost_and_what_it_might() -> None:
    answer = (await post(Installation(), {"query": "{ twins(first: 7) { nodes { properties { name } } } }"})).json()
    assert answer["extensions"] == {"cost": {"requested": 1 + 7 * 11, "limit": LIMITS.max_cost}}


async def test_an_operation_that_costs_too_much_names_the_field_to_narrow_and_how_far() -> None:
    installation = Installation()
    error = await refused(installation, DEAR, n=1000)
    told = error["extensions"]
    assert (told["code"], told["path"], told["cost"]["limit"]) == ("COST_EXCEEDED", "/twins", LIMITS.max_cost)
    assert told["cost"]["requested"] > LIMITS.max_cost
    assert error["locations"] == [{"line": 1, "column": 18}]
    most = told["narrow"]["most"]
    assert f"`first: {most}` of `twins` fits" in told["hint"]
    assert (await ask(installation, DEAR, n=most))["twins"]
    assert await code_of(DEAR, installation, n=most + 1) == "COST_EXCEEDED"
    assert installation.store.statements == []


async def test_a_subscription_that_costs_too_much_is_refused_too() -> None:
    dear = f"memberships {{ nodes {{ overlay {{ roles {{ twin {{ {INNER} }} }} }} }} }}"
    async with connected(Installation()) as socket:
        await socket.subscribe(f"subscription {{ propertyChanged {{ twin {{ {dear} }} }} }}")
        message = await socket.receive()
    assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "COST_EXCEEDED")


async def test_the_schema_says_how_cost_is_reckoned() -> None:
    found = await ask(Installation(), "{ __schema { description } }")
    assert "COST_EXCEEDED" in found["__schema"]["description"]
    assert found["__schema"]["description"] in sdl()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (DEEP, "DEPTH_EXCEEDED"),
        ("{" + " ".join(f"a{n}: sequence" for n in range(LIMITS.max_root_fields + 1)) + "}", "ROOT_FIELDS_EXCEEDED"),
        ("{ server {" + " ".join(f"a{n}: version" for n in range(LIMITS.max_aliases + 1)) + "} }", "ALIASES_EXCEEDED"),
        ("{" + "... @include(if: true) { sequence } " * (LIMITS.max_directives + 1) + "}", "DIRECTIVES_EXCEEDED"),
        ("{" + " sequence" * LIMITS.max_tokens + "}", "TOKENS_EXCEEDED"),
        ("{ sequence }" + " " * 20 * LIMITS.max_tokens, "TOKENS_EXCEEDED"),
        ("{" + "server { version } " * 1000 + "}", "FIELDS_EXCEEDED"),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "GRAPHQL_VALIDATION_FAILED"),
        ("{" + "a{" * 250 + "b" + "}" * 250 + "}", "GRAPHQL_PARSE_FAILED"),
    ],
)  # fmt: skip
async def test_a_document_beyond_a_limit_is_refused_with_its_code(query: str, code: str) -> None:
    installation = Installation()
    error = await refused(installation, query)
    assert error["extensions"]["code"] == code, error
    assert error["extensions"]["hint"]
    assert "path" not in error
    assert installation.store.statements == []


async def test_all_limits_that_an_operation_is_over_are_told_at_once() -> None:
    installation = Installation()
    installation.limit(max_depth=2, max_aliases=0, max_cost=10)
    answer = (await post(installation, {"query": "{ a: twins { nodes { twinId } } }"})).json()
    codes = [error["extensions"]["code"] for error in answer["errors"]]
    assert codes == ["ALIASES_EXCEEDED", "DEPTH_EXCEEDED", "COST_EXCEEDED"]


async def test_fragments_that_multiply_each_other_are_cut_off() -> None:
    parts = " ".join(
        f"fragment F{n} on Twin {{ a: type {{ twins(first: 1) {{ nodes {{ ...F{n + 1} }} }} }}"
        f" b: type {{ twins(first: 1) {{ nodes {{ ...F{n + 1} }} }} }} }}"
        for n in range(30)
    )
    query = f'{{ twin(twinId: "pump_123") {{ ...F0 }} }} {parts} fragment F30 on Twin {{ twinId }}'
    assert await code_of(query) == "FIELDS_EXCEEDED"


async def test_introspection_is_answered_until_it_is_switched_off() -> None:
    installation = Installation()
    assert await ask(installation, get_introspection_query())
    installation.limit(introspection=False)
    assert await code_of(get_introspection_query(), installation) == "INTROSPECTION_OFF"
    assert (
        await code_of("{ ...F } fragment F on Query { __schema { description } }", installation) == "INTROSPECTION_OFF"
    )
    assert await ask(installation, "{ __typename }") == {"__typename": "Query"}
    error = await refused(installation, "{ twin(twinId: 5) { twinnId } }")
    assert "Did you mean" not in error["message"]
    assert "Did you mean" in (await refused(Installation(), "{ sequenc }"))["message"]


async def test_introspection_that_is_repeated_costs_what_it_is() -> None:
    whole = parse(get_introspection_query()).definitions
    body = print_ast(whole[0]).split("__schema", 1)[1].rsplit("}", 1)[0]
    fragments = " ".join(print_ast(item) for item in whole[1:])
    query = "{" + " ".join(f"a{number}: __schema {body}" for number in range(60)) + "}" + fragments
    assert await code_of(query) in ("COST_EXCEEDED", "FIELDS_EXCEEDED")


def test_every_prepared_document_is_within_the_limits() -> None:
    for item in EXAMPLES:
        assert faults(item.document, LIMITS) == [], item.title


class _Fields(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def enter_field(self, _node: FieldNode, *_: Any) -> None:
        self.count += 1


def test_the_limits_leave_room_for_what_a_screen_asks_for() -> None:
    screen = """
    query Screen($first: Int = 100) {
      twins(first: $first) { totalCount pageInfo { endCursor } nodes {
        twinId properties { name value { json unit quality timestamp } } behaviors { name state evidence }
        alerts(first: 10) { nodes { alertId severity message } }
        memberships(first: 10) { nodes { role overlay { overlayId } } }
        relationships(first: 10) { nodes { name target { twinId } } } } } }
    """
    counting = _Fields()
    visit(parse(screen), counting)
    assert counting.count > 20
    assert faults(screen, LIMITS) == []
