"""One actor per installation: an exclusive flock on the journal folder, held as long as the process lives.

The file's content (a process id) is for people. The lock is the kernel's: it goes with the process however that ends,
so a stale `journal.lock` after a crash means nothing and must not be deleted by hand.
"""

import fcntl
import os
from pathlib import Path

from app.errors import Misconfigured, Unavailable
from app.journal.mounts import refuse_network

LOCK_FILE = "journal.lock"


class FolderLock:
    """A held lock; `release` (or the end of the process) gives it back."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor = descriptor
        self._file = _identity(os.fstat(descriptor))

    @classmethod
    def take(cls, folder: Path) -> "FolderLock":
        """Raises Misconfigured: JOURNAL_IN_USE where another process (or another opener here) has it,
        JOURNAL_UNUSABLE where the folder can't be written, JOURNAL_ON_NETWORK where a lock means nothing."""
        refuse_network(folder)
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
                hint="stop the other server, or wait for its end with --standby, or give another data directory",
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        return cls(path, descriptor)

    def check(self) -> None:
        """Before anything is committed, and so before anything is sent. A file that somebody deleted or replaced keeps
        nobody away any more: raises Unavailable (JOURNAL_LOCK_LOST)."""
        try:
            if _identity(os.stat(self._path)) == self._file:
                return
        except OSError:
            pass  # deleted, or with its folder out of reach
        raise Unavailable(
            f"{self._path} is no longer the file that this server has locked: another one may act on this journal",
            code="JOURNAL_LOCK_LOST",
            hint="start again; never delete the lock file, it means nothing once its process has ended",
        )

    def release(self) -> None:
        """Give it back; a second time does nothing."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino
