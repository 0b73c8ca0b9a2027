"""Node-RED as the peer: messages in at QoS 1, the rules of plant.py, a message out for each that turns.

It keeps nothing on a disk, has no graph and pushes to nobody but the broker. The rules are one function node with a
state for each pump, which is the fastest way it has: a switch and a filter node for each rule take many times that.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.bench.side_by_side.plant import RULES
from tests.servers import npm
from tests.servers.mosquitto import free_port

PACKAGE = Path(__file__).with_name("node_red_packages")
_STARTED = "Started flows"
_CONNECTED = "Connected to broker"
_START_SECONDS = 60

_FUNCTION = """
const found = context.get('pumps'), taken = context.get('taken');
let was = found.get(msg.topic);
if (was === undefined) found.set(msg.topic, was = [%(nothing)s]);
const temperature = msg.payload.temperature, out = [];
function turn(rule, index, now) {
    if (now === was[index]) return;
    was[index] = now;
    const payload = { pump: msg.topic, rule, active: now, temperature, timestamp: msg.payload.timestamp };
    out.push({ topic: 'alerts/' + rule, payload });
}
%(tests)s
taken.count += 1;
const now = Date.now();
if (now - taken.told >= 100) {
    taken.told = now;
    out.push({ topic: 'taken', payload: String(taken.count) });
}
return out.length > 0 ? [out] : null;
"""
_INITIALIZE = "context.set('pumps', new Map()); context.set('taken', { count: 0, told: 0 });"
_SETTINGS = """
module.exports = {
    flowFile: 'flows.json', uiHost: '127.0.0.1', uiPort: %d, credentialSecret: false, httpAdminRoot: false,
    telemetry: { enabled: false }, externalModules: { palette: { allowInstall: false } },
    logging: { console: { level: 'info', metrics: false, audit: false } },
};
"""


def flow(port: int) -> list[dict[str, Any]]:
    tests = "\n".join(
        f"turn('{rule}', {index}, temperature {sign} {bound});"
        for index, (rule, (sign, bound)) in enumerate(RULES.items())
    )
    function = _FUNCTION % {"tests": tests, "nothing": ", ".join("false" for _ in RULES)}
    broker = {"broker": "127.0.0.1", "port": str(port), "clientid": "node-red", "protocolVersion": "4"}
    in_ = {"topic": "plant/#", "qos": "1", "datatype": "json", "broker": "broker", "inputs": 0}
    rules = {"func": function, "initialize": _INITIALIZE, "finalize": "", "outputs": 1, "timeout": 0, "libs": []}
    out = {"topic": "", "qos": "1", "retain": "false", "broker": "broker"}
    return [
        {"id": "tab", "type": "tab", "label": "pumps"},
        {"id": "broker", "type": "mqtt-broker", **broker, "keepalive": "60", "cleansession": True, "autoConnect": True},
        {"id": "in", "z": "tab", "type": "mqtt in", **in_, "wires": [["rules"]]},
        {"id": "rules", "z": "tab", "type": "function", **rules, "wires": [["out"]]},
        {"id": "out", "z": "tab", "type": "mqtt out", **out, "wires": []},
    ]


@contextlib.asynccontextmanager
async def running(folder: Path, broker_port: int) -> AsyncIterator[int]:
    """Its process, once it has subscribed. Raises NotHere."""
    packages = npm.provision(PACKAGE)
    folder.mkdir(parents=True)
    (folder / "flows.json").write_text(json.dumps(flow(broker_port)))
    (folder / "settings.js").write_text(_SETTINGS % free_port())
    process = await asyncio.create_subprocess_exec(
        "node",
        *("node_modules/node-red/red.js", "--userDir", str(folder), "--settings", str(folder / "settings.js")),
        cwd=packages,
        env={**os.environ, "NODE_ENV": "production"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    log: list[str] = []
    reading = asyncio.create_task(_read(process, log))
    try:
        async with asyncio.timeout(_START_SECONDS):
            while not all(any(word in line for line in log) for word in (_STARTED, _CONNECTED)):
                assert process.returncode is None, "\n".join(log)
                await asyncio.sleep(0.1)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        await reading


async def _read(process: asyncio.subprocess.Process, log: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        log.append(line.decode(errors="replace").rstrip())  # noqa: PERF401 - whoever waits reads it meanwhile
