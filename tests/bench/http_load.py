"""Load on an HTTP server from a process of its own: one request over and over on so many connections, and how long each
took.

`python -m tests.bench.http_load URL CLIENTS SECONDS < body` prints JSON. It reads no more of an answer than where it
ends, and whether it holds errors, so that on two cores it takes little from the server that it measures.
"""

import asyncio
import json
import re
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import Self
from urllib.parse import urlsplit

_WARM = 0.25
"""Of the time, before what counts."""


@dataclass
class Counted:
    clients: int
    seconds: float
    request: bytes
    took: list[float] = field(default_factory=list)
    answered: int = 0
    """Those of the first moments included, that do not count otherwise."""
    size: int = 0
    """Bytes of the answers together."""
    wrong: bytes = b""

    def __post_init__(self) -> None:
        self.begin = time.perf_counter() + self.seconds * _WARM
        self.end = self.begin + self.seconds


class _Client(asyncio.Protocol):
    def __init__(self, counted: Counted, done: asyncio.Future[None]) -> None:
        self._counted = counted
        self._done = done
        self._parts: list[bytes] = []
        self._missing: int | None = None
        """Of the body; None before its length is known."""
        self._chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        if self._missing is None:
            self._head()
        else:
            self._missing -= len(data)
        if self._missing is None:
            return
        if self._missing <= 0 if not self._chunked else b"".join(self._parts[-2:]).endswith(b"\r\n0\r\n\r\n"):
            self._answered()

    def connection_lost(self, error: Exception | None) -> None:
        if time.perf_counter() < self._counted.end and not self._counted.wrong:
            self._counted.wrong = b"a connection was closed"
        if not self._done.done():
            self._done.set_result(None)

    def _ask(self) -> None:
        self._parts.clear()
        self._missing = None
        self._began = time.perf_counter()
        self._transport.write(self._counted.request)

    def _head(self) -> None:
        head, end, body = b"".join(self._parts).partition(b"\r\n\r\n")
        if end:
            lines = head.lower().split(b"\r\n")
            self._chunked = b"transfer-encoding: chunked" in lines
            length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
            self._missing = length - len(body)

    def _answered(self) -> None:
        counted, now = self._counted, time.perf_counter()
        answer = b"".join(self._parts)
        if not answer.startswith(b"HTTP/1.1 200") or b'"errors"' in answer:
            counted.wrong = answer
            self._transport.close()
            return
        counted.answered += 1
        if counted.begin <= now <= counted.end:
            counted.took.append(now - self._began)
            counted.size += len(answer)
        if now < counted.end:
            self._ask()
        else:
            self._transport.close()


def request(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Asking:
    """One connection, for one question after the other."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> Self:
        parts = urlsplit(self._url)
        self._reader, self._writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def ask(self, request: bytes) -> bytes:
        """The answer's body, as it comes; it has no errors."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"content-length: (\d+)", head)
        body = await (self._reader.readexactly(int(length[1])) if length else self._reader.readuntil(b"\r\n0\r\n\r\n"))
        assert head.startswith(b"http/1.1 200"), (head, body[:500])
        assert b'"errors"' not in body, body[:2000]
        return body


async def load(url: str, body: bytes, clients: int, seconds: float) -> Counted:
    parts = urlsplit(url)
    counted = Counted(clients, seconds, request(url, body))
    loop = asyncio.get_running_loop()
    ended = [loop.create_future() for _ in range(clients)]
    for done in ended:
        await loop.create_connection(partial(_Client, counted, done), parts.hostname or "", parts.port or 80)
    await asyncio.gather(*ended)
    return counted


def main() -> None:
    url, clients, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    counted = asyncio.run(load(url, sys.stdin.buffer.read(), clients, seconds))
    if counted.wrong or not counted.took:
        sys.exit(f"not answered as it should be: {counted.wrong[:2000]!r}")
    took = sorted(counted.took)
    p99 = took[min(len(took) - 1, int(len(took) * 0.99))]
    found = {"rate": len(took) / seconds, "p99": p99, "bytes": counted.size / len(took), "answered": counted.answered}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
