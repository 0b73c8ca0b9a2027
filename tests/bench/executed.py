"""How many instructions the interpreter executes for something: the same on every machine, however busy it is.

It counts what Python does, not what is done in C for one instruction, nor how long any of it takes.
"""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def executed(run: Callable[[], None]) -> int:
    count = 0

    def told(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode"
        return told

    sys.settrace(told)
    try:
        run()
    finally:
        sys.settrace(None)
    return count
