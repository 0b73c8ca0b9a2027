"""Kept renderings: what is answered in bytes from before is what graphql-core would answer now, whatever has happened.

The oracle is Strawberry's own executor, on the same schema and the same plant. Set KEPT_STEPS for longer runs.
"""

import gc
import json
import os
from collections.abc import Hashable
from dataclasses import replace
from random import Random
from typing import Any
from weakref import ref

import pytest
from graphql import execute, parse
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from app.api.encoding import encode
from app.api.executor import SelectionExecutor
from app.api.renderings import Renderings
from app.api.schema import schema
from app.api.selections.kept import FIELDS
from app.api.sight import Everybody
from app.commands.actor import Actor
from app.model.definitions import to_document
from app.model.events import Started
from app.settings import GraphQLSettings
from tests.api.client import ask, post
from tests.api.plant import Plant
from tests.api.restless import TWINS, Restless, context_of

STEPS = int(os.environ.get("KEPT_STEPS", "60"))
_ALL_OF = {
    "Override": "kind by at reason value",
    "Value": "json number text boolean unit quality timestamp reportedAt known reason path",
    "Property": "id twinId name description dataType unit minValue access computed staleAfter deadband mapped",
}
_VALUE = f"value {{ {_ALL_OF['Value']} override {{ {_ALL_OF['Override']} }} reported {{ number quality }} }}"
_WHOLE = (
    "id twinId version revision description document metadata location updatedAt twinType type { name description } "
    f"visualization properties {{ {_ALL_OF['Property']} {_VALUE} }}"
)
QUESTIONS: list[str] = [
    f"{{ twins(first: 10) {{ nodes {{ {_WHOLE} }} }} }}",
    f'{{ twin(twinId: "m_1") {{ {_WHOLE} }} }}',
    f"{{ twins(first: 3) {{ edges {{ cursor node {{ a: twinId __typename properties {{ b: name {_VALUE} }} }} }} }} }}",
    (
        "query ($names: [String!], $deep: Boolean = true) { twins { nodes { twinId ... on Owner { id } ...more } } } "
        "fragment more on Twin { properties(names: $names) { name value @include(if: $deep) { number quality } } }"
    ),
    'query ($name: String!) { twins { nodes { twinId property(name: $name) { name value { json known } } } } }',
    "{ twins { nodes { twinId behaviors { id name description ownerKind ownerId state evidence since error } } } }",
    "{ overlays { nodes { roles { twin { twinId properties { name value { text reason } } } "
    "twins { nodes { twinId properties { name value { number } } } } } } } }",
]  # fmt: skip
VARIABLES: list[dict[str, Any]] = [
    {"name": "heat"},
    {"name": "status", "names": ["heat"]},
    {"name": "level", "names": ["status", "heat"], "deep": False},
    {"name": "goal", "names": None},
]


def keeping(plant: Plant, most: int = 10 * 1024 * 1024) -> Renderings:
    found = Renderings(most)
    plant.services = replace(plant.services, renderings=found)
    return found


async def answered(plant: Plant, query: str, variables: dict[str, Any] | None = None, *, stock: bool = False) -> Any:
    """As it is sent; `stock`: by Strawberry's executor."""
    context = context_of(plant)
    context.in_bytes = not stock
    document = parse(query) if stock else schema.documents.read(query, GraphQLSettings().max_tokens)
    executor = StrawberryGraphQLCoreExecutionContext if stock else SelectionExecutor
    found: Any = execute(
        schema._schema,
        document,
        context_value=context,
        variable_values=variables or {},
        executor_class=executor,
        operation_extensions=None,
    )
    result = await await_maybe(found)
    result.extensions = None
    return json.loads(encode(result))


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_kept_answer_is_the_answer_of_now_whatever_has_happened(seed: int) -> None:
    random = Random(seed)
    plant = Restless(random)
    plant.start()
    renderings = keeping(plant)
    marked: dict[str, tuple[object, Any]] = {}
    query = random.choice(QUESTIONS)
    for step in range(STEPS):
        if random.random() < 0.97:
            did = await plant.stir()
        else:
            did, _ = "restarted", plant.line.take(Started())
        for twin_id in TWINS:
            now = _mark(plant, twin_id)
            before = marked.get(twin_id, (None, None))
            assert before[0] is not now[0] or now[0] is None or before[1] == now[1], (step, did, twin_id)
            marked[twin_id] = now
        if random.random() < 0.5:
            query = random.choice(QUESTIONS)
        asked = random.choice(VARIABLES) if "$name" in query else {}
        expected = await answered(plant, query, asked, stock=True)
        assert await answered(plant, query, asked) == expected, (step, did, query, asked)
    assert renderings.given > STEPS / 2
    assert renderings.made > STEPS / 2


def _mark(plant: Plant, twin_id: str) -> tuple[object, Any]:
    live = plant.engine.live
    twin = live.twins.get(twin_id)
    return live.mark_of(twin_id), twin and {name: cell.state() for name, cell in twin.cells.items()}


async def test_only_what_is_read_from_a_twins_definition_and_values_is_kept() -> None:
    plant = Plant()
    plant.start()
    renderings = keeping(plant)
    others = (
        "connectivity { status }",
        "behaviors { whyNot { summary } }",
        "interlocks { name }",
        "related { edges { depth } }",
        "instance { twinId }",
    )
    for more in others:
        await answered(plant, f"{{ twins {{ nodes {{ twinId properties {{ name }} {more} }} }} }}")
        assert renderings.size == 0, more
    await answered(plant, "{ twins { nodes { twinId version } } }")
    assert renderings.size == 0  # to read these is as quick
    for more in ("document", "behaviors { state }"):
        await answered(plant, f"{{ twins {{ nodes {{ twinId {more} }} }} }}")
        assert renderings.size > 0
        renderings = keeping(plant)
    await answered(plant, "{ twins { nodes { twinId properties { name } } } }")
    assert renderings.size > 0


def test_every_field_that_may_be_kept_is_one_of_the_schema() -> None:
    for name, fields in FIELDS.items():
        kind: Any = schema._schema.type_map[name]
        assert fields <= kind.fields.keys(), name


async def test_what_is_kept_takes_no_more_than_it_may() -> None:
    plant = Plant()
    plant.save(*[("twin", {"twin_id": f"pump_{number}", "twin_type": "pump"}) for number in range(500, 600)])
    plant.start()
    whole = "{ twins(first: 150) { nodes { twinId properties { name value { number } } } } }"
    other = "{ twins(first: 2) { nodes { twinId version properties { name value { text } } } } }"
    renderings = keeping(plant, 20_000)
    for query in (other, whole, other, whole, whole):
        assert await answered(plant, query) == await answered(plant, query, stock=True)
        assert 0 < renderings.size <= 20_000
    renderings = keeping(plant)
    for _ in range(2):
        await answered(plant, whole)
    assert renderings.given == renderings.made > 100
    renderings = keeping(plant, 0)
    await answered(plant, whole)
    assert renderings.size == renderings.made == 0


async def test_what_is_kept_of_a_twin_keeps_no_definition_in_memory_that_is_gone() -> None:
    plant = Plant()
    plant.start()
    keeping(plant)
    query = "{ twins { nodes { twinId description properties { name } } } }"
    await answered(plant, query)
    definition = plant.catalogue.twin("pump_123")
    assert definition is not None
    before, document = ref(definition), to_document(definition)
    await plant.services.commands.definitions.save([("twin", {**document, "description": "New"})], Actor("ann", "cli"))
    del definition
    gc.collect()
    assert before() is None
    assert await answered(plant, query) == await answered(plant, query, stock=True)


async def test_what_was_answered_to_one_viewer_is_not_given_to_another() -> None:
    class Each(Everybody):
        def viewer(self, name: str) -> Hashable:
            return name

    plant = Plant()
    plant.start()
    renderings = keeping(plant)
    plant.services = replace(plant.services, sight=Each())
    given = []
    for name in ("ann", "ann", "bob", "ann"):
        before = renderings.given
        await post(plant, {"query": "{ twins { nodes { twinId properties { name } } } }"}, **{"x-actor": name})
        given.append(renderings.given - before)
    assert given == [0, 3, 0, 3]


async def test_an_answer_in_which_something_fails_tells_so_each_time() -> None:
    plant = Plant()
    plant.start()
    renderings = keeping(plant)
    query = '{ twins { nodes { twinId property(name: "temperature") { value { quality } } } } }'
    plant.engine.live.cell("pump_124", "temperature").quality = "odd"  # type: ignore[union-attr]
    expected = await answered(plant, query, stock=True)
    assert expected["errors"]
    for _ in range(2):
        assert await answered(plant, query) == expected
    assert (renderings.made, renderings.given) == (2, 2)


async def test_a_value_that_comes_is_in_the_next_answer_and_its_neighbours_are_as_they_were() -> None:
    plant = Plant()
    plant.start()
    query = "{ twins { nodes { twinId properties { name value { number quality known reason } } } } }"

    async def heat() -> Any:
        nodes = (await ask(plant, query))["twins"]["nodes"]
        return {node["twinId"]: node["properties"][0]["value"] for node in nodes}

    before = await heat()
    plant.hear("pump_123", "temperature", 91.5)
    after = await heat()
    assert after["pump_123"] == {"number": 91.5, "quality": "GOOD", "known": True, "reason": None}
    assert after["pump_124"] == before["pump_124"]
    plant.reach("pump_123", False, "lost")
    assert (await heat())["pump_123"] == {"number": 91.5, "quality": "BAD", "known": False, "reason": "PathSilent"}
