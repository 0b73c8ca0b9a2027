"""Which transitions rules ask for: what, where and when."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.catalogue import Catalogue
from app.model.events import AlertChanged, AlertKey, AlertTransition, Cause, Shelving
from app.model.plan import OwnerKey
from app.model.time import SECOND, parse_iso, to_datetime
from app.notification_settings import NotificationRule
from app.notify.asked import Asked, told
from tests.api.parts import Installation
from tests.engine.plant import alert
from tests.engine.test_parts import escalating, tick, warm
from tests.notify.parts import NOON, change


def asks(item: AlertChanged, catalogue: Catalogue | None = None, zone: str = "UTC", **rule: Any) -> bool:
    transition = told(item)
    rules = [NotificationRule.model_validate(rule)]
    return transition is not None and Asked(rules, zone, catalogue or Catalogue()).wants(transition, item)


def test_what_is_left_out_is_not_asked_for_and_all_that_is_there_holds_together() -> None:
    item = change(severity="critical", behavior="hot", code="HOT")
    assert asks(item)
    assert asks(item, severities=["error", "critical"], behaviors=["hot"], codes=["HOT"], twins=["pump_1"])
    others: tuple[dict[str, Any], ...] = (
        {"severities": ["info"]},
        {"behaviors": ["cold"]},
        {"codes": ["X"]},
        {"twins": ["pump_2"]},
    )
    for other in others:
        assert not asks(item, **other)
        assert not asks(item, **({"severities": ["critical"], "twins": ["pump_1"]} | other))


def test_nobody_is_told_of_what_is_put_aside_nor_that_it_is() -> None:
    shelved = Shelving(AlertKey(OwnerKey("twin", "pump_1"), "hot", "HOT"), NOON, NOON, "ann", "")
    transitions: tuple[AlertTransition, ...] = ("raised", "cleared", "shelved")
    for transition in transitions:
        assert told(change(transition=transition, shelved=shelved)) is None
        assert told(change(transition=transition, suppressed_by=("maintenance",))) is None
    assert told(change(transition="unshelved")) == "unshelved"


def test_a_flood_is_told_once_however_it_grows() -> None:
    assert told(change(code="alert_flood")) == "raised"
    assert told(change(code="alert_flood", transition="updated")) is None
    assert told(change(transition="updated")) == "updated"


def test_what_an_escalation_raises_is_escalated() -> None:
    raised = change(cause=Cause("behavior", "pump_1/hot", NOON, Cause("tick", "escalate/0", NOON)))
    assert told(raised) == "escalated"
    assert asks(raised)
    assert asks(raised, transitions=["escalated"])
    assert not asks(raised, transitions=["raised"])
    assert not asks(change(), transitions=["escalated"])


def test_acknowledgements_are_told_to_whoever_asks_for_them() -> None:
    assert not asks(change(transition="acknowledged"))
    assert asks(change(transition="acknowledged"), transitions=["raised", "acknowledged"])


def test_an_overlay_is_with_all_that_is_in_it() -> None:
    plant = Installation()
    plant.save(
        ("overlay_type", {"type_id": "site", "twin_roles": [{"role": "part", "overlay_type": "pumping_system"}]}),
        (
            "overlay",
            {
                "overlay_id": "whole_site",
                "overlay_type": "site",
                "twins": [{"role": "part", "overlay_id": "cellar"}],
            },
        ),
    )
    inner = "cellar"
    of_twin = change(owner=OwnerKey("twin", "pump_123"), twins=("pump_123",))
    of_inner = change(owner=OwnerKey("overlay", inner), twins=())
    of_whole = change(owner=OwnerKey("overlay", "whole_site"), twins=())
    foreign = change(owner=OwnerKey("twin", "lonely"), twins=("lonely",))
    for item in (of_twin, of_inner, of_whole):
        assert asks(item, plant.catalogue, overlays=["whole_site"])
    assert asks(of_twin, plant.catalogue, overlays=[inner])
    assert not asks(of_whole, plant.catalogue, overlays=[inner])
    assert not asks(foreign, plant.catalogue, overlays=["whole_site"])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-27T20:59:59Z", True),  # Friday, 21:59:59 in Berlin
        ("2026-03-27T21:00:00Z", False),  # 22:00
        ("2026-03-27T04:59:59Z", False),  # 05:59:59
        ("2026-03-30T04:00:00Z", True),  # Monday 06:00, now in summer time
        ("2026-03-28T12:00:00Z", False),  # Saturday
    ],
)
def test_the_clock_is_that_of_the_place(at: str, expected: bool) -> None:
    rule: dict[str, Any] = {"days": ["weekday"], "begin": "06:00", "end": "22:00"}
    assert asks(change(at=parse_iso(at)), zone="Europe/Berlin", **rule) is expected
    assert asks(change(at=parse_iso(at)), zone="UTC", time_zone="Europe/Berlin", **rule) is expected


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    rule: dict[str, Any] = {"days": ["friday"], "begin": "22:00", "end": "06:00"}
    assert asks(change(at=parse_iso("2026-03-27T22:00:00Z")), **rule)
    assert asks(change(at=parse_iso("2026-03-28T05:59:00Z")), **rule)
    assert not asks(change(at=parse_iso("2026-03-28T06:00:00Z")), **rule)
    assert not asks(change(at=parse_iso("2026-03-28T22:30:00Z")), **rule)
    assert not asks(change(at=parse_iso("2026-03-27T05:00:00Z")), **rule)


TIMES = st.integers(0, 24 * 60 - 1).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")


@given(TIMES, TIMES, st.integers(0, 14 * 86_400), st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]))
def test_at_each_moment_exactly_one_of_a_span_and_its_complement_asks(
    begin: str, end: str, second: int, zone: str
) -> None:
    if begin == end:
        return
    item = change(at=parse_iso("2026-03-22T00:00:00Z") + second * SECOND)
    first = asks(item, zone=zone, begin=begin, end=end)
    second_one = asks(item, zone=zone, begin=end, end=begin)
    assert first != second_one, to_datetime(item.at)


def test_what_the_engine_raises_by_an_escalation_is_told_as_escalated() -> None:
    plant = warm(escalating(alert("very_hot", "critical")))
    raised, escalated = plant.read(temperature=90.0), tick(plant, 301)
    assert [told(item) for item in (*raised.alerts, *escalated.alerts)] == ["raised", "escalated"]
