"""The server's own certificate, renewed while it serves: who connects after the files have changed gets the new one.

Connections that stand go on undisturbed, for a context is chosen at each handshake. Files that are wrong, or half
written, change nothing but the log.
"""

import asyncio
import logging
import ssl
from pathlib import Path

from app.errors import Misconfigured, TwinOverlayError

log = logging.getLogger("twin_overlay.tls")
LOOK_SECONDS = 2.0
_Stamp = tuple[tuple[int, int, int], ...]


class ServerCertificate:
    def __init__(self, certificate: Path, key: Path | None, password: str = "") -> None:
        """Raises Misconfigured (TLS_UNUSABLE) where the files can't be used."""
        self._certificate = certificate
        self._key = key
        self._password = password
        self._seen = self._stamp()
        self._tried = self._seen
        self._current = self._load()
        self._now = asyncio.Event()
        self.context = self._load()
        """For the listening sockets; each handshake moves on to the newest one."""
        self.context.sni_callback = self._choose  # OpenSSL calls it whether or not the client names a host

    def look_now(self) -> None:
        """Without waiting for the next look."""
        self._now.set()

    async def watch(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()
            await asyncio.to_thread(self._look)

    def _look(self) -> None:
        stamp = self._stamp()
        if stamp in (self._tried, ()):
            return
        if stamp != self._seen:  # it may be being written: once more, when it has stood for a while
            self._seen = stamp
            return
        self._tried = stamp
        try:
            self._current = self._load()
        except TwinOverlayError as error:
            log.error("the new certificate is not taken, the old one goes on: %s", error.message)
        else:
            log.info("the certificate in %s has changed: it is shown from now on", self._certificate)

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _stamp(self) -> _Stamp:
        """What changes with the files; empty while one of them is not there."""
        try:
            found = [file.stat() for file in (self._certificate, self._key) if file is not None]
        except OSError:
            return ()
        return tuple((item.st_mtime_ns, item.st_size, item.st_ino) for item in found)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            # A password is always given, for without one OpenSSL would ask on the terminal.
            context.load_cert_chain(self._certificate, self._key, password=lambda: self._password)
        except ssl.SSLError as error:
            raise self._unusable(self._wrong(error)) from error
        except OSError as error:
            raise self._unusable(error.strerror or str(error)) from error
        return context

    def _wrong(self, error: ssl.SSLError) -> str:
        """Python says no more than "PEM lib" of most."""
        if error.reason == "KEY_VALUES_MISMATCH":
            return "the key is not that of the certificate"
        key = (self._key or self._certificate).read_bytes()
        if b"-----BEGIN CERTIFICATE-----" not in self._certificate.read_bytes():
            return "there is no certificate in PEM in it"
        if b"PRIVATE KEY-----" not in key:
            return "there is no key in PEM in it"
        return "the key's password is missing or wrong" if b"ENCRYPTED" in key else error.reason or str(error)

    def _unusable(self, why: str) -> Misconfigured:
        files = f"{self._certificate}" + (f" with {self._key}" if self._key is not None else "")
        return Misconfigured(
            f"the certificate {files} cannot be used: {why}",
            code="TLS_UNUSABLE",
            hint="give PEM files that this user may read: the chain with the server's own first, and its key",
        )
