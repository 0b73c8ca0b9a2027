"""Pages of 2 MB for what is in use, where the kernel gives any."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest


def release() -> tuple[int, ...]:
    return tuple(int(part) for part in platform.release().split(".")[:2])


SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
PROGRAM = """
from pathlib import Path
from app import huge_pages

def kept():
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return {line.split()[0]: int(line.split()[1]) // 1024 for line in lines[1:]}

assert huge_pages.ask() == 0, "a small process is left as it is"
values = [float(number) for number in range(4_000_000)]
before = kept()
asked = huge_pages.ask() // 2**20
after = kept()
assert values == [float(number) for number in range(4_000_000)]
print(asked, after["AnonHugePages:"], after["Rss:"] - before["Rss:"])
"""


@pytest.mark.skipif(
    not SETTING.exists() or "[never]" in SETTING.read_text() or release() < (6, 1),
    reason="this kernel gives none at once",
)
def test_a_large_process_lies_in_huge_pages_with_the_same_in_it_and_hardly_more_memory() -> None:
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    asked, there, grown = map(int, told.stdout.split())
    assert 0 < asked <= there + 4
    assert grown < 16
