"""Ending with whoever started us, for processes that must not outlive it.

The kernel watches the *thread* that started the process, so it is to be started from one that lasts (the main one).
"""

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the thread that started us ends (Linux only; elsewhere the parent must)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
