"""Alerts reach people: by all three ways at once, over kill -9 of the server while those who are told are down."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import aiomqtt
import httpx
import pytest

from app.client import GraphqlClient
from tests.e2e.processes import REPO, running_server, until
from tests.servers.mosquitto import Mosquitto, free_port
from tests.servers.receiver import Receiver, receiving
from tests.servers.smtp import smtp_server

SECRET = "n0body-may-see-this"
DOCUMENTS = [
    {
        "kind": "TWIN_TYPE",
        "document": {
            "type_id": "tank",
            "properties": [{"name": "level", "data_type": "float", "access": "read-write"}],
            "behaviors": [
                {
                    "name": "full",
                    "conditions": ["level > 90.0"],
                    "actions": [
                        {"type": "alert", "severity": "critical", "message": "The tank is full", "code": "full"}
                    ],
                },
                {
                    "name": "low",
                    "conditions": ["level < 10.0"],
                    "actions": [{"type": "alert", "severity": "warning", "message": "The tank is low", "code": "low"}],
                },
            ],
        },
    },
    {"kind": "TWIN", "document": {"twin_id": "tank_1", "twin_type": "tank"}},
    {"kind": "TWIN", "document": {"twin_id": "tank_2", "twin_type": "tank"}},
]
SAVE = (
    "mutation($documents: [DefinitionInput!]!) { saveDefinitions(input: {documents: $documents}) { created { id } } }"
)
SET = """mutation($id: ID!, $value: JSON!) {
  setProperty(input: {twinId: $id, property: "level", value: $value}) { value { json } }
}"""
ACKNOWLEDGE = "mutation($id: ID!) { acknowledgeAlert(input: {alertId: $id}) { alert { closedAt } } }"
TARGETS = "{ notificationTargets { name state lastError sent failed pending } }"


def settings(folder: Path, *targets: str) -> Path:
    file = folder / "settings.toml"
    file.write_text("\n".join(["[notifications]", *targets]), encoding="utf-8")
    return file


def hook(name: str, receiver_port: int, more: str = "") -> str:
    return (
        f'[[notifications.targets]]\nname = "{name}"\nkind = "webhook"\nurl = "http://127.0.0.1:{receiver_port}/{name}"\n'
        f"group_over = 0\nper_minute = 6000\n{more}"
    )


async def level(client: GraphqlClient, value: float, twin: str = "tank_1") -> None:
    await client.execute(SET, {"id": twin, "value": value})


async def targets(client: GraphqlClient) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in (await client.execute(TARGETS))["notificationTargets"]}


async def raise_and_clear(client: GraphqlClient, count: int) -> list[str]:
    """So many times full, acknowledged each time; the alerts' ids."""
    found = []
    for _ in range(count):
        await level(client, 95.0)
        [alert] = (await client.execute("{ alerts { nodes { alertId } } }"))["alerts"]["nodes"]
        found.append(alert["alertId"])
        await client.execute(ACKNOWLEDGE, {"id": alert["alertId"]})
        await level(client, 50.0)
    return found


@pytest.mark.timeout(240)
async def test_everything_comes_once_those_who_are_told_are_back_over_kills_of_the_server(tmp_path: Path) -> None:
    port = free_port()
    config = settings(tmp_path, hook("shift", port), hook("day", port, 'rules = [{severities = ["info"]}]\n'))
    expected: list[str] = []
    async with receiving(port) as receiver:
        async with running_server(tmp_path / "data", "--config", str(config)) as server:
            async with server.client as client:
                await client.execute(SAVE, {"documents": DOCUMENTS})
                expected += await raise_and_clear(client, 3)
                await until(lambda: _is(len(receiver.told) == 6), "all are told")
                await receiver.stop()
                expected += await raise_and_clear(client, 3)
                await until(lambda: _state(client, "shift", "RETRYING"), "the target is seen to be down")
                assert await client.ready(), "the plant is served whoever is told or not"
            await server.end(signal.SIGKILL)
        for _ in range(2):
            async with running_server(tmp_path / "data", "--config", str(config)) as server:
                async with server.client as client:
                    expected += await raise_and_clear(client, 2)
                await server.end(signal.SIGKILL)
        await receiver.start()
        async with running_server(tmp_path / "data", "--config", str(config)) as server, server.client as client:
            await until(lambda: _is(len(_keys(receiver)) >= 2 * len(expected)), "everything comes")
            await until(lambda: _state(client, "shift", "OK"), "the target is seen to be back")
            async with httpx.AsyncClient(trust_env=False) as web:
                metrics = (await web.get(f"{server.url}/metrics")).text
            assert (await targets(client))["day"]["sent"] == 0
    told = {item["idempotency_key"]: (item["alert"]["alert_id"], item["transition"]) for item in receiver.told}
    assert sorted(told.values()) == sorted((id, word) for id in expected for word in ("raised", "cleared"))
    in_order = list(dict.fromkeys(item["alert"]["alert_id"] for item in receiver.told))
    assert in_order == expected
    assert 'twin_overlay_notification_target{state="ok",target="shift"} 1.0' in metrics
    [why] = {item["explanation"] for item in receiver.told if item["alert"]["alert_id"] == expected[-1]}
    assert "because its condition was true" in why
    assert receiver.told[-1]["link"].endswith(f"/api/v1/alerts/{expected[-1]}")


@pytest.mark.timeout(240)
async def test_web_bus_and_mail_are_told_what_each_asks_for_and_no_secret_is_shown(
    tmp_path: Path, mosquitto_program: str
) -> None:
    (tmp_path / "broker").mkdir()
    broker = Mosquitto(tmp_path / "broker", mosquitto_program)
    await broker.start()
    async with receiving() as receiver, smtp_server(("plant", SECRET)) as mails:
        config = settings(
            tmp_path,
            hook("shift", receiver.port, f'headers = {{Authorization = {{env = "HOOK"}}}}\n{_rules("tank_1")}'),
            f'[[notifications.targets]]\nname = "bus"\nkind = "mqtt"\nurl = "{broker.endpoint}"\ntopic = "alerts"\n'
            + _rules("tank_2", 'transitions = ["raised", "acknowledged"]'),
            f'[[notifications.targets]]\nname = "office"\nkind = "smtp"\nhost = "127.0.0.1"\nport = {mails.port}\n'
            'security = "none"\nuser = "plant"\npassword = {env = "MAIL"}\nsender = "plant@example.org"\n'
            'recipients = ["ops@example.org"]\n',
            '[[notifications.targets]]\nname = "chat"\nkind = "webhook"\nurl = {env = "CHAT"}\n' + _rules("tank_2"),
        )
        address = f"http://127.0.0.1:{receiver.port}/{SECRET}"
        secrets = {"HOOK": f"Bearer {SECRET}", "MAIL": SECRET, "CHAT": address}
        async with (
            running_server(tmp_path / "data", "--config", str(config), environment=secrets) as server,
            server.client as client,
            aiomqtt.Client("127.0.0.1", broker.port) as bus,
        ):
            await bus.subscribe("alerts", qos=1)
            await client.execute(SAVE, {"documents": DOCUMENTS})
            await level(client, 5.0, "tank_1")  # a warning
            await level(client, 95.0, "tank_2")
            [alert] = (await client.execute("{ alerts(where: {severity: [CRITICAL]}) { nodes { alertId } } }"))[
                "alerts"
            ]["nodes"]
            await client.execute(ACKNOWLEDGE, {"id": alert["alertId"]})
            words = []
            async with asyncio.timeout(20):
                async for message in bus.messages:
                    assert isinstance(message.payload, bytes)
                    words += [item["transition"] for item in json.loads(message.payload)["notifications"]]
                    if len(words) == 2:
                        break
            assert words == ["raised", "acknowledged"]
            await until(lambda: _is(bool(mails.mails) and len(receiver.told) == 2), "mail and web are told")
            assert [mail["Subject"] for mail in mails.mails] == ["[CRITICAL] raised: The tank is full (tank_2)"]
            shift = [posted for posted in receiver.taken if posted.path == "/shift"]
            assert [item["alert"]["code"] for posted in shift for item in posted.document["notifications"]] == ["low"]
            assert shift[0].headers["authorization"] == f"Bearer {SECRET}"

            mails.user = ("plant", "changed")
            refused = await _cli("notify", "test", "office", "--server", server.url)
            assert refused[0] == 1
            assert "535 wrong password" in refused[1]
            tried = await _cli("notify", "test", "shift", "--server", server.url)
            assert tried == (0, f"shift has taken a test message (http://127.0.0.1:{receiver.port})\n")
            listed = await _cli("notify", "targets", "--server", server.url)
            assert "bus: ok since" in listed[1]
            unknown = await _cli("notify", "test", "offfice", "--server", server.url)
            assert "did you mean 'office'?" in unknown[1]
            shown = json.dumps(await targets(client)) + refused[1] + listed[1] + "\n".join(server.log)
            assert SECRET not in shown
    await broker.stop()
    for file in (tmp_path / "data" / "journal").rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes()


def _rules(twin: str, more: str = "") -> str:
    return f'[[notifications.targets.rules]]\ntwins = ["{twin}"]\n{more}\n'


def _keys(receiver: Receiver) -> set[str]:
    return {item["idempotency_key"] for item in receiver.told}


async def _is(truth: bool) -> bool:
    return truth


async def _state(client: GraphqlClient, name: str, state: str) -> bool:
    return bool((await targets(client))[name]["state"] == state)


async def _cli(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app",
        *arguments,
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()
