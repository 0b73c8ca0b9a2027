"""docs/security.md: its documents are sound, and its commands lead from a refusal to a secured connection."""

import asyncio
import json
import re
from pathlib import Path

from app.connectors.keys import Keys
from app.connectors.opcua import OpcUaConnector
from app.model.authentication import problems_of
from app.runtime.clock import SystemClock
from tests.connectors.parts import FakeSink, pump, running, until
from tests.connectors.test_opcua_security import FLOW, secured_by
from tests.docs.test_getting_in import run_here
from tests.servers.authority import made
from tests.servers.opcua import NAMESPACE

TEXT = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
DOCUMENTS = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)]
COMMANDS = re.findall(r"```sh\n(.*?)\n```", TEXT, re.DOTALL)


def test_its_documents_can_be_saved() -> None:
    assert len(DOCUMENTS) == 3
    for document in DOCUMENTS[:2]:
        assert problems_of(document, "opc-ua", "opc.tcp://plc1.factory.local:4840") == []
    assert problems_of(DOCUMENTS[2], "mqtt", "mqtts://broker.factory.local:8883") == []
    told = " ".join(re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", TEXT, re.MULTILINE))
    used = {name for document in DOCUMENTS for name in document}
    assert used <= set(re.findall(r"\w+", told))


async def test_its_commands_lead_to_a_secured_connection(tmp_path: Path) -> None:
    create, trust = COMMANDS
    folder = tmp_path / "twin-overlay-data"
    keys = Keys.of(folder / "certificates", folder / "secrets")
    async with secured_by(made("plc1"), tmp_path / "plc") as server:
        assert "valid until" in await run_here(create, tmp_path)
        twin = pump(server.endpoint, FLOW, namespace=NAMESPACE, authentication=DOCUMENTS[0])
        device = OpcUaConnector("plc", server.endpoint, [twin], clock=SystemClock(), keys=keys)
        (refused,) = await asyncio.gather(device.run(FakeSink()), return_exceptions=True)
        assert getattr(refused, "code", "") == "SERVER_CERTIFICATE_UNTRUSTED", refused
        assert "trusted from now on" in await run_here(trust, tmp_path)
        sink = FakeSink()
        async with running(device, sink):
            await until(sink.alive, "connected")
            assert device.security.startswith("Basic256Sha256 SignAndEncrypt")
