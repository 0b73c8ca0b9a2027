"""Each channel against a real receiver: what arrives, and what each no means."""

import asyncio
import json
import socket
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import aiomqtt
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.connectors.mqtt_publish import publish
from app.errors import Misconfigured, Refused, TwinOverlayError, Unavailable
from app.model.notifications import Notification
from app.notification_settings import MqttTarget, SmtpTarget, WebhookTarget
from app.notify.channel import Channel, Later
from app.notify.mail import MailChannel
from app.notify.message import Message, message_of
from app.notify.mqtt import MqttChannel
from app.notify.texts import Texts
from app.notify.webhook import WebhookChannel
from tests.notify.parts import VirtualClock, change
from tests.servers.mosquitto import Mosquitto, demanded, free_port
from tests.servers.receiver import receiving
from tests.servers.smtp import smtp_server

SECRET = "s3cr3t-of-the-plant"


def message() -> Message:
    told = Notification("inst/alert-1/raised/7/0", 7, "raised", change(message="zu heiß"))
    return message_of([told], "shift", "inst", Texts("", "", "", ZoneInfo("UTC"), lambda alert: "Because."))


async def failure(channel: Channel) -> TwinOverlayError:
    with pytest.raises(TwinOverlayError) as failed:
        await channel.send(message())
    assert SECRET not in str(failed.value)
    return failed.value


# ---------------------------------------------------------------- webhook


def webhook(url: Any, **more: Any) -> WebhookChannel:
    return WebhookChannel(WebhookTarget(kind="webhook", name="shift", url=url, **more), VirtualClock())


async def test_a_webhook_gets_the_document_with_its_key(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"Bearer {SECRET}\n")
    monkeypatch.setenv("PLANT", "north")
    headers = {"Authorization": {"file": str(tmp_path / "token")}, "X-Plant": {"env": "PLANT"}, "X-Fixed": "1"}
    async with receiving() as receiver:
        assert await webhook(receiver.url, headers=headers).send(message()) == ""
    [posted] = receiver.posted
    assert posted.headers["idempotency-key"] == "inst/alert-1/raised/7/0"
    assert posted.headers["authorization"] == f"Bearer {SECRET}"
    assert (posted.headers["x-plant"], posted.headers["x-fixed"]) == ("north", "1")
    assert posted.document["installation"] == "inst"
    [told] = posted.document["notifications"]
    assert (told["transition"], told["alert"]["message"], told["explanation"]) == ("raised", "zu heiß", "Because.")


async def test_a_webhook_may_have_a_body_of_its_own_and_a_secret_address(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as receiver:
        monkeypatch.setenv("HOOK", f"http://127.0.0.1:{receiver.port}/{SECRET}")
        body = {"text": "{subject} {{x}}", "blocks": [{"n": 1, "text": '"{severity}"'}]}
        channel = webhook({"env": "HOOK"}, body=body)
        await channel.send(message())
        assert SECRET not in channel.address
        receiver.answer = lambda document: PlainTextResponse(f"no hook {SECRET}", 404)
        error = await failure(channel)
    assert receiver.posted[0].path == f"/{SECRET}"
    assert receiver.posted[0].document == {
        "text": "[ERROR] raised: zu heiß (pump_1) {x}",
        "blocks": [{"n": 1, "text": '"ERROR"'}],
    }
    assert error.message == "an address that is secret answered 404 Not Found: no hook ***"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused), (404, Refused), (413, Refused), (422, Refused),
        (401, Misconfigured), (403, Misconfigured), (301, Misconfigured), (307, Misconfigured),
        (408, Unavailable), (429, Unavailable), (500, Unavailable), (502, Unavailable), (503, Unavailable),
    ],
)  # fmt: skip
async def test_each_answer_says_whether_to_try_again(status: int, kind: type[TwinOverlayError]) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda document: JSONResponse({"why": "invalid_blocks"}, status)
        error = await failure(webhook(receiver.url))
    assert type(error) is kind
    assert f"http://127.0.0.1:{receiver.port} answered {status}" in error.message
    assert "invalid_blocks" in error.message


async def test_a_receiver_may_say_when_to_come_again() -> None:
    async with receiving() as receiver:
        receiver.answer = lambda document: Response(status_code=429, headers={"retry-after": "120"})
        error = await failure(webhook(receiver.url))
        assert isinstance(error, Later)
        assert error.seconds == 120
        when = "Fri, 02 Jan 2026 12:01:00 GMT"
        receiver.answer = lambda document: Response(status_code=503, headers={"retry-after": when})
        error = await failure(webhook(receiver.url))
    assert isinstance(error, Later)
    assert error.seconds == 60


async def test_nobody_there_nobody_answering_and_a_secret_that_is_missing(tmp_path: Path) -> None:
    port = free_port()
    assert type(await failure(webhook(f"http://127.0.0.1:{port}/"))) is Unavailable
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", port))
        silent.listen()
        error = await failure(webhook(f"http://127.0.0.1:{port}/", timeout_seconds=0.2))
    assert error.message == f"http://127.0.0.1:{port}: it did not answer in time"
    for reference, code in (({"env": "NOT_SET_X"}, "SECRET_NOT_SET"), ({"file": "/nowhere"}, "SECRET_UNREADABLE")):
        error = await failure(webhook("http://127.0.0.1:1/", headers={"A": reference}))
        assert (type(error), error.code) == (Misconfigured, code)
    assert type(await failure(webhook("https://127.0.0.1:1/", ca_file=tmp_path / "no"))) is Misconfigured


# ---------------------------------------------------------------- mail


def mail(port: int, **more: Any) -> MailChannel:
    fields = {"security": "none", "recipients": ["ops@example.org", "boss@example.org"]} | more
    target = SmtpTarget(kind="smtp", name="office", host="127.0.0.1", port=port, sender="plant@example.org", **fields)
    return MailChannel(target, "inst", VirtualClock())


async def test_a_mail_arrives_with_its_key_in_the_thread_of_its_alert() -> None:
    async with smtp_server() as server:
        assert await mail(server.port).send(message()) == ""
    [got] = server.mails
    assert got["Subject"] == "[ERROR] raised: zu heiß (pump_1)"
    assert got["To"] == "ops@example.org, boss@example.org"
    assert got["Message-ID"] == "<inst.alert-1.raised.7.0@inst.twin-overlay>"
    assert got["X-Idempotency-Key"] == "inst/alert-1/raised/7/0"
    assert got["References"] == "<alert-1@inst.twin-overlay>"
    assert got["Auto-Submitted"] == "auto-generated"
    text = got.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "zu heiß" in text.decode()


async def test_a_mail_server_that_wants_a_password_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", SECRET)
    who = {"user": "plant", "password": {"env": "MAIL_PASSWORD"}}
    async with smtp_server(("plant", SECRET)) as server:
        await mail(server.port, **who).send(message())
        monkeypatch.setenv("MAIL_PASSWORD", "not it")
        error = await failure(mail(server.port, **who))
        assert (type(error), error.code) == (Misconfigured, "TARGET_DENIED")
        assert "535 wrong password" in error.message
        assert type(await failure(mail(server.port))) is Misconfigured
        assert type(await failure(mail(server.port, security="starttls"))) is Misconfigured
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("DATA", "554 spam", Refused),
        ("DATA", "451 later", Unavailable),
        ("RCPT", "550 no such user", Misconfigured),
        ("RCPT", "450 greylisted", Unavailable),
        ("MAIL", "550 not you", Misconfigured),
        ("MAIL", "452 full", Unavailable),
    ],
)
async def test_each_no_of_a_mail_server_says_whether_to_try_again(
    command: str, answer: str, kind: type[TwinOverlayError]
) -> None:
    async with smtp_server() as server:
        server.refusals[command] = answer
        error = await failure(mail(server.port))
    assert type(error) is kind
    assert answer in error.message or answer.replace(" ", " (", 1) in error.message


async def test_nobody_at_the_mail_servers_place() -> None:
    assert type(await failure(mail(free_port()))) is Unavailable


# ---------------------------------------------------------------- MQTT


async def broker_at(tmp_path: Path, user: tuple[str, str] | None = None, options: str = "") -> Mosquitto:
    broker = Mosquitto(tmp_path, demanded(), user, options=options)
    await broker.start()
    return broker


def bus(broker: Mosquitto, **more: Any) -> MqttChannel:
    target = MqttTarget(kind="mqtt", name="bus", url=broker.endpoint, topic="plant/alerts", timeout_seconds=2, **more)
    return MqttChannel(target, "inst", publish)


async def test_a_broker_gets_the_document_with_its_key_as_a_property(tmp_path: Path) -> None:
    broker = await broker_at(tmp_path)
    try:
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe("plant/#", qos=1)
            await bus(broker).send(message())
            got = await asyncio.wait_for(anext(client.messages), 10)
    finally:
        await broker.stop()
    assert (str(got.topic), got.qos) == ("plant/alerts", 1)
    assert isinstance(got.payload, bytes)
    assert json.loads(got.payload)["notifications"][0]["alert"]["message"] == "zu heiß"
    assert ("idempotency-key", "inst/alert-1/raised/7/0") in got.properties.UserProperty  # type: ignore[union-attr]


async def test_a_broker_that_is_not_there_or_does_not_let_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broker = await broker_at(tmp_path, ("plant", SECRET))
    try:
        monkeypatch.setenv("BUS", SECRET)
        await bus(broker, user="plant", password={"env": "BUS"}).send(message())
        monkeypatch.setenv("BUS", "wrong")
        assert type(await failure(bus(broker, user="plant", password={"env": "BUS"}))) is Misconfigured
        assert type(await failure(bus(broker))) is Misconfigured
        broker.pause()
        assert type(await failure(bus(broker))) is Unavailable
        broker.resume()
    finally:
        await broker.stop()
    assert type(await failure(bus(broker))) is Unavailable


async def test_a_topic_that_is_forbidden_is_not_taken_for_delivered(tmp_path: Path) -> None:
    (tmp_path / "acl").write_text("topic read #\n")
    broker = await broker_at(tmp_path, options=f"acl_file {tmp_path / 'acl'}\n")
    try:
        error = await failure(bus(broker))
    finally:
        await broker.stop()
    assert (type(error), error.code) == (Misconfigured, "TARGET_DENIED")
    assert "Not authorized" in error.message
