"""A WebSocket client that costs next to nothing: a socket of the kernel's, whose frames are found and not decoded.

A client library takes as long for a frame as the server does, on the same cores. Pings are answered, for a server cuts
off who does not.
"""

import socket
import struct

_PING, _PONG = 0x89, 0x8A


class Frames:
    """What a server sends by one socket."""

    def __init__(self, port: int, path: str, query: str | None) -> None:
        """With a subscription to `query`; None for a server that asks for none."""
        self.socket = _connect(port, path, query)
        self._unread = bytearray()

    def read(self) -> tuple[int, bytearray]:
        """What is there now: how many whole frames, and their bytes."""
        try:
            data = self.socket.recv(1 << 18)
        except BlockingIOError:
            return 0, bytearray()
        assert data, "a client was cut off"
        unread = self._unread
        unread += data
        count, end, pings = _whole(unread)
        for payload in pings:
            self.socket.sendall(_masked(payload, _PONG))
        found = unread[:end]
        del unread[:end]
        return count, found


def _whole(data: bytearray) -> tuple[int, int, list[bytes]]:
    """How many whole frames lie at the start, where they end, and the payloads of pings among them."""
    at = count = 0
    pings: list[bytes] = []
    end = len(data)
    while end - at >= 2:
        length = data[at + 1]
        start = at + 2
        if length == 126:
            if end - at < 4:
                break
            length = (data[at + 2] << 8) | data[at + 3]
            start = at + 4
        elif length == 127:
            if end - at < 10:
                break
            (length,) = struct.unpack_from("!Q", data, at + 2)
            start = at + 10
        if start + length > end:
            break
        if data[at] == _PING:
            pings.append(bytes(data[start : start + length]))
        else:
            count += 1
        at = start + length
    return count, at, pings


def _masked(payload: bytes, kind: int = 0x81) -> bytes:
    """A client's frame; its mask is nothing, which is a mask as any other."""
    head = bytes([kind, 0x80 | len(payload)]) if len(payload) < 126 else struct.pack("!BBH", kind, 0xFE, len(payload))
    return head + bytes(4) + payload


def _connect(port: int, path: str, query: str | None) -> socket.socket:
    found = socket.create_connection(("127.0.0.1", port))
    found.sendall(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n".encode()
    )
    answer = b""
    while b"\r\n\r\n" not in answer:
        read = found.recv(1)
        assert read, f"the server closed the connection: {answer!r}"
        answer += read
    assert b" 101 " in answer, answer
    if query is not None:
        found.sendall(_masked(b'{"type":"connection_init"}'))
        found.sendall(_masked(f'{{"id":"1","type":"subscribe","payload":{{"query":"{query}"}}}}'.encode()))
    found.setblocking(False)
    return found
