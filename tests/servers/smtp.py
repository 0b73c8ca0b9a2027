"""A small real SMTP server on loopback: takes mails, wants a password where a test says so, and says no likewise."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default


class SmtpServer:
    """`refusals` answers a command (`MAIL`, `RCPT`, `DATA`: its end) with a line instead of taking it; `user` must be
    given for a mail to be taken."""

    def __init__(self, user: tuple[str, str] | None = None) -> None:
        self.user = user
        self.refusals: dict[str, str] = {}
        self.mails: list[Message] = []
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        known = self.user is None
        writer.write(b"220 test\r\n")
        while line := (await reader.readline()).decode().strip():
            command, _, rest = line.partition(" ")
            command = command.upper()
            if command in self.refusals and command != "DATA":
                said = self.refusals[command]
            elif command == "EHLO":
                said = "250-test\r\n250 AUTH PLAIN" if self.user else "250 test"
            elif command == "AUTH":
                known = self._knows(rest.partition(" ")[2])
                said = "235 welcome" if known else "535 wrong password"
            elif command == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            elif command == "MAIL" and not known:
                said = "530 authentication required"
            elif command == "DATA":
                writer.write(b"354 go on\r\n")
                mail = await reader.readuntil(b"\r\n.\r\n")
                said = self.refusals.get("DATA", "250 taken")
                if said.startswith("250"):
                    self.mails.append(message_from_bytes(mail[:-5] + b"\r\n", EmailMessage, policy=default))
            else:
                said = "250 ok"
            writer.write(f"{said}\r\n".encode())
            await writer.drain()

    def _knows(self, given: str) -> bool:
        _, user, password = base64.b64decode(given).decode().split("\0")
        return (user, password) == self.user


@contextlib.asynccontextmanager
async def smtp_server(user: tuple[str, str] | None = None) -> AsyncIterator[SmtpServer]:
    server = SmtpServer(user)
    server._server = await asyncio.start_server(server._serve, "127.0.0.1", 0)
    try:
        yield server
    finally:
        server._server.close()
        await server._server.wait_closed()
