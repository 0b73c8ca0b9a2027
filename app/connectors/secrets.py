"""Secrets by reference: an environment variable, or a file in the secrets folder, read anew at each connect.

So a password that is changed (Docker and Kubernetes replace the file) is the next connection's. An environment variable
can't change while the server runs, so one that is missing ends the trying; a file that is missing may come.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from app.errors import Misconfigured, Unavailable
from app.model.authentication import Reference

MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Secrets:
    folder: Path

    def read(self, reference: Reference, what: str, where: str) -> str:
        """`what` is "password", `where` the endpoint. Raises Misconfigured (PASSWORD_NOT_SET) and Unavailable
        (SECRET_FILE_MISSING, SECRET_FILE_UNREADABLE)."""
        if reference.env:
            found = os.environ.get(reference.env)
            if found is None:
                raise Misconfigured(
                    f"{where} takes its {what} from the environment variable {reference.env}, which is not set",
                    code="PASSWORD_NOT_SET",
                    hint=f"start the server with {reference.env} set",
                )
            return found
        return read_secret_file(self.folder / reference.file, f"{where} takes its {what} from")


def read_secret_file(file: Path, who: str) -> str:
    """Its text without the end of its line. Raises Unavailable (SECRET_FILE_MISSING, SECRET_FILE_UNREADABLE)."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
        text = content.decode()
    except FileNotFoundError as error:
        raise Unavailable(
            f"{who} the file {file}, which is not there",
            code="SECRET_FILE_MISSING",
            hint="put the secret into it; it is looked for at each try",
        ) from error
    except OSError as error:
        message = f"{who} the file {file}, which can't be read: {os.strerror(error.errno or 0)}"
        raise Unavailable(message, code="SECRET_FILE_UNREADABLE", hint="let this server's user read it") from error
    except ValueError:
        message = f"{who} the file {file}, which is no UTF-8 text"
        raise Unavailable(message, code="SECRET_FILE_UNREADABLE") from None  # the cause would quote it
    text = text.removesuffix("\n").removesuffix("\r")
    if not text or len(content) > MAX_BYTES:
        message = f"{who} the file {file}, which is {'empty' if not text else 'too long for a secret'}"
        raise Unavailable(message, code="SECRET_FILE_UNREADABLE")
    return text
