"""What this server holds for its devices: secrets, its own certificates, and whom it trusts; all of it in files.

A definition only names them. Everything is read at each connect, in a thread: files may lie on slow disks.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.connectors.certificates import OwnCertificate, OwnCertificates
from app.connectors.secrets import Secrets
from app.connectors.trust import TrustList
from app.errors import Misconfigured
from app.model.authentication import Authentication, authentication_of, problems_of
from app.model.time import SECOND, Micros


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whom the connection is opened for; never printed."""

    username: str = ""
    password: str = ""
    certificate: OwnCertificate | None = None
    user_certificate: OwnCertificate | None = None
    key_password: str | None = None

    def __repr__(self) -> str:
        return f"Credentials({self.username!r}, ...)"


@dataclass(frozen=True, slots=True)
class Keys:
    secrets: Secrets
    own: OwnCertificates
    trust: TrustList

    @classmethod
    def of(cls, certificates: Path, secrets: Path) -> "Keys":
        return cls(Secrets(secrets), OwnCertificates(certificates / "own"), TrustList(certificates))

    async def credentials(self, wanted: Authentication, endpoint: str, now: Micros) -> Credentials:
        """Raises Misconfigured and Unavailable, as what it reads does."""
        return await asyncio.to_thread(self._credentials, wanted, endpoint, moment(now))

    def _credentials(self, wanted: Authentication, endpoint: str, now: datetime) -> Credentials:
        password = ""
        if wanted.kind == "password" and wanted.password is not None:
            password = self.secrets.read(wanted.password, "password", endpoint)
        key_password: str | None = None
        if wanted.key_password is not None:
            key_password = self.secrets.read(wanted.key_password, "key's password", endpoint)

        def load(certificate_id: str) -> OwnCertificate | None:
            return self.own.load(certificate_id, key_password, now) if certificate_id else None

        return Credentials(
            wanted.username, password, load(wanted.certificate_id), load(wanted.user_certificate_id), key_password
        )


NO_KEYS = Keys.of(Path("certificates"), Path("secrets"))
"""Of whoever was given none."""


def wanted(authentication: Mapping[str, Any] | None, protocol: str, endpoint: str) -> Authentication:
    """What the document says. Raises Misconfigured where it can't be meant: saving would have refused it."""
    if problems := problems_of(authentication, protocol, endpoint):
        first = problems[0]
        raise Misconfigured(first.message, code=first.code, hint=first.hint, problems=problems[1:])
    return authentication_of(authentication)


def wall_clock() -> Micros:
    """Of whoever has no clock of the server's, as the probes."""
    return time.time_ns() // 1000


def moment(now: Micros) -> datetime:
    return datetime.fromtimestamp(now / SECOND, UTC)
