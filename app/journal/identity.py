"""Which installation a journal is of: a name made once, by which brokers know its sessions, receivers its messages.

It lies beside the records, so that it goes where they go: another host name or mount (a container that is replaced) is
the same installation. A restore counts it up: what is decided then has sequences that were told of before.
"""

import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from app.errors import Misconfigured
from app.journal.snapshot import sync_folder

IDENTITY_FILE = "installation"
_FORM = re.compile(r"([0-9a-f]{12})(?:-([1-9][0-9]{0,8}))?")


@dataclass(frozen=True, slots=True)
class Identity:
    id: str
    """The same for as long as the journal lives in its place: brokers keep a session by it."""
    restored: int = 0
    """How many times a backup of it was put back in its place."""

    @classmethod
    def new(cls) -> "Identity":
        return cls(secrets.token_hex(6))

    @property
    def name(self) -> str:
        """Of this run of sequences: no two things that happen have the same one and the same sequence."""
        return f"{self.id}-{self.restored}" if self.restored else self.id


def identity_of(folder: Path) -> Identity:
    """Made where there is none yet: under the journal's lock only. Raises Misconfigured (INSTALLATION_ID_INVALID,
    JOURNAL_UNUSABLE)."""
    found = read_identity(folder)
    if found is None:
        found = Identity.new()
        write_identity(folder, found)
    return found


def read_identity(folder: Path) -> Identity | None:
    """Raises Misconfigured (INSTALLATION_ID_INVALID)."""
    file = folder / IDENTITY_FILE
    try:
        text = file.read_bytes().decode("ascii", "replace").strip()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _invalid(file, f"it can't be read: {error.strerror}") from error
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise _invalid(file, "that is not what was written")
    return Identity(parts[1], int(parts[2] or 0))


def write_identity(folder: Path, identity: Identity) -> None:
    """Durable when it returns. Raises Misconfigured (JOURNAL_UNUSABLE)."""
    draft = folder / f"{IDENTITY_FILE}.new"
    try:
        with draft.open("w") as file:
            file.write(f"{identity.name}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / IDENTITY_FILE)
        sync_folder(folder)
    except OSError as error:
        raise Misconfigured(
            f"cannot write {folder / IDENTITY_FILE}: {error.strerror}",
            code="JOURNAL_UNUSABLE",
            hint="give a data directory that this user may write, with free space",
        ) from error


def _invalid(file: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"{file} does not say which installation this is: {why}",
        code="INSTALLATION_ID_INVALID",
        hint="put it back from a copy; without the file a new name is made, by which no MQTT broker knows this server:"
        " what it kept for the old one is not delivered",
    )
