"""What people read, to the letter; and that nothing in an alert can break its message."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from app.model.events import Alert
from app.model.notifications import FIELDS, Notification
from app.notify.message import message_of
from app.notify.texts import Texts, one_line
from tests.notify.parts import change


def texts(subject: str = "", text: str = "", link: str = "https://plant/{alert_id}", explain: Any = None) -> Texts:
    return Texts(subject, text, link, ZoneInfo("Europe/Berlin"), explain or (lambda alert: "Because."))


def notification(alert_id: str = "alert-1", transition: Any = "raised", **more: Any) -> Notification:
    return Notification(f"inst/{alert_id}/{transition}/7/0", 7, transition, change(alert_id, transition, **more))


def test_a_message_about_one_transition() -> None:
    message = message_of([notification()], "shift", "inst", texts())
    assert message.subject == "[ERROR] raised: too hot (pump_1)"
    assert message.text == (
        "ERROR alert raised at 2026-01-02 13:00:00+01:00: too hot\n"
        "Of twin 'pump_1', behavior 'hot', code 'HOT', raised at 2026-01-02 13:00:00+01:00.\n"
        "It concerns pump_1.\n"
        "Because.\n"
        "It waits to be acknowledged.\n"
        "https://plant/alert-1"
    )
    assert message.key == "inst/alert-1/raised/7/0"
    assert message.document["notifications"][0]["alert"]["message"] == "too hot"


def test_a_message_about_several() -> None:
    several = [notification("a"), notification("b", severity="critical"), notification("c", "cleared", severity="info")]
    message = message_of(several, "shift", "inst", texts(text="{alert_id}: {message}"))
    assert message.subject == "3 alert transitions: 1 critical, 1 error, 1 info"
    assert message.text.splitlines()[1:] == [
        "- [ERROR] raised: too hot (pump_1)",
        "- [CRITICAL] raised: too hot (pump_1)",
        "- [INFO] cleared: too hot (pump_1)",
        "",
        "a: too hot",
        "",
        "b: too hot",
        "",
        "c: too hot",
    ]
    assert message.fields["severity"] == "CRITICAL"
    assert [item["idempotency_key"] for item in message.document["notifications"]] == [item.key for item in several]


def test_a_text_may_name_every_field() -> None:
    every = " ".join(f"{{{name}}}" for name in FIELDS)
    told = texts(text=every).text(notification(), texts().fields(notification()))
    assert told == (
        "ERROR raised too hot pump_1 twin hot HOT pump_1 alert-1 2026-01-02 13:00:00+01:00 2026-01-02 13:00:00+01:00"
        "   Because. https://plant/alert-1 inst/alert-1/raised/7/0"
    )


def test_what_people_wrote_is_never_taken_for_a_template() -> None:
    message = message_of([notification(message="{code} }{ {{x}}")], "shift", "inst", texts())
    assert message.subject == "[ERROR] raised: {code} }{ {{x}} (pump_1)"


@pytest.mark.parametrize(("text", "line"), [("a\r\nBcc: x", "a Bcc: x"), ("x" * 500, "x" * 199 + "…")])
def test_a_subject_is_one_line(text: str, line: str) -> None:
    assert one_line(text) == line


def test_an_explanation_that_fails_does_not_keep_the_message() -> None:
    def explain(alert: Alert) -> str:
        raise KeyError("a shape that is gone")

    message = message_of([notification()], "shift", "inst", texts(explain=explain))
    assert "too hot" in message.text
    assert message.document["notifications"][0]["explanation"] is None


def test_late_and_by_whom() -> None:
    item = msgspec.structs.replace(
        change(transition="acknowledged", acknowledged=True), by="ann", comment="on my way", late=5_000_000
    )
    told = Notification("k", 1, "acknowledged", item)
    lines = texts().text(told, texts().fields(told)).splitlines()
    assert lines[0] == "ERROR alert acknowledged by ann at 2026-01-02 13:00:00+01:00 (5 s late): too hot"
    assert lines[1] == "Comment: on my way"
    assert "It waits to be acknowledged." not in lines
