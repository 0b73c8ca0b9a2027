"""docs/calls.md: every block of it does what it says, in their order, on the real engine."""

import re
from pathlib import Path
from typing import Any

from tests.api.client import ask
from tests.api.plant import Plant

PAGE = Path(__file__).parents[2] / "docs" / "calls.md"
BLOCKS = re.findall(r"```graphql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


async def test_the_page_does_what_it_says() -> None:
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 60.0)
    answers: list[Any] = []
    for block in BLOCKS:
        plant.reach("pump_123")
        plant.hear("pump_123", "temperature", 60.0)
        answers.append(await ask(plant, block))
    declared, standing, refused, overridden, limited, written, required = answers
    assert (declared["updateTwinType"]["warnings"], declared["updateOverlayType"]["result"]) == ([], "UPDATED")
    guards = {item["interlock"]: item for item in standing["twin"]["guards"]}
    assert guards["too_hot"]["truth"] == "FALSE"
    assert (guards["dry_run"]["truth"], guards["dry_run"]["ownerKind"]) == ("UNKNOWN", "OVERLAY")
    assert guards["dry_run"]["unknown"] == [{"what": "valve_234.open", "reason": "NoReading"}]
    call = refused["invokeMethod"]["call"]
    assert (call["status"], call["refusal"]["code"]) == ("REFUSED", "CALL_INTERLOCKED")
    assert [(item["interlock"], item["truth"]) for item in call["refusal"]["interlocks"]] == [("dry_run", "UNKNOWN")]
    call = overridden["invokeMethod"]["call"]
    assert (call["status"], call["overrideReason"]) == ("ACCEPTED", "commissioning, valve checked by hand")
    assert call["overrode"] == [{"interlock": "dry_run", "truth": "UNKNOWN"}]
    call = limited["invokeMethod"]["call"]
    assert (call["status"], call["refusal"]["code"]) == ("REFUSED", "CALL_TOO_SOON")
    call = written["setProperty"]["call"]
    assert (call["status"], call["observedAt"]) == ("ACCEPTED", None)
    plant.hear("pump_123", "speed", 1450.0)
    found = plant.engine.live.call(call["callId"])
    assert found is not None
    assert found.observed_at == plant.clock.now()
    (overheated,) = [it for it in required["updateTwinType"]["twinType"]["behaviors"] if it["name"] == "overheated"]
    assert [action.get("required") for action in overheated["actions"]] == [True, None]
