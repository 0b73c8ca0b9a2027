"""Explanations over GraphQL, on the real commands and the real engine: what an operator's screen asks for."""

from typing import Any

import pytest

from app.model.plan import OwnerKey, PropertyKey
from app.model.time import iso
from tests.api.client import ask
from tests.api.plant import Plant

EXPLANATION = """text at state evidence since error revision cause { kind ref } calls { method }
  nodes { index parent kind text evidence value why input }
  inputs { twinId property role source value { json quality unit timestamp known reason } }"""
BEHAVIOR = f"query($id: ID!) {{ twin(twinId: $id) {{ behaviors {{ name explanation {{ {EXPLANATION} }} }} }} }}"
OVERLAY = f"query($id: ID!) {{ overlay(overlayId: $id) {{ behaviors {{ name explanation {{ {EXPLANATION} }} }} }} }}"
ALERTS = f"{{ alerts {{ nodes {{ code explanation {{ {EXPLANATION} }} }} }} }}"
WHY_NOT = """query($id: ID!) { twin(twinId: $id) { behaviors { name whyNot { text whole blocked
  ways { distance parts { node text wanted input needs nearest distance } }
  explanation { text nodes { text } } } } } }"""


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


async def behavior(plant: Plant, query: str, id: str, name: str) -> Any:
    answer = await ask(plant, query, id=id)
    return next(item for item in next(iter(answer.values()))["behaviors"] if item["name"] == name)


async def test_a_behavior_explains_itself_as_a_tree_with_the_samples_behind_it(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 91.5)
    at = iso(plant.clock.at)
    found = (await behavior(plant, BEHAVIOR, "pump_123", "hot"))["explanation"]
    assert (found["state"], found["evidence"], found["error"]) == ("ACTIVE", "TRUE", None)
    assert (found["at"], found["since"], found["revision"]) == (at, at, "twin_type/pump/1")
    assert found["nodes"] == [
        {"index": 0, "parent": None, "kind": "COMPARE", "text": "temperature >= 80.0", "evidence": "TRUE",
         "value": None, "why": None, "input": None},
        {"index": 1, "parent": 0, "kind": "PROPERTY", "text": "temperature", "evidence": None,
         "value": 91.5, "why": None, "input": 0},
        {"index": 2, "parent": 0, "kind": "LITERAL", "text": "80.0", "evidence": None,
         "value": 80.0, "why": None, "input": None},
    ]  # fmt: skip
    assert found["inputs"] == [
        {"twinId": "pump_123", "property": "temperature", "role": None, "source": "opcua",
         "value": {"json": 91.5, "quality": "GOOD", "unit": "celsius", "timestamp": at, "known": True, "reason": None}}
    ]  # fmt: skip
    assert found["cause"] == [{"kind": "READING", "ref": "opcua"}]
    assert found["text"].startswith("Behavior 'hot' of twin 'pump_123' is active since ")
    assert "Temperature of 'pump_123' is 91.5 celsius, at least 80.0 celsius (good, from 'opcua', " in found["text"]


async def test_an_alert_explains_itself_with_the_values_of_the_moment_it_was_raised(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 91.5)
    plant.hear("pump_123", "temperature", 97.0)
    [found] = (await ask(plant, ALERTS))["alerts"]["nodes"]
    assert found["explanation"]["inputs"][0]["value"]["json"] == 91.5
    assert found["explanation"]["cause"] == [{"kind": "BEHAVIOR", "ref": "pump_123/hot"},
                                             {"kind": "READING", "ref": "opcua"}]  # fmt: skip
    assert "was 91.5 celsius" in found["explanation"]["text"]


async def test_what_is_unknown_says_why(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 20.0)
    plant.reach("pump_123", alive=False, reason="connection lost")
    found = (await behavior(plant, BEHAVIOR, "pump_123", "hot"))["explanation"]
    assert found["evidence"] == "UNKNOWN"
    assert [(node["evidence"], node["value"], node["why"]) for node in found["nodes"]] == [
        ("UNKNOWN", None, None),
        (None, None, "PathSilent"),
        (None, 80.0, None),
    ]
    assert "is not known: the path to its device is silent" in found["text"]


async def test_an_overlays_behavior_names_its_roles(plant: Plant) -> None:
    found = (await behavior(plant, OVERLAY, "cellar", "failing"))["explanation"]
    assert found["nodes"][0]["text"] == "primary.status == 'fault'"
    assert (found["inputs"][0]["role"], found["inputs"][0]["twinId"]) == ("primary", "pump_123")
    assert found["inputs"][0]["source"] is None
    assert found["inputs"][0]["value"]["reason"] == "NoReading"
    assert found["revision"] == "overlay_type/pumping/1"


async def test_why_not_names_the_nearest_value(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 78.4)
    found = (await behavior(plant, WHY_NOT, "pump_123", "hot"))["whyNot"]
    [way] = found["ways"]
    [part] = way["parts"]
    assert part["text"] == "temperature of 'pump_123' is 78.4 celsius, needs >= 80.0"
    assert (part["nearest"], part["needs"], part["wanted"]) == (80.0, ">= 80.0", True)
    assert found["explanation"]["nodes"][part["node"]]["text"] == "temperature >= 80.0"
    assert part["input"] == 0
    assert part["distance"] == pytest.approx(1.6 / 78.4)
    assert found["whole"] is True
    assert part["text"] in found["text"]


async def test_an_active_behavior_lacks_nothing(plant: Plant) -> None:
    plant.hear("pump_123", "temperature", 91.5)
    found = (await behavior(plant, WHY_NOT, "pump_123", "hot"))["whyNot"]
    assert found["ways"] == []
    assert "is active" in found["text"]


async def test_an_aggregate_reads_the_property_of_each_member_and_its_explanation_counts_them(plant: Plant) -> None:
    script = """
      twin type Mill { properties { enum status in ["off", "fault"]; } }
      overlay Hall {
        twins { Mill[] mills; }
        behaviors { behavior failed { when { any(mills.status == "fault") } then { alert(error, "a mill failed"); } } }
      }
      twin M1 of Mill { }
      twin M2 of Mill { }
      twin M3 of Mill { }
      instance North of Hall { twins { mills = [M1, M2]; } }
    """
    run = "mutation($s: String!) { executeDtsl(input: {script: {source: $s}}) { created { id } } }"
    await ask(plant, run, s=script)
    [node] = plant.store.changes[-1].behaviors[OwnerKey("overlay", "north")]
    assert node.reads == (PropertyKey("m_1", "status"), PropertyKey("m_2", "status"))
    report = "mutation($s: [SampleInput!]!) { reportSamples(input: {samples: $s}) { __typename } }"
    await ask(plant, report, s=[{"twinId": "m_2", "property": "status", "value": "fault"}])
    asked = """{
      alerts { nodes { message twins { twinId } } }
      overlay(overlayId: "north") { behaviors { evidence explanation {
        text nodes { members { count unknown deciding { id evidence } missing } } } } }
    }"""
    answer = await ask(plant, asked)
    assert answer["alerts"]["nodes"] == [{"message": "a mill failed", "twins": [{"twinId": "m_2"}]}]
    [behavior] = answer["overlay"]["behaviors"]
    assert behavior["evidence"] == "TRUE"
    assert "of 2: 'm_2' true, 1 not known, as 'm_1'" in behavior["explanation"]["text"]
    deciding = [{"id": "m_2", "evidence": "TRUE"}]
    members = {"count": 2, "unknown": 1, "deciding": deciding, "missing": ["m_1"]}
    assert behavior["explanation"]["nodes"][0]["members"] == members
