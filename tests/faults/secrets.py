"""The secrets grep: a server with every kind of secret, with connections that stand and that fail, told to log all.

Nothing that it writes or answers may have one of them: log, metrics, answers, export, journal, snapshot and graph. What
is looked for is found in its own place, and a name that is no secret in all of the others, so that the search is one.
"""

import asyncio
import base64
import contextlib
import json
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from asyncua import ua

from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.e2e.processes import REPO, ServerProcess, start_server, until
from tests.servers.authority import Made, made
from tests.servers.graph import GraphAddress
from tests.servers.mosquitto import Mosquitto
from tests.servers.opcua import NAMESPACE, Security, serving

EVERYTHING_LOGGED = (
    "import logging, sys; logging.basicConfig(level=logging.DEBUG, stream=sys.stderr); "
    "from app.__main__ import main; main()"
)
"""Libraries too: what they would say at DEBUG is what a person turns on who looks for a fault."""
SAVE = """
mutation Save($document: JSON!) { saveTwin(input: {document: $document}) { twin { twinId } warnings { code } } }
"""
SAVE_TYPE = "mutation Save($document: JSON!) { saveTwinType(input: {document: $document}) { twinType { typeId } } }"
UPDATE = "mutation Up($id: ID!, $patch: JSON!) { updateTwin(input: {twinId: $id, patch: $patch}) { twin { twinId } } }"
EXECUTE = "mutation Run($source: String!) { executeDtsl(input: {script: {source: $source}}) { created { id } } }"
KEEP = "mutation Keep($source: String!) { saveDtslScript(input: {source: $source}) { script { scriptId } } }"
CONNECTORS = "{ connectors { name endpoint status lastError lastErrorCode security rejected { reason count } } }"
ASKED = (
    "{ twins(first: 100) { nodes { twinId document connectivity { status { status reason } endpoint mapping } } } }",
    "{ twins(first: 100) { nodes { twinId revisions(first: 20) { nodes { document } } } } }",
    "{ twinTypes(first: 100) { nodes { typeId document } } }",
    "{ auditLog(first: 500) { nodes { kind outcome actor what reason code message details } } }",
    "{ alerts(first: 100) { nodes { alertId message } } }",
    "{ notificationTargets { name } }",
    "{ ingestLedger { balanced } }",
    "{ dtslScripts(first: 50) { nodes { scriptId source } } }",
)
NAME = "operator-who-is-no-secret"


@dataclass
class Hidden:
    """Marker strings by what they are; each is looked for as it stands, and as base64."""

    markers: dict[str, str] = field(default_factory=dict)

    def new(self, what: str) -> str:
        self.markers[what] = f"MARKER-{secrets.token_hex(12)}"
        return self.markers[what]

    def key(self, what: str, key: Made) -> None:
        self.markers[what] = key.key_pem().decode().splitlines()[5]

    def found(self, where: str, content: bytes) -> Iterator[str]:
        for what, marker in self.markers.items():
            plain = marker.encode()
            coded = [base64.b64encode(b"x" * shift + plain)[4:-4] for shift in range(3)]
            if any(form in content for form in (plain, *coded, plain[::-1], plain.hex().encode())):
                yield f"{what} in {where}"


@dataclass
class Place:
    folder: Path
    graph: GraphAddress
    hidden: Hidden
    secure_plc: str
    open_plc: str
    tls_broker: str
    open_broker: str

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def secret(self, name: str, text: str) -> None:
        file = self.data / "secrets" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")


async def run(folder: Path, graph: GraphAddress, broker_program: str) -> dict[str, object]:
    """Figures of a run in which none was found."""
    hidden = Hidden()
    async with _plant(folder, graph, broker_program, hidden) as place:
        environment, settings = _settings(place)
        server = await start_server(
            place.data, "--config", str(settings), environment=environment, program=("-c", EVERYTHING_LOGGED, "serve")
        )
        try:
            tried = await _define(place, server)
            await _settle(server)
            answers = await _answers(place, server)
        finally:
            await server.end(signal.SIGTERM if server.process.returncode is None else signal.SIGKILL)
        seen = {**answers, "the log": "\n".join(server.log).encode(), **_files(place.data), **await _dump(graph)}
    leaks = [leak for where, content in seen.items() for leak in hidden.found(where, content)]
    assert not leaks, "\n".join(leaks)
    own = b"".join(file.read_bytes() for file in place.data.rglob("*") if file.is_file())
    assert list(hidden.found("", own)), "the search finds what is there"
    for where in ("{ twins", "the graph", "the export", "journal"):
        assert any(NAME.encode() in content for name, content in seen.items() if name.startswith(where)), where
    return {
        "secrets": len(hidden.markers),
        "places": len(seen),
        "bytes": sum(map(len, seen.values())),
        "lines of log": len(server.log),
        "refused documents": tried,
    }


@contextlib.asynccontextmanager
async def _plant(folder: Path, graph: GraphAddress, broker_program: str, hidden: Hidden) -> AsyncIterator[Place]:
    folder.mkdir(parents=True, exist_ok=True)
    root = made("secrets_ca", ca=True, hosts=[], uri="")
    plc, broker, client = made("secrets_plc"), made("secrets_broker", by=root, uri=""), made("secrets_client", by=root)
    certificates = folder / "data" / "certificates"
    client.write(certificates / "own", "plant_client")
    hidden.key("private key", client)
    locked = made("secrets_locked", uri="urn:test:locked")
    locked.write(certificates / "own", "locked", password=hidden.new("password of a key"))
    hidden.key("locked private key", locked)
    (certificates / "trusted").mkdir()
    for name, item in (("ca", root), ("plc", plc)):
        (certificates / "trusted" / f"{name}.pem").write_bytes(item.pem)
    plc_user = (NAME, hidden.new("password of the PLC"))
    broker_user = (NAME, hidden.new("password of the broker"))
    file, key = plc.write(folder / "plc", "plc")
    policies = (ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,)
    (folder / "tls").mkdir()
    (folder / "open").mkdir()
    (folder / "tls" / "ca.pem").write_bytes(root.pem)
    broker_file, broker_key = broker.write(folder / "tls", "broker")
    tls = [f"certfile {broker_file}", f"keyfile {broker_key}", f"cafile {folder / 'tls' / 'ca.pem'}"]
    brokers = [
        Mosquitto(folder / "tls", broker_program, broker_user, tls=[*tls, "require_certificate true"]),
        Mosquitto(folder / "open", broker_program, broker_user),
    ]
    async with (
        serving(user=plc_user, security=Security(policies, certificate=file, key=key)) as secure,
        serving(user=plc_user) as plain,
    ):
        for each in brokers:
            await each.start()
        try:
            place = Place(
                folder, graph, hidden, secure.endpoint, plain.endpoint, brokers[0].endpoint, brokers[1].endpoint
            )
            place.secret("plc", plc_user[1])
            place.secret("broker", broker_user[1])
            place.secret("key", hidden.markers["password of a key"])
            place.secret("wrong", hidden.new("wrong password"))
            yield place
        finally:
            for each in brokers:
                await each.stop()


def _settings(place: Place) -> tuple[dict[str, str], Path]:
    hidden = place.hidden
    graph = {f"TWIN_OVERLAY_GRAPH__{name.upper()}": value for name, value in place.graph.settings.items()}
    hidden.markers["password of the graph"] = graph.pop("TWIN_OVERLAY_GRAPH__PASSWORD")
    password = place.folder / "graph-password"
    password.write_text(place.graph.password + "\n")
    notified = place.folder / "webhook-token"
    notified.write_text(hidden.new("token of a webhook"))
    settings = place.folder / "settings.toml"
    settings.write_text(
        "[[notifications.targets]]\n"
        'name = "chat"\nkind = "webhook"\nurl = {env = "TEST_WEBHOOK"}\n'
        f'headers = {{Authorization = {{file = "{notified}"}}}}\n'
        "[[notifications.targets]]\n"
        'name = "mail"\nkind = "smtp"\nhost = "127.0.0.1"\nport = 1\nsecurity = "none"\nuser = "mailer"\n'
        'sender = "a@example.com"\nrecipients = ["b@example.com"]\npassword = {env = "TEST_SMTP"}\n'
    )
    environment = {
        **graph,
        "TWIN_OVERLAY_GRAPH__PASSWORD_FILE": str(password),
        "TEST_BROKER_PASSWORD": hidden.markers["password of the broker"],
        "TEST_WRONG": hidden.markers["wrong password"],
        "TEST_WEBHOOK": f"http://127.0.0.1:1/{hidden.new('address of a webhook')}",
        "TEST_SMTP": hidden.new("password of a mail server"),
        "PYTHONPATH": str(REPO),
    }
    return environment, settings


def _twins(place: Place) -> list[dict[str, Any]]:
    """Connections that stand, and as many that fail of a wrong secret."""
    user = {"type": "password", "username": NAME}
    plc = {"certificate_id": "locked", "key_password_file": "key"}
    broker = {"certificate_id": "plant_client", "ca_id": "ca"}
    wrong_key = {"key_password_file": "wrong"}
    ways = {
        "plc": ("opc-ua", place.secure_plc, {**user, **plc, "password_file": "plc"}),
        "plc_wrong": ("opc-ua", place.secure_plc, {**user, **plc, "password_file": "wrong"}),
        "plc_locked": ("opc-ua", place.secure_plc, {**user, **plc, "password_file": "plc", **wrong_key}),
        "plain_plc": ("opc-ua", place.open_plc, {**user, "password_file": "plc", "allow_plain_password": True}),
        "plain_wrong": ("opc-ua", place.open_plc, {**user, "password_file": "wrong", "allow_plain_password": True}),
        "broker": ("mqtt", place.tls_broker, {**user, **broker, "password_env": "TEST_BROKER_PASSWORD"}),
        "broker_wrong": ("mqtt", place.tls_broker, {**user, **broker, "password_env": "TEST_WRONG"}),
        "plain_broker": ("mqtt", place.open_broker, {**user, "password_env": "TEST_BROKER_PASSWORD"}),
        "plain_broker_wrong": ("mqtt", place.open_broker, {**user, "password_file": "wrong"}),
    }
    return [
        {
            "twin_id": name,
            "twin_type": "pump",
            "connectivity": {
                "protocol": protocol,
                "endpoint": endpoint,
                "authentication": authentication,
                **({"namespace": NAMESPACE} if protocol == "opc-ua" else {}),
                "mapping": {
                    "properties": {
                        "flow": {"node_id": "ns=2;s=Pump123.FlowRate", "sampling_interval": 100}
                        if protocol == "opc-ua"
                        else {"topic": f"plant/{name}", "write_topic": f"plant/{name}", "pointer": "/value"}
                    }
                },
            },
        }
        for name, (protocol, endpoint, authentication) in ways.items()
    ]


async def _define(place: Place, server: ServerProcess) -> int:
    """How many documents with a secret in them were refused, by every way there is to send one."""
    pump = {
        "type_id": "pump",
        "properties": [{"name": "flow", "data_type": "float", "access": "read-write"}],
        "behaviors": [
            {
                "name": "flowing",
                "conditions": ["flow > 1"],
                "actions": [{"type": "alert", "severity": "error", "message": "it flows", "code": "flow"}],
            }
        ],
    }
    async with server.client as client:
        await client.execute(SAVE_TYPE, {"document": pump})
        for document in _twins(place):
            await client.execute(SAVE, {"document": document})
        await _connected(client, place.tls_broker)
        await client.execute(
            'mutation { setProperty(input: {twinId: "broker", property: "flow", value: 5}) { value { json } } }'
        )
        return await _refused(place, client, server.url)


async def _connected(client: GraphqlClient, endpoint: str) -> None:
    async def stands() -> bool:
        found = (await client.execute(CONNECTORS))["connectors"]
        return any(item["endpoint"] == endpoint and item["status"] == "CONNECTED" for item in found)

    await until(stands, f"{endpoint} is connected", 60)


async def _refused(place: Place, client: GraphqlClient, url: str) -> int:
    hidden = place.hidden
    written = hidden.new("password in a document")
    connectivity = {"protocol": "opc-ua", "endpoint": place.secure_plc, "authentication": {"password": written}}
    endpoint = place.secure_plc.replace("://", f"://{NAME}:{hidden.new('password in an endpoint')}@")
    twin = {"twin_id": "t", "twin_type": "pump"}
    script = (
        'twin Q of Pump { connectivity { protocol = "opc-ua"; endpoint = "opc.tcp://h:1"; '
        f'authentication {{ token = "{written}"; }} }} }}'
    )
    asked: list[tuple[str, dict[str, Any]]] = [
        (SAVE, {"document": {**twin, "connectivity": connectivity}}),
        (SAVE, {"document": {**twin, "connectivity": {**connectivity, "authentication": None, "endpoint": endpoint}}}),
        (SAVE, {"document": {**twin, "connectivity": {"fallbacks": [connectivity]}}}),
        (UPDATE, {"id": "plc", "patch": {"connectivity": {"authentication": {"private_key": written}}}}),
        (EXECUTE, {"source": script}),
        (KEEP, {"source": script}),
        (KEEP, {"source": script.replace("Pump", "NotThereYet")}),
    ]
    for text, variables in asked:
        try:
            await client.execute(text, variables)
        except TwinOverlayError as error:
            told = json.dumps(error.extensions()) + str(error)
            assert "SECRET_IN_DEFINITION" in told or "CREDENTIALS_IN_ENDPOINT" in told or "holds a secret" in told, told
        else:
            raise AssertionError(f"it was taken: {variables}")
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        answer = await http.put("/api/v1/twins/t", json={**twin, "connectivity": connectivity})
        assert answer.status_code >= 400, answer.text
        assert written not in answer.text
    return len(asked) + 1


async def _settle(server: ServerProcess) -> None:
    """Four stand, five have failed for the reason they should, and an alert was raised."""

    async def settled() -> bool:
        async with server.client as client:
            found = (await client.execute(CONNECTORS))["connectors"]
            alerts = (await client.execute("{ alerts(first: 5) { nodes { alertId } } }"))["alerts"]["nodes"]
        stand = [item for item in found if item["status"] == "CONNECTED"]
        codes = {item["lastErrorCode"] for item in found if item["status"] != "CONNECTED"}
        return len(stand) == 4 and codes == {"ACCESS_DENIED", "CERTIFICATE_KEY_UNREADABLE"} and bool(alerts)

    await until(settled, "the connections stand or fail as they should", 90)
    await asyncio.sleep(2)  # a few more tries of those that fail, and of the notifications


async def _answers(place: Place, server: ServerProcess) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    async with server.client as client:
        for asked in (*ASKED, CONNECTORS):
            found[asked] = json.dumps(await client.execute(asked)).encode()
    async with httpx.AsyncClient(base_url=server.url, trust_env=False) as http:
        for path in ("/metrics", "/readyz", "/api/v1/twins/plc", "/api/v1/audit.ndjson"):
            found[path] = (await http.get(path)).content
        explained = await http.get("/api/v1/twins/broker/behaviors/flowing/explanation")
        found["an explanation"] = explained.content
    exported = place.folder / "export"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "export", str(exported), "--server", server.url),
        cwd=REPO,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0
    for file in exported.rglob("*"):
        if file.is_file():
            found[f"the export {file.name}"] = file.read_bytes()
    return found


def _files(data: Path) -> dict[str, bytes]:
    """What the server itself has written; not the secrets in their own places."""
    own = (data / "certificates" / "own", data / "secrets", data / "graph" / "root-password")
    return {
        str(file.relative_to(data)): file.read_bytes()
        for file in data.rglob("*")
        if file.is_file() and not any(file.is_relative_to(place) for place in own)
    }


async def _dump(graph: GraphAddress) -> dict[str, bytes]:
    """Every node and edge with all that is in it."""
    nodes = await graph.run("MATCH (n) RETURN properties(n) AS found")
    edges = await graph.run("MATCH ()-[r]->() RETURN properties(r) AS found")
    return {"the graph": json.dumps([row["found"] for row in (*nodes, *edges)], default=str).encode()}
