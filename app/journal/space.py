"""The disk under the journal: a reserve that is there when it is full, and when there is space again.

The reserve is a file of zeros that are really allocated. It is given back in steps, each when a commit found no space,
so that others who write to the same disk can't take all of it at once. It is made whole before anybody is told that
there is space again.
"""

import contextlib
import errno
import logging
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from app.errors import Unavailable
from app.model.space import Space, SpaceState

log = logging.getLogger("twin_overlay.journal")
RESERVE_FILE = "reserve"
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SAYS_SO = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
_MAY_BE = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
_STEPS = 16
_LOOK_SECONDS = 1.0
_PROBE = b"\1" * 65_536
_MARGIN = 16 * 1024 * 1024
"""Besides the reserve itself, at most: else the first reading would fill the disk again."""


@dataclass(frozen=True, slots=True)
class SpaceSize:
    """Bytes. `low`: less free space is warned of."""

    reserve: int = 0
    low: int = 0


class DiskSpace:
    """`give`, `tend` and `hold` are for the thread that writes; the rest may be asked from any."""

    def __init__(self, folder: Path, size: SpaceSize) -> None:
        self._folder = folder
        self._file = folder / RESERVE_FILE
        self._size = size
        self._next_look = 0.0
        self._left = self._file.stat().st_size if self._file.exists() else 0
        self._holding = False

    @property
    def full(self) -> bool:
        """Until the reserve is whole again."""
        return self._holding or self._left < self._size.reserve

    def space(self) -> Space:
        free = self.free()
        state: SpaceState = "low" if free < self._size.low else "enough"
        if self.full:
            state = "none" if self._holding else "reserve"
        return Space(str(self._folder), state, free, self._left)

    def free(self) -> int:
        """Bytes that this user may still write."""
        found = os.statvfs(self._folder)
        return found.f_bavail * found.f_frsize

    def means_full(self, error: BaseException) -> bool:
        """Whether something failed for lack of space. SQLite says so of most writes, and of others only that they
        failed: then a small file tells."""
        if isinstance(error, sqlite3.Error):
            code = getattr(error, "sqlite_errorcode", 0)
            return code in _SAYS_SO or (code & 0xFF in _MAY_BE and self._no_space_for_a_file())
        return isinstance(error, OSError) and error.errno in _FULL

    def give(self) -> bool:
        """A part of the reserve for what must be written; False where none is left."""
        self._next_look = time.monotonic() + _LOOK_SECONDS
        if self._left == 0:
            return False
        if self._left >= self._size.reserve:
            log.error("DISK FULL under %s: no readings are taken; the reserve is for what must not wait", self._folder)
        self._shrink(max(0, self._left - max(self._size.reserve // _STEPS, 4096)))
        return True

    def hold(self) -> None:
        """What was decided last can't be written, and waits."""
        if not self._holding:
            log.error("DISK FULL under %s and no reserve is left: everything waits for space", self._folder)
        self._holding = True

    def went_in(self) -> None:
        if self._holding:
            log.warning("what waited for space under %s is written", self._folder)
        self._holding = False

    def tend(self) -> None:
        """Make the reserve whole where that is possible now; looks at most once a second."""
        if self._left >= self._size.reserve or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + _LOOK_SECONDS
        if self.free() >= self._size.reserve - self._left + min(_MARGIN, self._size.reserve // 4) and self.fill():
            log.warning("there is space again under %s: the reserve is whole, readings are taken", self._folder)

    def fill(self) -> bool:
        """Whether the reserve is whole."""
        if self._left > self._size.reserve:
            self._shrink(self._size.reserve)
        if self._left == self._size.reserve:
            return True
        try:
            _allocate(self._file, self._left, self._size.reserve)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._shrink(self._left)
            return False
        self._left = self._size.reserve
        return True

    def check(self, wanted: int, what: str) -> None:
        """Before something large that can wait is written. Raises Unavailable (DISK_FULL)."""
        if self.full or self.free() < wanted + min(_MARGIN, self._size.reserve // 4):
            raise Unavailable(
                f"the disk of {self._folder} has no space for {what}",
                code="DISK_FULL",
                hint="make space on it: the server goes on by itself then",
            )

    def _shrink(self, size: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.truncate(self._file, size)
        self._left = size

    def _no_space_for_a_file(self) -> bool:
        probe = self._folder / "probe"
        try:
            with probe.open("wb") as file:
                file.write(_PROBE)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            return error.errno in _FULL
        finally:
            probe.unlink(missing_ok=True)
        return False


def _allocate(file: Path, have: int, wanted: int) -> None:
    """Really taken on the disk. Raises OSError."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.posix_fallocate(descriptor, have, wanted - have)
        except (AttributeError, OSError) as error:
            if isinstance(error, OSError) and error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise
            for at in range(have, wanted, len(_PROBE)):
                os.pwrite(descriptor, _PROBE[: wanted - at], at)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def disk_full(space: Space) -> Unavailable:
    return Unavailable(
        space.problem, code="DISK_FULL", hint="make space on that disk: the server goes on by itself then"
    )
