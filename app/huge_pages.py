"""Asks the kernel to keep what this process has in memory in pages of 2 MB instead of 4 kB.

Of 100,000 twins an update touches a dozen objects, each in another page, and finding where the pages are costs more
than reading them: an update of one of 100,000 overlays takes a fifth less so, of one of 10,000 members a quarter. Only
what is in use already is asked for, so hardly anything grows: stacks of threads, which are mostly empty, stay as they
are. What comes later lies in small pages again.
"""

import _thread
import ctypes
import re
import sys
from collections.abc import Iterator
from pathlib import Path

SIZE = 2 * 2**20
_SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
_HUGEPAGE, _COLLAPSE = 14, 25
"""Advice to `madvise`: as the kernel gets to it, and at once (since Linux 6.1)."""
_RANGE = re.compile(r"([0-9a-f]+)-([0-9a-f]+) rw-p 00000000 00:00 0\s*(?:\[heap\])?\s*$")
_RESIDENT = re.compile(r"Rss:\s+(\d+) kB")
_IN_USE = 0.75
_WORTH_IT = 128 * 2**20
"""Below that the processor finds its pages without."""


def ask(least: int = _WORTH_IT) -> int:
    """How many bytes lie in such pages now; 0 where that is not worth it, or the kernel has none or is told to give
    none. Takes two to three seconds of a processor for each GB, and lets other threads run meanwhile."""
    if sys.platform != "linux" or not _given():
        return 0
    ranges = list(_in_use())
    if sum(end - start for start, end in ranges) < least:
        return 0
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    done = 0
    for start, end in ranges:
        madvise(start, end - start, _HUGEPAGE)
        for at in range(start, end, SIZE):  # one by one: whoever needs more memory meanwhile waits for one
            done += SIZE if not madvise(at, SIZE, _COLLAPSE) else 0
    return done


def ask_beside() -> None:
    """The same in a thread of its own, which nobody waits for. Takes no lock: the collector calls it, and may have been
    called by whoever holds one."""
    _thread.start_new_thread(ask, ())


def _given() -> bool:
    try:
        return "[never]" not in _SETTING.read_text()
    except OSError:
        return False


def _in_use() -> Iterator[tuple[int, int]]:
    """Whole pages of memory that belongs to no file."""
    start = end = 0
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if found := _RANGE.match(line):
            start, end = int(found[1], 16), int(found[2], 16)
        elif end and (resident := _RESIDENT.match(line)):
            if int(resident[1]) * 1024 >= _IN_USE * (end - start):
                first, last = -(-start // SIZE) * SIZE, end // SIZE * SIZE
                if first < last:
                    yield first, last
            start = end = 0
