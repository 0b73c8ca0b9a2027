"""An OPC UA server of its own process whose variables count, for scripts that kill it and set it going again.

    python -m tests.faults.opcua_counters PORT VARIABLES CHANGES_A_SECOND FIRST_NUMBER

Says on standard output which port it has, then obeys one word a line: `freeze` (count no further; answers with the
number of each variable), `go`, `mute` (count on, but tell no subscription: reads see it, keep-alives go on) and
`unmute`. Ends with its standard input.
"""

import asyncio
import json
import sys
import time
from datetime import UTC, datetime

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

NAMESPACE = "http://example.com/counters/"
_STEP_SECONDS = 0.02
_AT_ONCE = 100
"""Changes between two turns of the server: asked for more than it can do, it goes on serving and changes less."""


def node_id(number: int) -> str:
    """As a mapping writes it, with the namespace above."""
    return f"ns=2;s=C{number}"


class Counters:
    def __init__(self, server: Server, index: int, variables: int, rate: float, first: int) -> None:
        self._server = server
        self._ids = [ua.NodeId(ua.String(f"C{number}"), ua.Int16(index)) for number in range(variables)]
        self._rate = rate
        self.numbers = [first] * variables
        self.frozen = self.muted = False

    async def build(self) -> None:
        for node, number in zip(self._ids, self.numbers, strict=True):
            name = ua.QualifiedName(str(node.Identifier), ua.UInt16(int(node.NamespaceIndex)))
            await self._server.nodes.objects.add_variable(node, name, number, ua.VariantType.Int64)

    async def count(self) -> None:
        due, last, place = 0.0, time.monotonic(), 0
        while True:
            await asyncio.sleep(_STEP_SECONDS if due < 1 else 0)
            now = time.monotonic()
            due, last = (0.0 if self.frozen else min(due + (now - last) * self._rate, self._rate)), now
            for _ in range(min(int(due), _AT_ONCE)):
                due -= 1
                self.numbers[place] += 1
                await self._set(self._ids[place], self.numbers[place])
                place = (place + 1) % len(self._ids)

    async def _set(self, node: ua.NodeId, number: int) -> None:
        moment = datetime.now(UTC)
        data = ua.DataValue(
            ua.Variant(number, ua.VariantType.Int64),
            SourceTimestamp=ua.DateTime.fromtimestamp(moment.timestamp(), UTC),
        )
        if self.muted:
            self._server.iserver.aspace[node].attributes[AttributeIds.Value].value = data
        else:
            await self._server.write_attribute_value(node, data)


async def _obey(counters: Counters) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while word := (await reader.readline()).decode().strip():
        match word:
            case "freeze":
                counters.frozen = True
                _say(counters.numbers)
            case "go":
                counters.frozen = False
            case "mute" | "unmute":
                counters.muted = word == "mute"
            case _:
                raise ValueError(word)


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


async def _main(port: int, variables: int, rate: float, first: int) -> None:
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace(NAMESPACE)
    counters = Counters(server, index, variables, rate, first)
    await counters.build()
    async with server:
        assert server.bserver is not None
        _say(server.bserver.port)
        counting = asyncio.create_task(counters.count())
        await _obey(counters)
        counting.cancel()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])))
