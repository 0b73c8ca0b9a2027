"""A small file system of its own, to be filled: a tmpfs where this user may mount one (root, also of `unshare -rm`)."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

NOT_RUN = "DISK FULL LANE NOT RUN: only root may mount a file system to fill; `unshare -rm make test` makes one of you"


def can_mount() -> bool:
    """Whether this user may; with REQUIRE_SMALL_DISK=1 it must."""
    if os.geteuid() == 0 and Path("/proc/self/mountinfo").exists():
        return True
    assert os.environ.get("REQUIRE_SMALL_DISK") != "1", NOT_RUN
    return False


@contextlib.contextmanager
def small_disk(folder: Path, mb: int) -> Iterator[Path]:
    """`folder`, with so much space. Raises CalledProcessError where it can't be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mb}m", "tmpfs", str(folder)], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


class Ballast:
    """What others have on the same disk."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ballast"

    def fill(self, leaving: int = 0) -> None:
        """All that is free but so many bytes."""
        with self._file.open("ab") as file, contextlib.suppress(OSError):
            while (free := self.free() - leaving) > 0:
                file.write(b"\xa5" * min(free, 1 << 20))
                file.flush()

    def free(self) -> int:
        found = os.statvfs(self._file.parent)
        return found.f_bavail * found.f_frsize

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)
