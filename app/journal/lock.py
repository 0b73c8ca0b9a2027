"""One actor per installation: an exclusive flock on the journal folder, held as long as the process lives.

The file's content (a process id) is for people. The lock is the kernel's: it goes with the process however that ends,
so a stale `journal.lock` after a crash means nothing and must not be deleted by hand.
"""

import fcntl
import os
from pathlib import Path

from app.errors import Misconfigured

LOCK_FILE = "journal.lock"


class FolderLock:
    """A held lock; `release` (or the end of the process) gives it back."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def take(cls, folder: Path) -> "FolderLock":
        """Raises Misconfigured: JOURNAL_IN_USE where another process (or another opener here) has it,
        JOURNAL_UNUSABLE where the folder can't be written."""
        path = folder / LOCK_FILE
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Misconfigured(
                f"cannot open {path}: {error.strerror}",
                code="JOURNAL_UNUSABLE",
                hint="give a data directory that this user may write",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
            os.close(descriptor)
            by = f" by process {holder}" if holder else ""
            raise Misconfigured(
                f"the journal folder {folder} is in use{by}",
                code="JOURNAL_IN_USE",
                hint="stop the other server, or give this one a data directory of its own",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(descriptor)

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
