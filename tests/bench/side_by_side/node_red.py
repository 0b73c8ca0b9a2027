"""Node-RED as the peer: messages in at QoS 1, the rules of plant.py, a message out for each that turns.

It keeps nothing on a disk, has no graph and pushes to nobody but the broker. The rules are made in two ways: of its own
nodes, as its editor offers them (for each rule a switch, a change of the message for either side, and a filter that
lets through what differs from the last of the same topic), and as one function node in JavaScript with a state for each
pump, which is the fastest way it has.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Literal

from tests.bench.side_by_side.plant import RULES
from tests.servers import npm
from tests.servers.mosquitto import free_port

PACKAGE = Path(__file__).with_name("node_red_packages")
_STARTED = "Started flows"
_CONNECTED = "Connected to broker"
_START_SECONDS = 60

Rules = Literal["nodes", "function"]

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
%(count)s
if (told !== null) out.push(told);
return out.length > 0 ? [out] : null;
"""
_COUNT = """
taken.count += 1;
const now = Date.now();
let told = null;
if (now - taken.told >= 100) {
    taken.told = now;
    told = { topic: 'taken', payload: String(taken.count) };
}
"""
_COUNTED = f"const taken = context.get('taken');{_COUNT}return [msg, told];"
_INITIALIZE = "context.set('pumps', new Map()); context.set('taken', { count: 0, told: 0 });"
_SETTINGS = """
module.exports = {
    flowFile: 'flows.json', uiHost: '127.0.0.1', uiPort: %d, credentialSecret: false, httpAdminRoot: false,
    telemetry: { enabled: false }, externalModules: { palette: { allowInstall: false } },
    logging: { console: { level: 'info', metrics: false, audit: false } },
};
"""


def flow(port: int, rules: Rules) -> list[dict[str, Any]]:
    broker = {"broker": "127.0.0.1", "port": str(port), "clientid": "node-red", "protocolVersion": "4"}
    in_ = {"topic": "plant/#", "qos": "1", "datatype": "json", "broker": "broker", "inputs": 0}
    out = {"topic": "", "qos": "1", "retain": "false", "broker": "broker"}
    return [
        {"id": "tab", "type": "tab", "label": "pumps"},
        {"id": "broker", "type": "mqtt-broker", **broker, "keepalive": "60", "cleansession": True, "autoConnect": True},
        {"id": "in", "z": "tab", "type": "mqtt in", **in_, "wires": [["rules"]]},
        *(_as_function() if rules == "function" else _as_nodes()),
        {"id": "out", "z": "tab", "type": "mqtt out", **out, "wires": []},
    ]


def _as_function() -> list[dict[str, Any]]:
    tests = "\n".join(
        f"turn('{rule}', {index}, temperature {sign} {bound});"
        for index, (rule, (sign, bound)) in enumerate(RULES.items())
    )
    code = _FUNCTION % {"tests": tests, "nothing": ", ".join("false" for _ in RULES), "count": _COUNT}
    return [_function(code, [["out"]])]


def _as_nodes() -> list[dict[str, Any]]:
    """After a node that counts, for each rule: is it so? | say which | only where it differs | name the alert."""
    nodes = [_function(_COUNTED, [[f"{rule} is" for rule in RULES], ["out"]])]
    for rule, (sign, bound) in RULES.items():
        tests = [{"t": {"<": "lt", ">": "gt"}[sign], "v": str(bound), "vt": "num"}, {"t": "else"}]
        ways = [[f"{rule} on"], [f"{rule} off"]]
        nodes.append(
            {"id": f"{rule} is", "z": "tab", "type": "switch", "property": "payload.temperature", "propertyType": "msg"}
            | {"rules": tests, "checkall": "false", "repair": False, "outputs": 2, "wires": ways}
        )
        for way, word in (("on", "true"), ("off", "false")):
            says = [_set("payload.active", word, "bool"), _set("payload.pump", "topic", "msg")]
            nodes.append(_change(f"{rule} {way}", says, f"{rule} differs"))
        nodes.append(
            {"id": f"{rule} differs", "z": "tab", "type": "rbe", "func": "rbei", "gap": "", "start": "", "inout": "out"}
            | {"septopics": True, "property": "payload.active", "topi": "topic", "wires": [[f"{rule} named"]]}
        )
        nodes.append(_change(f"{rule} named", [_set("topic", f"alerts/{rule}", "str")], "out"))
    return nodes


def _function(code: str, wires: list[list[str]]) -> dict[str, Any]:
    rules = {"func": code, "initialize": _INITIALIZE, "finalize": "", "outputs": len(wires), "timeout": 0, "libs": []}
    return {"id": "rules", "z": "tab", "type": "function", **rules, "wires": wires}


def _change(id: str, rules: list[dict[str, str]], to: str) -> dict[str, Any]:
    return {"id": id, "z": "tab", "type": "change", "rules": rules, "wires": [[to]]}


def _set(what: str, to: str, of: str) -> dict[str, str]:
    return {"t": "set", "p": what, "pt": "msg", "to": to, "tot": of}


@contextlib.asynccontextmanager
async def running(folder: Path, broker_port: int, rules: Rules) -> AsyncIterator[int]:
    """Its process, once it has subscribed. Raises NotHere."""
    packages = npm.provision(PACKAGE)
    folder.mkdir(parents=True)
    (folder / "flows.json").write_text(json.dumps(flow(broker_port, rules)))
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
