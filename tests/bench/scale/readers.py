"""Many WebSockets in one quiet process, which reads what comes and looks at none of it.

`python -m tests.bench.scale.readers URL COUNT FOLLOWED TWINS` says `following` once each has been answered.
"""

import asyncio
import json
import sys
from functools import partial
from urllib.parse import urlsplit

from websockets.client import ClientProtocol
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.bench.scale.place import ids
from tests.bench.steady import FOLLOW

_AT_ONCE = 50


class Reader(asyncio.Protocol):
    """It speaks the protocol until its subscription is asked for; from then on bytes are bytes."""

    def __init__(self, url: str, twins: list[str], cut: asyncio.Event) -> None:
        self._speaking = ClientProtocol(parse_uri(url), subprotocols=[Subprotocol("graphql-transport-ws")])
        self._twins = twins
        self._cut = cut
        self._asked = False
        self.answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._speaking.send_request(self._speaking.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        if self._asked:
            if not self.answered.done():
                self.answered.set_result(None)
            return
        self._speaking.receive_data(data)
        if self._speaking.handshake_exc is not None:
            self.answered.set_exception(self._speaking.handshake_exc)
        elif self._speaking.events_received():  # the server has accepted the WebSocket
            self._asked = True
            subscribe = {"query": FOLLOW, "variables": {"ids": self._twins}}
            self._say({"type": "connection_init"})
            self._say({"type": "subscribe", "id": "1", "payload": subscribe})
            self._flush()

    def connection_lost(self, error: Exception | None) -> None:
        self._cut.set()
        if not self.answered.done():
            self.answered.set_exception(error or ConnectionError("the server closed"))

    def _say(self, message: dict[str, object]) -> None:
        self._speaking.send_text(json.dumps(message).encode())

    def _flush(self) -> None:
        self._transport.writelines(self._speaking.data_to_send())


async def read(url: str, count: int, followed: int, twins: int) -> None:
    where, every = urlsplit(url), ids(twins)
    own = [every[(at := number * followed % twins) : at + followed] for number in range(count)]
    assert where.hostname is not None
    assert where.port is not None
    cut = asyncio.Event()
    for first in range(0, count, _AT_ONCE):
        readers = [Reader(f"ws://{where.netloc}/graphql", one, cut) for one in own[first : first + _AT_ONCE]]
        for reader in readers:
            await asyncio.get_running_loop().create_connection(partial(_itself, reader), where.hostname, where.port)
        await asyncio.gather(*(reader.answered for reader in readers))
    print("following", flush=True)
    await cut.wait()
    sys.exit("a subscriber was cut off")


def _itself(reader: Reader) -> Reader:
    return reader


if __name__ == "__main__":
    asyncio.run(read(sys.argv[1], *map(int, sys.argv[2:5])))
