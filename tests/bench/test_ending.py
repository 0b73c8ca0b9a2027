"""A suite of the bench leaves nothing running, and none is waited for for ever."""

import subprocess
import sys
import time

import psutil

from tests.bench.__main__ import ended

_STARTS_ANOTHER = """
import subprocess, sys, time
other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], stdout=subprocess.DEVNULL)
print(other.pid, flush=True)
"""


def _started(rest: str) -> tuple[subprocess.Popen[bytes], psutil.Process]:
    """It, and what it has started."""
    process = subprocess.Popen(
        [sys.executable, "-c", _STARTS_ANOTHER + rest],
        process_group=0,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    with process.stdout as said:
        return process, psutil.Process(int(said.readline()))


def _is_gone(process: psutil.Process) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.01)
    return False


def test_what_a_suite_that_failed_has_left_running_is_ended() -> None:
    process, left = _started("sys.exit(3)")
    assert ended(process) == 3
    assert _is_gone(left)


def test_a_suite_that_takes_too_long_is_ended_with_all_that_it_has_started() -> None:
    process, left = _started("time.sleep(600)")
    assert ended(process, 0.1) is None
    assert _is_gone(left)
