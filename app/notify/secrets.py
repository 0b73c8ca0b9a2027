"""What a settings file names and does not hold: read each time it is needed, so that a file may be renewed.

Whatever was read is struck out of every error that is shown: a receiver may answer with what it was sent.
"""

import os
import re

from app.errors import Misconfigured
from app.notification_settings import SecretReference

_MOST_BYTES = 64 * 1024
_PIECES = re.compile(r"[\s/?&=]+")
_LONG = 12
"""Characters of a piece that may be the secret part of the whole: the token of `Bearer ...`, the path of an address."""


class Secrets:
    """Of one target."""

    def __init__(self) -> None:
        self._read: set[str] = set()

    def read(self, reference: SecretReference) -> str:
        """Raises Misconfigured (SECRET_NOT_SET, SECRET_UNREADABLE)."""
        if reference.env is not None:
            found = os.environ.get(reference.env, "")
            if not found:
                raise Misconfigured(
                    f"the environment variable {reference.env} is not set",
                    code="SECRET_NOT_SET",
                    hint=f"start the server with {reference.env} set",
                )
        else:
            assert reference.file is not None
            try:
                with reference.file.open(encoding="utf-8") as file:
                    found = file.read(_MOST_BYTES).strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is not text"
                raise Misconfigured(
                    f"the file {reference.file} cannot be read: {why}",
                    code="SECRET_UNREADABLE",
                    hint="let the server's user read it",
                ) from error
            if not found:
                raise Misconfigured(f"the file {reference.file} is empty", code="SECRET_NOT_SET")
        self._read.add(found)
        self._read.update(piece for piece in _PIECES.split(found) if len(piece) >= _LONG)
        return found

    def struck(self, text: str) -> str:
        for secret in sorted(self._read, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text
