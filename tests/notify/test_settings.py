"""What is wrong with the declared targets is said at start, all of it, with its place."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.settings import load_settings

GOOD = """
[notifications]
time_zone = "Europe/Berlin"
link = "https://plant.example.org/alerts/{alert_id}"

[[notifications.targets]]
name = "chat"
kind = "webhook"
url = {env = "CHAT_URL"}
body = {text = "{subject}", blocks = [{type = "section", text = "{text}"}]}
headers = {Authorization = {file = "/run/secrets/chat"}, X-Plant = "north"}

[[notifications.targets.rules]]
severities = ["critical"]
days = ["weekend"]

[[notifications.targets.rules]]
severities = ["critical"]
days = ["weekday"]
begin = "18:00"
end = "06:00"

[[notifications.targets]]
name = "bus"
kind = "mqtt"
url = "mqtt://broker"
topic = "alerts"

[[notifications.targets]]
name = "mail"
kind = "smtp"
host = "mail.example.org"
user = "plant"
password = {env = "MAIL_PASSWORD"}
sender = "plant@example.org"
recipients = ["ops@example.org"]
subject = "{severity}: {message}"
"""


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Misconfigured) as wrong:
        load_settings(file)
    return {problem.path: problem.message for problem in wrong.value.problems}


def test_all_kinds_of_targets_are_understood(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(GOOD, encoding="utf-8")
    chat, bus, mail = load_settings(file).notifications.targets
    assert chat.rules[0].on_days == {"saturday", "sunday"}
    assert bus.rules[0].severities == ("error", "critical"), "where no rule is given"
    assert mail.kind == "smtp"
    assert mail.at == 587


@pytest.mark.parametrize(
    ("line", "instead", "path", "message"),
    [
        ('time_zone = "Europe/Berlin"', 'time_zone = "Berlin"', "/notifications/time_zone", "no time zone"),
        ("{alert_id}", "{alert}", "/notifications/link", "there is no field 'alert'"),
        ('topic = "alerts"', 'topic = "alerts/#"', "/notifications/targets/1/topic", "no wildcards"),
        ('url = "mqtt://broker"', 'url = "http://broker"', "/notifications/targets/1/url", "mqtt://host:1883"),
        ('url = "mqtt://broker"', 'url = "mqtt://a:b@broker"', "/notifications/targets/1/url", "password in it"),
        ('user = "plant"', 'user = ""', "/notifications/targets/2", "go together"),
        ('{env = "MAIL_PASSWORD"}', "{}", "/notifications/targets/2/password", "and not both"),
        ("{severity}: ", "{sevrity}: ", "/notifications/targets/2/subject", "did you mean 'severity'?"),
        ("{message}", "{message", "/notifications/targets/2/subject", "is not closed"),
        ('"{text}"', '"{txt}"', "/notifications/targets/0/body", "did you mean 'text'?"),
        ('begin = "18:00"', 'begin = "25:00"', "/notifications/targets/0/rules/1", "no time of day"),
        ('end = "06:00"', "", "/notifications/targets/0/rules/1", "a begin and an end"),
        ('"weekend"', '"wekend"', "/notifications/targets/0/rules/0/days", "did you mean 'weekend'?"),
        ('name = "bus"', 'name = "chat"', "/notifications/targets", "two targets have the name 'chat'"),
        ('kind = "smtp"', 'kind = "pager"', "/notifications/targets/2", "'webhook', 'mqtt', 'smtp'"),
        ('topic = "alerts"', 'topics = "alerts"', "/notifications/targets/1/topics", "not permitted"),
    ],
)
def test_a_fault_is_said_with_its_place(tmp_path: Path, line: str, instead: str, path: str, message: str) -> None:
    assert line in GOOD
    found = problems(tmp_path, GOOD.replace(line, instead, 1))
    assert message in found[path]


def test_all_faults_are_said_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace('"alerts"', '"#"').replace('"plant@example.org"', '"plant"'))
    assert set(found) == {"/notifications/targets/1/topic", "/notifications/targets/2/sender"}


def test_a_password_in_the_open_is_refused(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace('host = "mail.example.org"', 'host = "mail"\nsecurity = "none"'))
    assert "not sent over an open connection" in found["/notifications/targets/2"]
