"""Compiled selections answer as graphql-core does: the same data in the same order, the same errors at the same places.

The oracle is Strawberry's own executor, on the same schema and the same plant. Set SELECTION_EXAMPLES for longer runs.
"""

import asyncio
import dataclasses
import json
import os
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from graphql import ExecutionResult, execute, parse, specified_rules
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from app.api.context import Context
from app.api.documents import Document, Documents
from app.api.executor import SelectionExecutor, plan_ahead
from app.api.loaders import Loaders
from app.api.order import Order
from app.api.renderings import Renderings
from app.api.schema import schema
from app.api.selections import run
from app.settings import GraphQLSettings
from tests.api.client import post
from tests.api.documents import Drawn, queries
from tests.api.plant import Plant

EXAMPLES = int(os.environ.get("SELECTION_EXAMPLES", "60"))
CORE = schema._schema
MOST_TOKENS = GraphQLSettings().max_tokens


class Faulty:
    """Something of the plant of which one call in so many fails, or gives what nobody expects; always the same ones."""

    def __init__(self, inner: Any, number: int, often: int) -> None:
        self._inner, self._number, self._often = inner, number, often

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name in ("mark_of", "mark_with_behaviors"):  # which no resolver asks
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            chance = zlib.crc32(f"{self._number}{name}{args}{kwargs}".encode())
            if self._often and chance % self._often == 0:
                match chance // self._often % 4:
                    case 0:
                        raise ValueError(f"{name} is faulty")
                    case 1:
                        return None
                    case 2:
                        return RuntimeError(f"{name} gives an error")
                    case _:
                        return [7, "what"]
            return found(*args, **kwargs)

        return call


def context_of(plant: Plant, number: int = 0, often: int = 0) -> Context:
    services = plant.services
    live: Any = Faulty(services.live, number, often)
    faulty: Any = Faulty(services.catalogue, number, often)

    class FaultyContext(Context):
        catalogue = faulty

    services = dataclasses.replace(services, live=live)
    return FaultyContext(services, Order(), Loaders(services), {})


def shown(result: ExecutionResult) -> tuple[str, list[Any]]:
    return json.dumps(result.data), [error.formatted for error in result.errors or ()]


async def compiled(drawn: Drawn, context: Context) -> tuple[ExecutionResult, Document]:
    document = schema.documents.read(drawn.text, MOST_TOKENS)
    return await _execute(document, drawn, context, SelectionExecutor), document


async def stock(drawn: Drawn, context: Context) -> ExecutionResult:
    return await _execute(parse(drawn.text), drawn, context, StrawberryGraphQLCoreExecutionContext)


async def _execute(document: Any, drawn: Drawn, context: Context, executor: Any) -> ExecutionResult:
    found: ExecutionResult = await await_maybe(
        execute(
            CORE,
            document,
            context_value=context,
            variable_values=drawn.variables,
            executor_class=executor,
            operation_extensions=None,
        )
    )
    return found


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def plant(runner: asyncio.Runner) -> Plant:
    plant = Plant()

    async def start() -> None:
        plant.start()
        plant.hear("pump_123", "temperature", 91.5)
        plant.hear("pump_123", "status", "running")
        plant.hear("pump_123", "starts", 2**60 + 1)
        plant.hear("valve_234", "open", True)

    runner.run(start())
    return plant


@pytest.mark.timeout(300)
@seed(8)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(drawn=queries(CORE), number=st.integers(0, 1000), often=st.sampled_from([0, 0, 5, 40]))
def test_any_query_is_answered_as_graphql_core_answers_it(
    runner: asyncio.Runner, plant: Plant, drawn: Drawn, number: int, often: int
) -> None:
    as_it_should_be(runner, plant, drawn, number, often)


@pytest.mark.timeout(300)
@seed(9)
@settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(drawn=queries(CORE), number=st.integers(0, 1000), often=st.sampled_from([0, 0, 0, 40]))
def test_any_query_is_answered_the_same_in_the_shortest_turns(
    runner: asyncio.Runner,
    plant: Plant,
    monkeypatch: pytest.MonkeyPatch,
    drawn: Drawn,
    number: int,
    often: int,
) -> None:
    monkeypatch.setattr(run, "TURN_SECONDS", -1.0)
    as_it_should_be(runner, plant, drawn, number, often)


def as_it_should_be(runner: asyncio.Runner, plant: Plant, drawn: Drawn, number: int, often: int) -> None:
    assume(not schema.documents.read(drawn.text, MOST_TOKENS).errors)

    async def both() -> None:
        expected = shown(await stock(drawn, context_of(plant, number, often)))
        for _ in range(2):  # as it is compiled, and as what was compiled is used again
            found, _ = await compiled(drawn, context_of(plant, number, often))
            assert shown(found) == expected
        document = Documents(CORE, specified_rules).read(drawn.text, MOST_TOKENS)
        context = context_of(plant, number, often)
        executor = SelectionExecutor.build(
            CORE, document, context_value=context, raw_variable_values=drawn.variables, operation_extensions=None
        )
        if isinstance(executor, SelectionExecutor) and (plans := document.plans) is not None:
            await asyncio.to_thread(plan_ahead, executor, plans)
            known = set(executor._relevant_sub_fields)
            assert shown(await _execute(document, drawn, context, SelectionExecutor)) == expected
            assert set(executor._relevant_sub_fields) == known  # nothing was left to be compiled on the way
        renderings = Renderings()
        for _ in range(2):  # in bytes, as they are made and as they are kept
            context = context_of(plant, number, often)
            context.in_bytes, context.services = True, dataclasses.replace(context.services, renderings=renderings)
            found, _ = await compiled(drawn, context)
            data = msgspec.json.decode(msgspec.json.encode(found.data))
            assert shown(ExecutionResult(data, found.errors)) == expected

    runner.run(both())


async def test_what_is_wrong_in_a_large_operation_is_told_only_where_it_is_met() -> None:
    plant = Plant()
    plant.start()
    query = """query ($deep: Boolean = true) { twins(first: 5) { nodes { twinId MORE
      behaviors { calls { nodes { callId @include(if: $deep) } } } } } }"""
    many = " ".join(f"n{number}: description" for number in range(150))
    for deep in (True, None):  # null is no Boolean, and there are no calls
        small, large = [
            (await post(plant, {"query": query.replace("MORE", more), "variables": {"deep": deep}})).json()
            for more in ("", many)
        ]
        assert "errors" not in small
        assert "errors" not in large
        for twin in large["data"]["twins"]["nodes"]:
            for number in range(150):
                del twin[f"n{number}"]
        assert large["data"] == small["data"]


async def test_what_a_mutation_answers_is_compiled_ahead_too() -> None:
    plant = Plant()
    plant.start()
    query = """mutation { setProperty(input: {twinId: "pump_123", property: "speed", value: 2.5}) {
      property { name twin { twinId } value { number } } } }"""
    drawn, context = Drawn(query, {}), context_of(plant)
    document = Documents(CORE, specified_rules).read(query, MOST_TOKENS)
    executor = SelectionExecutor.build(CORE, document, context_value=context, operation_extensions=None)
    assert isinstance(executor, SelectionExecutor)
    assert document.plans is not None
    await asyncio.to_thread(plan_ahead, executor, document.plans)
    [plan] = document.plans._plans.values()
    assert plan is not None
    ahead = dict(plan._selections)
    found = await _execute(document, drawn, context, SelectionExecutor)
    assert found.data is not None, found.errors
    assert plan._selections == ahead  # which were compiled, and no others on the way
