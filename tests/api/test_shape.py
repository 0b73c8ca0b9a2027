"""The shape of the schema, walked: what holds for every field of a kind, so that nothing new is odd by accident."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    build_schema,
    get_named_type,
    is_composite_type,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_scalar_type,
)

from app.api.schema import sdl
from app.assets.folder import AssetFolder
from app.settings import AssetSettings
from tests.api.client import ask, refused
from tests.api.plant import Plant

SCHEMA = build_schema(sdl())
TYPES: dict[str, Any] = {name: kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")}
FORWARD = {"first", "after"}
BOTH = {*FORWARD, "last", "before"}
NEWEST_FIRST = {
    "AlertConnection",
    "AlertHistoryConnection",
    "AuditConnection",
    "CallConnection",
    "DtslScriptRevisionConnection",
    "RevisionConnection",
}
"""What comes later comes before the first page: paged in one direction (docs/schema.md)."""
WALKED = {"Twin.related", "Query.components"}
"""Nearest, or largest, first: found by a walk that has one direction."""
IN_ITS_INPUT = {"ImpactAnalysis.twins", "LiveTwins.twins"}
"""Paged by the arguments of the question that it is a part of the answer to."""
BOUNDED = {
    "as long as what was given, or as what it touched": r"\w*Payload\.\w+",
    "as long as one document may make it": (
        r"(Definition|Owner|Twin|TwinType|Overlay|OverlayType|RelationshipType|DefinitionHistory|DefinitionThen)\."
        r"(diff|properties|methods|events|behaviors|interlocks|roles|relationships|assets)"
        r"|(Behavior|BehaviorDefinition)\.(let|escalations|timers)|\w+\.(parameters|fields)|DefinitionChange\.changes"
    ),
    "as long as what stands before one twin, or may be said of one thing": (
        r"Twin\.guards|Guard\.unknown|Call\.overrode|Refusal\.interlocks|InterlockVerdict\.unknown|Connectivity\.paths"
        r"|BehaviorChange\.actions|InstanceState\.\w+|\w+\.diagnostics|Alert\.(comments|twins)|Call\.alerts"
    ),
    "capped, with the totals beside it": r"(DefinitionPlan|DefinitionRehearsal|Rehearsal)\.\w+",
    "capped by its own rule": (
        r"\w+\.cause|Explanation\.\w+|ExplanationMembers\.\w+|WhyNot\.ways|Way\.parts|OverlayLifecycle\.history"
        r"|Query\.nodes"
    ),
    "as long as the settings make it": r"Query\.(notificationTargets|connectors)|Connector\.\w+|IngestLedger\.\w+"
    r"|LedgerAccount\.reasons",
    "told with how many there are": (
        r"(Affected\w+|Impact\w+|GroupLoss|RoleMissing|PossibleCause|CauseSearch|ChangedDefinition)\.\w+"
    ),
    "a traversal's own limits": r"(Hop|Path|ShortestPaths|Subgraph|RelatedEdge)\.\w+",
}
"""Lists that are no connections, each with why it can't grow without end."""


def _fields() -> Iterator[tuple[str, str, GraphQLField]]:
    for name, kind in TYPES.items():
        if is_object_type(kind) or is_interface_type(kind):
            for field, item in kind.fields.items():
                yield name, field, item


def _bare(kind: Any) -> Any:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def test_every_list_is_a_connection_or_has_a_reason_to_end() -> None:
    endless = [
        f"{name}.{field}"
        for name, field, item in _fields()
        if not name.endswith("Connection")
        and isinstance(_bare(item.type), GraphQLList)
        and is_composite_type(get_named_type(item.type))
        and not any(re.fullmatch(pattern, f"{name}.{field}") for pattern in BOUNDED.values())
    ]
    assert endless == []


def test_connections_are_alike_and_paged_by_the_same_arguments() -> None:
    for name, kind in TYPES.items():
        if name.endswith("Connection"):
            assert {"edges", "nodes", "pageInfo"} <= set(kind.fields), name
            edge = get_named_type(kind.fields["edges"].type)
            assert {"node", "cursor"} <= set(edge.fields), name
            assert get_named_type(edge.fields["node"].type) is get_named_type(kind.fields["nodes"].type), name
    for name, field, item in _fields():
        returned = get_named_type(item.type).name
        if returned.endswith("Connection") and f"{name}.{field}" not in IN_ITS_INPUT:
            paging = FORWARD if returned in NEWEST_FIRST or f"{name}.{field}" in WALKED else BOTH
            assert set(item.args) & BOTH == paging, f"{name}.{field}"
            assert all(str(item.args[key].type) == "Int" for key in paging & {"first", "last"}), f"{name}.{field}"


def test_filters_and_orders_are_named_alike() -> None:
    for name, field, item in _fields():
        for key, argument in item.args.items():
            kind = get_named_type(argument.type).name
            assert (key == "where") == kind.endswith("Where"), f"{name}.{field}({key}: {kind})"
            assert (key == "orderBy") == kind.endswith("Order"), f"{name}.{field}({key}: {kind})"


def test_mutations_take_one_input_and_give_one_payload() -> None:
    for field, item in TYPES["Mutation"].fields.items():
        assert list(item.args) == ["input"], field
        assert isinstance(item.args["input"].type, GraphQLNonNull), field
        assert get_named_type(item.args["input"].type).name.endswith("Input"), field
        assert str(item.type).endswith("Payload!"), field


def test_an_input_that_is_one_of_several_is_marked_so() -> None:
    assert {name for name, kind in TYPES.items() if is_input_object_type(kind) and kind.is_one_of} == {
        "AlertInput",
        "CauseOfInput",
        "DefinitionsInput",
        "ImpactChangeInput",
        "OwnerInput",
        "ScriptInput",
    }


def test_scalars_of_our_own_say_where_they_are_specified() -> None:
    own = {name: kind for name, kind in TYPES.items() if is_scalar_type(kind)}
    built_in = {"ID", "String", "Boolean", "Float", "Int"}
    assert {name for name, kind in own.items() if kind.specified_by_url is None} == built_in


def test_whatever_is_deprecated_says_what_takes_its_place() -> None:
    def parts() -> Iterator[tuple[str, Any]]:
        for name, field, item in _fields():
            yield f"{name}.{field}", item
            yield from ((f"{name}.{field}({key})", argument) for key, argument in item.args.items())
        for name, kind in TYPES.items():
            if is_input_object_type(kind):
                yield from ((f"{name}.{key}", item) for key, item in kind.fields.items())
            if is_enum_type(kind):
                yield from ((f"{name}.{key}", item) for key, item in kind.values.items())

    for where, part in parts():
        assert part.deprecation_reason is None or "`" in part.deprecation_reason, where


def test_interfaces_hold_what_types_share() -> None:
    def implementing(name: str) -> set[str]:
        return {kind.name for kind in SCHEMA.get_possible_types(TYPES[name])}

    assert implementing("Owner") == {"Twin", "Overlay"}
    assert implementing("Definition") == {"Twin", "TwinType", "Overlay", "OverlayType", "RelationshipType"}
    assert {name for name, kind in TYPES.items() if is_object_type(kind) and "id" in kind.fields} - {
        "DefinitionRef",  # the id in a document
        "ExplanationMember",
    } == implementing("Node")


EVERY_NODE = """{
  twins(first: 1) { nodes { id instance { id } type { id } properties { id } behaviors { id } guards { id }
    relationships { nodes { id type { id } } } alerts { nodes { id } } calls(first: 1) { nodes { id } }
    revisions(first: 1) { nodes { id } } auditLog(first: 1) { nodes { id } } } }
  overlays(first: 1) { nodes { id type { id } } }
  shelvings { nodes { id } } assets(first: 1) { nodes { id } } dtslScripts { nodes { id } }
  notificationTargets { id } connectors { id } }"""


@pytest.fixture
async def plant(tmp_path: Path) -> Plant:
    (tmp_path / "icon.svg").write_text("<svg/>")
    plant = Plant(AssetFolder(tmp_path, AssetSettings()))
    cold = {"name": "cold", "method": "stop", "while": "temperature < 0.0"}
    pump = plant.catalogue.twin("pump_123")
    assert pump is not None
    plant.save(("twin", pump.model_dump(mode="json", exclude_unset=True) | {"interlocks": [cold]}))
    plant.start()
    plant.hear("pump_123", "temperature", 90.0)
    await ask(plant, 'mutation { invokeMethod(input: {twinId: "pump_123", method: "stop"}) { dryRun } }')
    shelve = """mutation { shelveAlert(input: {seconds: 60, reason: "x", alert: {
      identity: {owner: {twinId: "pump_123"}, behavior: "hot", code: "0"}}}) { dryRun } }"""
    await ask(plant, shelve)
    save = "mutation($s: String!) { saveDtslScript(input: {source: $s}) { changed } }"
    await ask(plant, save, s="overlay Fans {\n  twins {\n    Pump fan;\n  }\n}\n")
    return plant


async def test_every_type_with_an_id_is_found_again_by_it(plant: Plant) -> None:
    ids: list[str] = []

    def gather(value: Any) -> None:
        if isinstance(value, dict):
            ids.extend([value["id"]] if "id" in value else [])
            for item in value.values():
                gather(item)
        elif isinstance(value, list):
            for item in value:
                gather(item)

    gather(await ask(plant, EVERY_NODE))
    ids = list(dict.fromkeys(ids))
    found = (await ask(plant, "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=ids))["nodes"]
    assert [item["id"] for item in found] == ids
    assert {item["__typename"] for item in found} == {kind.name for kind in SCHEMA.get_possible_types(TYPES["Node"])}


async def test_a_cursor_from_elsewhere_is_refused_wherever_it_is_given(plant: Plant) -> None:
    foreign = (await ask(plant, "{ twinTypes(first: 1) { pageInfo { endCursor } } }"))["twinTypes"]["pageInfo"][
        "endCursor"
    ]
    for field in (
        "overlayTypes(after: $c)",
        "relationshipTypes(before: $c)",
        "alerts(after: $c)",
        "alerts(where: {open: false}, after: $c)",
        "behaviors(after: $c)",
        "calls(after: $c)",
        "auditLog(after: $c)",
        "alertHistory(after: $c)",
        "shelvings(after: $c)",
        "overrides(after: $c)",
        "assets(after: $c)",
        "dtslScripts(after: $c)",
    ):
        error = await refused(plant, f"query($c: String!) {{ {field} {{ pageInfo {{ endCursor }} }} }}", c=foreign)
        assert error["extensions"]["code"] == "CURSOR_FOREIGN", field
    nested = 'query($c: String!) { twin(twinId: "pump_123") { %s(after: $c) { pageInfo { endCursor } } } }'
    for field in ("relationships", "memberships", "readers", "actors", "alerts", "calls", "auditLog", "revisions"):
        error = await refused(plant, nested % field, c=foreign)
        assert error["extensions"]["code"] == "CURSOR_FOREIGN", field
