"""Batches of samples over GraphQL and REST, on the real commands and the real engine."""

from typing import Any

import pytest

from app.errors import Unavailable
from app.model.events import Input, Note, Outcome
from app.model.time import SECOND, iso
from tests.api.client import ask, refused
from tests.api.parts import services
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send

REPORT = """mutation($samples: [SampleInput!]!) {
  reportSamples(input: {samples: $samples}) { sequence accepted rejected { index path twinId property reason } } }"""
PLACE = "/twins/pump_124/instance/properties"


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


class FullLine:
    """Implements Inbox, of an Ingest that has too much to do."""

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        raise Unavailable("10000 readings wait", code="INGEST_FULL", hint="send the same again in a second")


async def value(plant: Plant, twin: str, name: str) -> Any:
    query = f'{{ twin(twinId: "{twin}") {{ property(name: "{name}") {{ value {{ json quality timestamp }} }} }} }}'
    return (await ask(plant, query))["twin"]["property"]["value"]


async def test_a_batch_over_several_twins_is_taken_and_told_sample_by_sample(plant: Plant) -> None:
    at = iso(plant.clock.at - SECOND)
    samples = [
        {"twinId": "pump_124", "property": "temperature", "value": 65, "timestamp": at},
        {"twinId": "valve_234", "property": "open", "value": "yes"},
        {"twinId": "pump_124", "property": "temperature", "value": 66.5, "quality": "UNCERTAIN"},
        {"twinId": "valve_234", "property": "open", "value": True},
        {"twinId": "pump_123", "property": "status", "value": "runing"},
        {"twinId": "pump_124", "property": "speed", "quality": "BAD"},
    ]
    done = (await ask(plant, REPORT, samples=samples))["reportSamples"]
    assert done["accepted"] == 4
    assert done["sequence"] == plant.engine.live.sequence
    assert done["rejected"] == [
        {"index": 1, "path": "/samples/1", "twinId": "valve_234", "property": "open", "reason": "TypeMismatch"},
        {"index": 4, "path": "/samples/4", "twinId": "pump_123", "property": "status", "reason": "NotInEnum"},
    ]
    assert await value(plant, "pump_124", "temperature") == {
        "json": 66.5,
        "quality": "UNCERTAIN",
        "timestamp": iso(plant.clock.at),
    }
    assert (await value(plant, "valve_234", "open"))["json"] is True


async def test_a_dry_run_tells_what_could_be_taken_and_takes_nothing(plant: Plant) -> None:
    samples = [
        {"twinId": "pump_124", "property": "temperature", "value": 65.0},
        {"twinId": "valve_234", "property": "open", "value": "yes"},
        {"twinId": "pump_124", "property": "speed", "quality": "BAD"},
    ]
    before = plant.engine.live.sequence
    tried = (await ask(plant, REPORT.replace("samples: $samples", "samples: $samples, dryRun: true"), samples=samples))[
        "reportSamples"
    ]
    assert (tried["sequence"], tried["accepted"]) == (None, 2)
    assert [(item["index"], item["reason"]) for item in tried["rejected"]] == [(1, "TypeMismatch")]
    assert plant.engine.live.sequence == before
    assert (await value(plant, "pump_124", "temperature"))["json"] is None
    real = (await ask(plant, REPORT, samples=samples))["reportSamples"]
    assert real["rejected"] == tried["rejected"]


async def test_the_same_batch_again_changes_nothing(plant: Plant) -> None:
    samples = [{"twinId": "pump_124", "property": "temperature", "value": 65.0, "timestamp": iso(plant.clock.at)}]
    for _ in range(2):
        assert (await ask(plant, REPORT, samples=samples))["reportSamples"]["accepted"] == 1
    assert (await value(plant, "pump_124", "temperature"))["json"] == 65.0


async def test_every_fault_of_the_form_is_told_and_nothing_is_taken(plant: Plant) -> None:
    samples = [
        {"twinId": "pump_12", "property": "temperature", "value": 1.0},
        {"twinId": "pump_124", "property": "temprature", "value": 1.0},
        {"twinId": "pump_123", "property": "temperature", "value": 1.0},
        {"twinId": "pump_124", "property": "temperature"},
        {"twinId": "pump_124", "property": "temperature", "value": [2**70]},
        {"twinId": "pump_124", "property": "temperature", "value": 1.0},
    ]
    before = plant.engine.live.sequence
    error = await refused(plant, REPORT, samples=samples)
    assert error["extensions"]["code"] == "SAMPLES_INVALID"
    assert [(item["code"], item["path"]) for item in error["extensions"]["problems"]] == [
        ("UNKNOWN_TWIN", "/samples/0/twinId"),
        ("UNKNOWN_PROPERTY", "/samples/1/property"),
        ("PROPERTY_MAPPED", "/samples/2/property"),
        ("MISSING_FIELD", "/samples/3/value"),
        ("NUMBER_TOO_LARGE", "/samples/4/value/0"),
    ]
    hints = [item["hint"] for item in error["extensions"]["problems"]]
    assert hints[:2] == ["did you mean 'pump_124'?", "did you mean 'temperature'?"]
    assert [type(entry.input) for entry in plant.store.journal if entry.sequence > before] == [Note]
    assert (await value(plant, "pump_124", "temperature"))["json"] is None


async def test_a_computed_property_is_not_reported(plant: Plant) -> None:
    properties = [
        {"name": "half", "data_type": "float", "computed": "whole / 2"},
        {"name": "whole", "data_type": "float"},
    ]
    save = "mutation($d: JSON!, $t: JSON!) { a: saveTwinType(input: {document: $d}) { result } "
    save += "b: saveTwin(input: {document: $t}) { result } }"
    await ask(plant, save, d={"type_id": "split", "properties": properties}, t={"twin_id": "s1", "twin_type": "split"})
    error = await refused(plant, REPORT, samples=[{"twinId": "s1", "property": "half", "value": 1.0}])
    assert error["extensions"]["problems"][0]["code"] == "PROPERTY_COMPUTED"
    await ask(plant, REPORT, samples=[{"twinId": "s1", "property": "whole", "value": 8.0}])
    assert (await value(plant, "s1", "half"))["json"] == 4.0


@pytest.mark.parametrize(("count", "code"), [(0, "SAMPLES_INVALID"), (10_001, "TOO_MANY_SAMPLES")])
async def test_a_batch_has_1_to_10_000_samples(plant: Plant, count: int, code: str) -> None:
    samples = [{"twinId": "pump_124", "property": "temperature", "value": 1.0}] * count
    assert (await refused(plant, REPORT, samples=samples))["extensions"]["code"] == code


async def test_ten_thousand_samples_are_one_entry(plant: Plant) -> None:
    samples = [{"twinId": "pump_124", "property": "temperature", "value": float(n % 90)} for n in range(10_000)]
    before = plant.engine.live.sequence
    done = (await ask(plant, REPORT, samples=samples))["reportSamples"]
    assert (done["accepted"], done["sequence"]) == (10_000, before + 1)
    assert (await value(plant, "pump_124", "temperature"))["json"] == float(9_999 % 90)


# ------------------------------------------------------------ REST


async def test_over_rest_a_twins_state_is_posted_as_its_instance_prints_it(plant: Plant) -> None:
    at = iso(plant.clock.at)
    body = {
        "properties": {
            "temperature": {"value": 65.3, "timestamp": at, "quality": "good"},
            "status": {"value": None, "timestamp": None, "quality": "bad"},
        },
        "samples": [{"property": "speed", "value": 100.0}, {"property": "speed", "value": "fast"}],
    }
    answer = await send(plant, "POST", PLACE, json=body)
    assert answer.status_code == 200
    assert answer.json() == {
        "sequence": plant.engine.live.sequence,
        "accepted": 3,
        "rejected": [{"path": "/samples/1", "property": "speed", "reason": "TypeMismatch"}],
    }
    shown = (await send(plant, "GET", f"{PLACE}/temperature")).json()
    assert shown == {"value": 65.3, "timestamp": at, "quality": "good"}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, [("MISSING_FIELD", "")]),
        ({"property": {}}, [("UNKNOWN_FIELD", "/property")]),
        ({"properties": [], "samples": {}}, [("WRONG_TYPE", "/properties"), ("WRONG_TYPE", "/samples")]),
        (
            {"properties": {"a/b": 5, "temprature": {"value": 1.0, "vlaue": 2}, "open": {"value": True}}},
            [
                ("WRONG_TYPE", "/properties/a~1b"),
                ("UNKNOWN_FIELD", "/properties/temprature/vlaue"),
                ("UNKNOWN_PROPERTY", "/properties/temprature"),
                ("UNKNOWN_PROPERTY", "/properties/open"),
            ],
        ),
        (
            {"samples": [5, {"value": 1}, {"property": 5}, {"property": "temperature", "quality": "god", "value": 1}]},
            [
                ("WRONG_TYPE", "/samples/0"),
                ("MISSING_FIELD", "/samples/1"),
                ("WRONG_TYPE", "/samples/2/property"),
                ("NOT_ALLOWED", "/samples/3/quality"),
            ],
        ),
        (
            {"properties": {"temperature": {"timestamp": "noon", "value": 1.0}, "speed": {}}},
            [("WRONG_TYPE", "/properties/temperature/timestamp"), ("MISSING_FIELD", "/properties/speed/value")],
        ),
    ],
)
async def test_a_wrong_body_is_422_with_every_fault_and_nothing_is_taken(
    plant: Plant, body: Any, expected: list[tuple[str, str]]
) -> None:
    before = plant.engine.live.sequence
    answer = await send(plant, "POST", PLACE, json=body)
    assert refusal(answer) == (422, "SAMPLES_INVALID")
    assert faults(answer) == expected
    assert [type(entry.input) for entry in plant.store.journal if entry.sequence > before] == [Note]


async def test_an_unknown_twin_is_404_a_device_property_422_and_too_many_413(plant: Plant) -> None:
    one = {"properties": {"temperature": {"value": 1.0}}}
    assert refusal(await send(plant, "POST", "/twins/pump_9/instance/properties", json=one)) == (404, "TWIN_NOT_FOUND")
    mapped = await send(plant, "POST", "/twins/pump_123/instance/properties", json=one)
    assert faults(mapped) == [("PROPERTY_MAPPED", "/properties/temperature")]
    many = {"samples": [{"property": "temperature", "value": 1.0}] * 10_001}
    assert refusal(await send(plant, "POST", PLACE, json=many)) == (413, "TOO_MANY_SAMPLES")


async def test_while_too_much_waits_it_is_503_with_when_to_try_again(plant: Plant) -> None:
    plant.services = services(plant, plant.engine.live, FullLine())
    answer = await send(plant, "POST", PLACE, json={"properties": {"temperature": {"value": 1.0}}})
    assert refusal(answer) == (503, "INGEST_FULL")
    assert answer.headers["retry-after"] == "1"
