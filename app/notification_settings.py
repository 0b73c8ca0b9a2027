"""Whom alerts are told to, of which, and how: the `[notifications]` section of the settings file.

A secret is named, never written: a target says which environment variable or file holds it. Whatever is wrong with a
target, a text or a rule is said at start, all at once.
"""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from app.model.behaviors import Severity
from app.model.conditions import Day
from app.model.near import near
from app.model.notifications import FIELDS, MESSAGE_FIELDS, TOLD, Told
from app.model.templates import template

MAX_TARGETS = 50
_DAYS: dict[str, tuple[Day, ...]] = {
    "weekday": ("monday", "tuesday", "wednesday", "thursday", "friday"),
    "weekend": ("saturday", "sunday"),
}
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _checked(fields: tuple[str, ...], text: str) -> str:
    found = template(text)
    for slip in found.slips:
        raise ValueError(f"{slip.told}: {slip.hint}")
    for hole in found.holes:
        if hole.reference not in fields:
            known = near(hole.reference, fields) or f"known are {', '.join(fields)}"
            raise ValueError(f"there is no field '{hole.reference}': {known}")
    return text


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise ValueError(f"'{name}' is no time zone of this machine; write one as Europe/Berlin, or UTC") from None
    return name


Zone = Annotated[str, Field(max_length=64), BeforeValidator(_known_zone)]
Text = Annotated[str, Field(max_length=4000)]


class SecretReference(_Section):
    """Where a secret is: `{env = "NAME"}`, read at start of each delivery, or `{file = "/run/secrets/name"}`."""

    env: str | None = Field(default=None, min_length=1)
    file: Path | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise ValueError("name either an environment variable (env) or a file, and not both")
        return self


class NotificationRule(_Section):
    """Which alerts; what is left out is not asked for, and all that is there holds together."""

    severities: tuple[Severity, ...] = ()
    overlays: tuple[str, ...] = ()
    """With all that is in them, at any depth."""
    twins: tuple[str, ...] = ()
    """That own the alert, or that it concerns."""
    behaviors: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    transitions: tuple[Told, ...] = TOLD
    days: tuple[str, ...] = ()
    """`monday` to `sunday`, `weekday`, `weekend`; of a span over midnight, the day on which it begins."""
    begin: str = ""
    """`06:00`; with `end`."""
    end: str = ""
    """`22:00`, that minute no longer; before `begin` where the span is over midnight."""
    time_zone: Zone | None = None
    """That of the section where left out."""

    @field_validator("days")
    @classmethod
    def _days(cls, days: tuple[str, ...]) -> tuple[str, ...]:
        known = (*_DAYS["weekday"], *_DAYS["weekend"], *_DAYS)
        for day in days:
            if day not in known:
                raise ValueError(f"'{day}' is no day: {near(day, known) or 'write monday, weekday or weekend'}")
        return days

    @model_validator(mode="after")
    def _span(self) -> Self:
        if bool(self.begin) != bool(self.end):
            raise ValueError("a time of day has a begin and an end")
        if self.begin and self.begin == self.end:
            raise ValueError("begin and end are the same; leave both out for the whole day")
        for text in filter(None, (self.begin, self.end)):
            minute_of(text)
        return self

    @property
    def on_days(self) -> frozenset[str]:
        """By name; empty for every day."""
        return frozenset(name for day in self.days for name in _DAYS.get(day, (day,)))


def minute_of(text: str) -> int:
    """`06:30` -> 390; `24:00` is the end of a day. Raises ValueError."""
    hour, colon, minute = text.partition(":")
    if colon and len(hour) == len(minute) == 2 and hour.isdigit() and minute.isdigit():
        found = int(hour) * 60 + int(minute)
        if int(minute) < 60 and found <= 24 * 60:
            return found
    raise ValueError(f"'{text}' is no time of day; write it as 06:30")


class _Target(_Section):
    name: Name
    rules: tuple[NotificationRule, ...] = Field(default=(NotificationRule(severities=("error", "critical")),))
    """It is told of what any of them asks for."""
    subject: Text = ""
    """Of a message about one transition, with `{severity}` and the like; ours where left out."""
    text: Text = ""
    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    per_minute: float = Field(default=30.0, gt=0, le=6000)
    """Messages, in the long run."""
    group_over: int = Field(default=5, ge=0)
    """Where more than so many transitions wait, they go as one message; 0 for never."""
    give_up_tries: int = Field(default=10, ge=1)
    """How often a message is tried that the target itself refuses."""
    give_up_hours: float = Field(default=72.0, gt=0, le=24 * 366)
    """How long a transition is tried at all."""

    @field_validator("subject", "text")
    @classmethod
    def _fields(cls, text: str) -> str:
        return _checked(FIELDS, text)

    @field_validator("subject")
    @classmethod
    def _line(cls, text: str) -> str:
        if "\n" in text or "\r" in text:
            raise ValueError("a subject is one line")
        return text

    @field_validator("rules")
    @classmethod
    def _some(cls, rules: tuple[NotificationRule, ...]) -> tuple[NotificationRule, ...]:
        if not rules:
            raise ValueError("a target without rules is told nothing; leave `rules` out for errors and critical alerts")
        return rules


def _no_password(url: str) -> str:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise ValueError("the address has a user name or password in it; name where the password is instead")
    return url


class WebhookTarget(_Target):
    """HTTP POST of a JSON document."""

    kind: Literal["webhook"]
    url: str | SecretReference
    """A reference where the address itself is a secret, as of most chat programs."""
    headers: dict[str, str | SecretReference] = {}
    body: dict[str, object] | None = None
    """Instead of our document: texts in it may name `{subject}`, `{text}` and the like."""
    ca_file: Path | None = None
    """Of a server whose certificate no public authority has signed."""

    @field_validator("url")
    @classmethod
    def _url(cls, url: str | SecretReference) -> str | SecretReference:
        if isinstance(url, str):
            check_url(url)
        return url

    @field_validator("body")
    @classmethod
    def _body(cls, body: dict[str, object] | None) -> dict[str, object] | None:
        def look(item: object) -> None:
            if isinstance(item, str):
                _checked(MESSAGE_FIELDS, item)
            for inner in item.values() if isinstance(item, dict) else item if isinstance(item, list) else ():
                look(inner)

        look(body)
        return body


def check_url(url: str) -> str:
    """Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a webhook's address is http://... or https://...")
    return _no_password(url)


class _WithUser(_Target):
    user: str = ""
    password: SecretReference | None = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if bool(self.user) != (self.password is not None):
            raise ValueError("user and password go together")
        return self


class MqttTarget(_WithUser):
    """A message at QoS 1 on one topic, with the same document as a webhook's."""

    kind: Literal["mqtt"]
    url: str
    topic: Annotated[str, Field(min_length=1, max_length=1000)]
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None

    @field_validator("url")
    @classmethod
    def _url(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
            raise ValueError("a broker's address is mqtt://host:1883 or mqtts://host:8883")
        return _no_password(url)

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        if any(character in topic for character in "+#\0"):
            raise ValueError("a topic to publish to has no wildcards")
        return topic

    @model_validator(mode="after")
    def _files(self) -> Self:
        given = self.ca_file or self.certificate_file or self.key_file
        if given and urlsplit(self.url).scheme != "mqtts":
            raise ValueError("certificates are of mqtts://")
        if bool(self.certificate_file) != bool(self.key_file):
            raise ValueError("certificate_file and key_file go together")
        return self


class SmtpTarget(_WithUser):
    """A mail in plain text."""

    kind: Literal["smtp"]
    host: Annotated[str, Field(min_length=1)]
    port: int | None = Field(default=None, ge=1, le=65535)
    """465 with `tls`, else 587 with `starttls`, else 25."""
    security: Literal["tls", "starttls", "none"] = "starttls"
    sender: Annotated[str, Field(pattern=r"^[^\s@]+@[^\s@]+$")]
    recipients: Annotated[tuple[Annotated[str, Field(pattern=r"^[^\s@,]+@[^\s@,]+$")], ...], Field(min_length=1)]
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _in_the_open(self) -> Self:
        if self.user and self.security == "none" and self.host not in ("localhost", "127.0.0.1", "::1"):
            raise ValueError("a password is not sent over an open connection; set security to starttls or tls")
        return self

    @property
    def at(self) -> int:
        return self.port or {"tls": 465, "starttls": 587, "none": 25}[self.security]


Target = Annotated[WebhookTarget | MqttTarget | SmtpTarget, Field(discriminator="kind")]


class NotificationSettings(_Section):
    time_zone: Zone = "UTC"
    """Of the times in rules and texts."""
    link: Text = ""
    """An address for one alert, with `{alert_id}` and the like; that of this server's REST where left out."""
    targets: Annotated[tuple[Target, ...], Field(max_length=MAX_TARGETS)] = ()

    @field_validator("link")
    @classmethod
    def _link(cls, text: str) -> str:
        return _checked(tuple(field for field in FIELDS if field not in ("link", "explanation")), text)

    @field_validator("targets")
    @classmethod
    def _once(cls, targets: tuple[Target, ...]) -> tuple[Target, ...]:
        names = [target.name for target in targets]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two targets have the name '{name}'")
        return targets
