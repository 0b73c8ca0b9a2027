"""A TCP proxy before a server that fails as networks do: it falls silent, cuts lines, or loses the answer that counts.

Silence is not a closed connection: both ends keep theirs open and hear nothing. What was open then stays dead.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Literal

Loss = Literal["", "request", "answer"]
BOLT_COMMIT = b"\x00\x02\xb0\x12\x00\x00"


class Proxy:
    """`port` after `start`. `lose` is asked for all that a client sends: "request" cuts the line before it arrives,
    "answer" once the server has answered it."""

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.StreamWriter] = set()
        self.silent = False
        self._talks: set[asyncio.Task[None]] = set()
        self.lose: Callable[[bytes], Loss] = lambda sent: ""
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def silence(self) -> None:
        """From now on nothing passes, on no line; new ones are accepted and hear nothing."""
        self.silent = True

    def speak(self) -> None:
        """New lines work again; those that were open in the silence stay dead."""
        self.silent = False

    def cut(self) -> None:
        """Close every line, as a server does that is killed."""
        for line in list(self._lines):
            line.transport.abort()

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks.add(talk)
        self._lines.add(writer)
        try:
            await _Line(self, reader, writer).talk(self._target)
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._lines.discard(writer)
            self._talks.discard(talk)
            writer.transport.abort()

    def open(self, line: asyncio.StreamWriter) -> None:
        self._lines.add(line)

    def closed(self, line: asyncio.StreamWriter) -> None:
        self._lines.discard(line)


class _Line:
    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._client = reader, writer
        self._dead = False
        self._loses_answer = False

    async def talk(self, target: tuple[str, int]) -> None:
        reader, writer = await asyncio.open_connection(*target)
        self._proxy.open(writer)
        try:
            up = asyncio.ensure_future(self._pass(self._client[0], writer, self._ask))
            down = asyncio.ensure_future(self._pass(reader, self._client[1], self._answer))
            try:
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        finally:
            self._proxy.closed(writer)
            writer.transport.abort()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]
    ) -> None:
        """Until one end closes or `passes` says that the line is to be cut."""
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self._dead = self._dead or self._proxy.silent
                if self._dead:
                    continue
                if not passes(data):
                    return
                writer.write(data)
                await writer.drain()

    def _ask(self, sent: bytes) -> bool:
        loss = self._proxy.lose(sent)
        self._loses_answer = loss == "answer"
        return loss != "request"

    def _answer(self, sent: bytes) -> bool:
        return not self._loses_answer


@contextlib.asynccontextmanager
async def proxied(host: str, port: int) -> AsyncIterator[Proxy]:
    proxy = Proxy(host, port)
    await proxy.start()
    try:
        yield proxy
    finally:
        await proxy.stop()
