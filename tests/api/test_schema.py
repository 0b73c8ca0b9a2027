"""The schema as a promise: what is exported is served, everything is described, limits hold before execution."""

from pathlib import Path
from typing import Any, get_args

from graphql import build_schema, is_enum_type, is_input_object_type, is_interface_type, is_object_type

from app.api.schema import schema, sdl
from app.api.types.kinds import ExplanationNodeKind, TimerKind
from app.engine.due import ANSWERS
from app.model.conditions import Condition
from tests.api.client import ask, post, refused
from tests.api.parts import Installation

EXPORTED = Path(__file__).parents[2] / "schema.graphql"


def test_schema_graphql_is_the_schema_that_is_served() -> None:
    assert EXPORTED.read_text(encoding="utf-8") == sdl(), "write it anew: python -m app schema > schema.graphql"


def test_everything_in_the_schema_is_described() -> None:
    silent: list[str] = []
    for name, kind in build_schema(sdl()).type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            silent.append(name)
        fields: dict[str, Any] = {}
        if is_object_type(kind) or is_interface_type(kind) or is_input_object_type(kind):
            fields = dict(kind.fields)
        for field_name, field in fields.items():
            if not field.description:
                silent.append(f"{name}.{field_name}")
            silent += [
                f"{name}.{field_name}({key})"
                for key, item in getattr(field, "args", {}).items()
                if not item.description
            ]
        if is_enum_type(kind):
            assert all(key == key.upper() for key in kind.values), name
            silent += [f"{name}.{key}" for key, value in kind.values.items() if not value.description]
    assert silent == []


def test_the_kinds_of_nodes_and_timers_are_those_of_the_engine() -> None:
    tags = {kind.__struct_config__.tag for kind in get_args(Condition)}
    assert {kind.value for kind in ExplanationNodeKind} == tags
    assert {kind.value for kind in TimerKind} == set(ANSWERS)


def test_incremental_delivery_is_off() -> None:
    assert not schema.config.enable_experimental_incremental_execution
    assert "directive @defer" not in sdl()


async def test_a_document_nested_beyond_reason_is_an_error_and_no_crash() -> None:
    query = "{a" * 9_000 + "}" * 9_000
    assert (await refused(Installation(), query))["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"


async def test_introspection_answers() -> None:
    answer = await ask(Installation(), "{ __schema { queryType { name } subscriptionType { name } } }")
    assert answer["__schema"]["subscriptionType"]["name"] == "Subscription"


async def test_the_same_document_twice_is_validated_once_and_answers_alike() -> None:
    installation = Installation()
    first = await post(installation, {"query": "{ twins { totalCount } }"})
    second = await post(installation, {"query": "{ twins { totalCount } }"})
    assert first.json() == second.json()
    assert first.json()["data"] == {"twins": {"totalCount": 3}}
