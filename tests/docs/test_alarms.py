"""docs/alarms.md: every block of it does what it says, in their order, on the real engine."""

import json
import re
from pathlib import Path
from typing import Any

from tests.api.client import ask
from tests.api.plant import Plant
from tests.api.rest.client import send

PAGE = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE, re.S)
(DOCUMENT,) = re.findall(r"```json\n(.*?)```", PAGE, re.S)
(CURL,) = re.findall(r"^curl '[^']*/api/v1([^']*)'", PAGE, re.M)


async def test_the_page_does_what_it_says() -> None:
    plant = Plant()
    plant.start()
    save = "mutation($document: JSON!) { saveTwin(input: {document: $document}) { warnings { code } } }"
    assert (await ask(plant, save, document=json.loads(DOCUMENT)))["saveTwin"]["warnings"] == []
    answers: list[Any] = []
    known: dict[str, str] = {}
    for block in BLOCKS:
        variables = {"alertIds": list(known.values()), "trip": known.get("trip")}
        answers.append(await ask(plant, block, **{name: variables[name] for name in variables if f"${name}" in block}))
        plant.store.closed = [
            it.alert for entry in plant.store.journal for it in entry.outcome.alerts if it.alert.closed_at
        ]
        if "{ shelvings" in block:  # it is raised again while it is shelved
            await ask(plant, BLOCKS[0])
        known = known or {alert.code: alert.alert_id for alert in plant.engine.live.open_alerts()}
    _, listed, known_now, seen, noted, _, reset, shelved, standing, unshelved, history, journal, audit = answers
    assert {(item["code"], item["firstInGroup"]) for item in listed["alerts"]["nodes"]} == {
        ("trip", True),
        ("service", False),
    }
    assert known_now["alerts"]["nodes"] == [
        {"code": code, "active": True, "evidence": "TRUE", "evidenceUnknownSince": None} for code in ("service", "trip")
    ]
    assert [item["acknowledgedBy"] for item in seen["acknowledgeAlerts"]["alerts"]] == ["anonymous"] * 2
    assert noted["commentAlert"]["alert"]["comments"][0]["text"] == "bearing ordered"
    assert reset["resetAlert"]["alert"]["clearReason"] == "Reset"
    assert reset["resetAlert"]["alert"]["closedAt"] is not None
    assert shelved["shelveAlert"]["shelving"]["reason"] == "the service is on Friday"
    assert len(standing["shelvings"]["nodes"]) == 1
    assert unshelved["unshelveAlert"] == {"alert": {"annunciated": True}}
    assert [item["transition"] for item in history["alert"]["history"]["nodes"]] == [
        "CLOSED",
        "RESET",
        "COMMENTED",
        "ACKNOWLEDGED",
        "RAISED",
    ]
    assert [item["transition"] for item in journal["alertHistory"]["nodes"]] == ["UNSHELVED"]
    assert {item["kind"] for item in audit["auditLog"]["nodes"]} == {"ACKNOWLEDGEMENT", "RESET", "SHELVING"}
    export = await send(plant, "GET", CURL)
    assert (export.status_code, export.text) == (200, "")
    assert set(re.findall(r"`([A-Z_]+)`", PAGE)) >= {"RAISED", "RE_ALARMED", "SHELVED", "UNSUPPRESSED", "CLOSED"}
