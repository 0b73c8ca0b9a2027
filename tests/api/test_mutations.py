"""Mutations through the real commands and the real engine."""

from typing import Any

import pytest

from app.api.ids import global_id
from app.api.types.enums import DiagnosticSeverity
from app.api.types.problem import diagnostic_of
from app.dtsl.findings import Diagnostic
from app.model.connection import CallAnswer
from tests.api.client import ask, post, refused
from tests.api.plant import Plant

SAVE = """mutation($document: JSON!, $revision: Int) {
  saveTwin(input: {document: $document, expectedRevision: $revision, reason: "because"}) {
    result warnings { code message path } twin { twinId revision updatedBy } } }"""
SET = """mutation($twin: ID!, $property: String!, $value: JSON!) {
  setProperty(input: {twinId: $twin, property: $property, value: $value}) {
    property { name value { json } } value { json quality } call { callId status property arguments value } } }"""
INVOKE = """mutation($method: String!, $arguments: JSON) {
  invokeMethod(input: {twinId: "pump_123", method: $method, arguments: $arguments}) {
    call { status method arguments value error cause { kind ref } twin { twinId } } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


async def test_saving_a_twin_gives_it_back_as_it_is_now(plant: Plant) -> None:
    document = {"twin_id": "pump_125", "twin_type": "pump"}
    answer = await post(plant, {"query": SAVE, "variables": {"document": document}}, **{"X-Actor": "ann"})
    assert answer.json()["data"]["saveTwin"] == {
        "result": "CREATED",
        "warnings": [],
        "twin": {"twinId": "pump_125", "revision": 1, "updatedBy": "ann"},
    }
    again = await ask(plant, SAVE, document=document)
    assert again["saveTwin"]["result"] == "UNCHANGED"
    changed = await ask(plant, SAVE, document={**document, "description": "new"}, revision=1)
    assert changed["saveTwin"]["result"] == "UPDATED"
    assert changed["saveTwin"]["twin"] == {"twinId": "pump_125", "revision": 2, "updatedBy": "anonymous"}
    assert [change.reason for change in plant.store.changes] == ["because", "because"]


async def test_a_document_given_as_a_literal_with_variables_inside_arrives_whole(plant: Plant) -> None:
    query = """mutation($id: String!) { saveTwin(input: {document: {twin_id: $id, twin_type: "pump",
      location: {x: 1.5, floor: 2, tags: ["a", null, true]}}}) { twin { document } } }"""
    assert (await ask(plant, query, id="pump_9"))["saveTwin"]["twin"]["document"] == {
        "twin_id": "pump_9",
        "twin_type": "pump",
        "location": {"x": 1.5, "floor": 2, "tags": ["a", None, True]},
    }


async def test_a_stale_expected_revision_is_a_conflict_and_changes_nothing(plant: Plant) -> None:
    document = {"twin_id": "pump_124", "twin_type": "pump", "description": "new"}
    error = await refused(plant, SAVE, document=document, revision=7)
    assert error["extensions"]["code"] == "REVISION_MOVED"
    assert error["path"] == ["saveTwin"]
    assert plant.store.changes == []


async def test_a_wrong_document_says_every_fault_with_its_pointer(plant: Plant) -> None:
    document = {"twin_id": "pump 1", "twin_type": "pump", "colour": "red"}
    error = await refused(plant, SAVE, document=document)
    paths = {problem["path"] for problem in error["extensions"]["problems"]}
    assert error["extensions"]["code"] == "DOCUMENT_INVALID"
    assert paths == {"/twin_id", "/colour"}


@pytest.mark.parametrize("document", ["{}", [], 5, None])
async def test_a_document_that_is_no_object_is_refused(plant: Plant, document: Any) -> None:
    code = (await refused(plant, SAVE, document=document))["extensions"]["code"]
    assert code == ("GRAPHQL_VALIDATION_FAILED" if document is None else "DOCUMENT_INVALID")


async def test_every_kind_of_definition_can_be_saved_and_deleted(plant: Plant) -> None:
    answer = await ask(
        plant,
        """mutation { a: saveTwinType(input: {document: {type_id: "fan"}}) { result twinType { id typeId } }
          b: saveOverlayType(input: {document: {type_id: "air", twin_roles: [{role: "fan", twin_type: "fan"}]}})
             { result overlayType { typeId } }
          c: saveTwin(input: {document: {twin_id: "fan_1", twin_type: "fan"}}) { result }
          d: saveOverlay(input: {document: {overlay_id: "roof", overlay_type: "air",
                                            twins: [{twin_id: "fan_1", role: "fan"}]}})
             { result overlay { overlayId roles { twin { twinId } } } } }""",
    )
    assert answer["a"] == {"result": "CREATED", "twinType": {"id": global_id("TwinType", "fan"), "typeId": "fan"}}
    assert answer["b"]["overlayType"] == {"typeId": "air"}
    assert answer["d"]["overlay"]["roles"] == [{"twin": {"twinId": "fan_1"}}]
    in_use = await refused(plant, 'mutation { deleteTwin(input: {twinId: "fan_1"}) { deletedId } }')
    assert in_use["extensions"]["code"] == "IN_USE"
    gone = await ask(
        plant,
        """mutation { a: deleteOverlay(input: {overlayId: "roof"}) { deletedId definition { kind id } }
          b: deleteTwin(input: {twinId: "fan_1"}) { deletedId }
          c: deleteOverlayType(input: {typeId: "air"}) { deletedId }
          d: deleteTwinType(input: {typeId: "fan", expectedRevision: 1}) { deletedId } }""",
    )
    assert gone["a"] == {
        "deletedId": global_id("Overlay", "roof"), "definition": {"kind": "OVERLAY", "id": "roof"},
    }  # fmt: skip
    missing = await refused(plant, 'mutation { deleteTwin(input: {twinId: "pump_12"}) { deletedId } }')
    assert missing["extensions"]["code"] == "TWIN_NOT_FOUND"
    assert "pump_12" in missing["extensions"]["hint"]


async def test_several_documents_are_saved_together_or_not_at_all(plant: Plant) -> None:
    query = """mutation($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) {
      created { kind id } updated { kind id } unchanged { kind id } warnings { code } } }"""
    fan = {"kind": "TWIN_TYPE", "document": {"type_id": "fan"}}
    broken = {"kind": "TWIN", "document": {"twin_id": "x", "twin_type": "fun"}}
    error = await refused(plant, query, documents=[fan, broken])
    assert [problem["path"] for problem in error["extensions"]["problems"]] == ["/1/twin_type"]
    assert plant.catalogue.twin_type("fan") is None
    answer = await ask(
        plant, query, documents=[fan, {"kind": "TWIN", "document": {"twin_id": "x", "twin_type": "fan"}}]
    )
    assert answer["saveDefinitions"]["created"] == [{"kind": "TWIN_TYPE", "id": "fan"}, {"kind": "TWIN", "id": "x"}]


async def test_a_script_says_what_it_created(plant: Plant) -> None:
    source = "overlay Fans {\n  twins {\n    Pump mainFan;\n    Pump? spareFan;\n  }\n}\n"
    query = """mutation($source: String!) { executeDtsl(input: {script: {source: $source}, name: "fans.dtsl"}) {
      created { kind id } updated { id } unchanged { id } warnings { code }
      diagnostics { code severity message hint file rendered
                    range { start { line column } end { line column } } } } }"""
    answer = (await ask(plant, query, source=source))["executeDtsl"]
    assert answer["created"] == [{"kind": "OVERLAY_TYPE", "id": "fans"}]
    assert answer["updated"] == answer["unchanged"] == []
    again = (await ask(plant, query, source=source))["executeDtsl"]
    assert again["unchanged"] == [{"id": "fans"}]


async def test_a_scripts_remarks_say_where_they_are(plant: Plant) -> None:
    remark = Diagnostic("DTSL999", "warning", "odd", "do otherwise", "a.dtsl", 1, 3, 1, 6, 2, 5)
    found = diagnostic_of(remark, "ab odd\n")
    assert (found.severity, found.range.start.column, found.range.end.column) == (DiagnosticSeverity.WARNING, 3, 6)
    assert found.rendered.startswith("a.dtsl:1:3: DTSL999 ")


async def test_a_script_with_errors_says_all_of_them_and_changes_nothing(plant: Plant) -> None:
    query = "mutation($source: String!) { executeDtsl(input: {script: {source: $source}}) { created { id } } }"
    error = await refused(plant, query, source="nonsense {\n")
    assert error["extensions"]["code"] == "DTSL_INVALID"
    assert error["extensions"]["problems"][0]["path"].startswith("script.dtsl:1:")
    assert plant.store.changes == []


async def test_a_manual_property_is_set_at_once(plant: Plant) -> None:
    answer = await ask(plant, SET, twin="pump_124", property="starts", value=7)
    assert answer["setProperty"] == {
        "property": {"name": "starts", "value": {"json": 7}},
        "value": {"json": 7, "quality": "GOOD"},
        "call": None,
    }


async def test_a_mapped_property_is_written_to_its_device(plant: Plant) -> None:
    answer = await ask(plant, SET, twin="pump_123", property="speed", value=1500)
    call = answer["setProperty"]["call"]
    assert (call["status"], call["property"], call["arguments"]) == ("ACCEPTED", "speed", {"value": 1500})
    assert plant.devices.sent == [("pump_123", "speed", 1500)]


@pytest.mark.parametrize(
    ("twin", "name", "value", "code"),
    [
        ("pump_9", "starts", 1, "TWIN_NOT_FOUND"),
        ("pump_124", "start", 1, "PROPERTY_NOT_FOUND"),
        ("pump_124", "temperature", 1.0, "PROPERTY_READ_ONLY"),
        ("pump_124", "starts", "many", "WRONG_TYPE"),
        ("pump_124", "speed", 3001, "VALUE_OUT_OF_RANGE"),
    ],
)
async def test_a_wrong_write_says_why(plant: Plant, twin: str, name: str, value: Any, code: str) -> None:
    error = await refused(plant, SET, twin=twin, property=name, value=value)
    assert error["extensions"]["code"] == code
    assert error["extensions"]["hint"]


@pytest.mark.parametrize("arguments", [{"speed": 100}, [100]])
async def test_a_method_takes_its_arguments_by_name_or_in_order(plant: Plant, arguments: Any) -> None:
    answer = await ask(plant, INVOKE, method="set_speed", arguments=arguments)
    call = answer["invokeMethod"]["call"]
    assert (call["status"], call["arguments"]) == ("ACCEPTED", {"speed": 100})
    assert call["cause"][0] == {"kind": "COMMAND", "ref": "anonymous"}


async def test_a_devices_refusal_is_a_status_and_no_error(plant: Plant) -> None:
    plant.devices.answer = CallAnswer("refused", False, "interlocked")
    call = (await ask(plant, INVOKE, method="stop"))["invokeMethod"]["call"]
    assert (call["status"], call["error"]) == ("REFUSED", "interlocked")


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("stp", None, "METHOD_NOT_FOUND"),
        ("set_speed", {"sped": 1}, "ARGUMENTS_INVALID"),
        ("set_speed", "fast", "ARGUMENTS_INVALID"),
    ],
)
async def test_a_wrong_call_says_why(plant: Plant, method: str, arguments: Any, code: str) -> None:
    assert (await refused(plant, INVOKE, method=method, arguments=arguments))["extensions"]["code"] == code
    assert plant.devices.sent == []


async def test_an_alert_is_acknowledged_by_whom_the_header_names(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 95.0)
    [alert] = (await ask(plant, "{ alerts { nodes { alertId ackRequired } } }"))["alerts"]["nodes"]
    query = """mutation($id: ID!) { acknowledgeAlert(input: {alertId: $id, comment: "seen"}) {
      alert { acknowledged acknowledgedBy comment active closedAt } } }"""
    body = {"query": query, "variables": {"id": alert["alertId"]}}
    answer = (await post(plant, body, **{"X-Actor": "ann"})).json()["data"]["acknowledgeAlert"]["alert"]
    assert (answer["acknowledged"], answer["acknowledgedBy"], answer["comment"]) == (True, "ann", "seen")
    again = await refused(plant, query, id=alert["alertId"])
    assert again["extensions"]["code"] == "ALERT_ALREADY_ACKNOWLEDGED"
    assert (await refused(plant, query, id="nothing"))["extensions"]["code"] == "ALERT_NOT_FOUND"


@pytest.mark.parametrize("actor", ["", " ", "x" * 129, "\t"])
async def test_an_unusable_actor_is_refused(plant: Plant, actor: str) -> None:
    body = {"query": SET, "variables": {"twin": "pump_124", "property": "starts", "value": 1}}
    [error] = (await post(plant, body, **{"X-Actor": actor})).json()["errors"]
    assert error["extensions"]["code"] == "ACTOR_INVALID"


async def test_what_the_engine_does_not_know_is_explained(plant: Plant) -> None:
    query = '{ twin(twinId: "pump_123") { behaviors { evidence unknownBecause } instance { sourceClock { late } } } }'
    twin = (await ask(plant, query))["twin"]
    assert twin["behaviors"][0]["evidence"] == "UNKNOWN"
    assert twin["behaviors"][0]["unknownBecause"] == ["pump_123.temperature: NoReading"]
    assert twin["instance"] == {"sourceClock": {"late": 0}}
