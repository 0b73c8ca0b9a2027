"""docs/notifications.md: its settings are understood, its document is ours, its queries are valid, its tables whole."""

import json
import re
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from graphql import build_schema, parse, validate

from app.api.schema import sdl
from app.model.audit import AuditOutcome
from app.model.behaviors import Severity
from app.model.notifications import ANY_TOLD, FIELDS, MESSAGE_FIELDS, Notification
from app.notification_settings import MqttTarget, NotificationRule, SmtpTarget, WebhookTarget
from app.notify.message import message_of
from app.notify.texts import Texts
from app.settings import load_settings
from tests.notify.parts import change

PAGE = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")


def test_the_settings_are_understood(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE, re.S)
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(blocks), encoding="utf-8")
    targets = load_settings(file).notifications.targets
    assert [target.name for target in targets] == ["shift", "on_call", "control_room", "chat"]


def test_the_document_is_ours() -> None:
    [text] = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    told = Notification("k", 17, "raised", change())
    ours = message_of([told], "shift", "i", Texts("", "", "x", ZoneInfo("UTC"), lambda alert: "y")).document
    theirs = json.loads(text)
    assert theirs.keys() == ours.keys()
    assert theirs["notifications"][0].keys() == ours["notifications"][0].keys()
    assert theirs["notifications"][0]["alert"].keys() == ours["notifications"][0]["alert"].keys()


@pytest.mark.parametrize("query", re.findall(r"```graphql\n(.*?)```", PAGE, re.S))
def test_the_queries_are_valid(query: str) -> None:
    assert validate(build_schema(sdl()), parse(query)) == []


def test_every_field_and_setting_is_named() -> None:
    for name in (*FIELDS, *MESSAGE_FIELDS):
        assert f"`{{{name}}}`" in PAGE, name
    for word in (*ANY_TOLD, *get_args(Severity)):
        assert f"`{word}`" in PAGE, word
    settings = {**WebhookTarget.model_fields, **MqttTarget.model_fields, **SmtpTarget.model_fields}
    for name in (*settings, *NotificationRule.model_fields):
        assert f"`{name}`" in PAGE, name
    assert "failed" in get_args(AuditOutcome)
    for name in ("per_minute", "group_over", "give_up_tries", "give_up_hours", "timeout_seconds"):
        default = SmtpTarget.model_fields[name].default
        assert f"`{name}` | `{default:g}`" in PAGE
