"""How long the parts of a start took, for the one log line that says so: whoever waits for a server asks what for."""

import time


class Phases:
    def __init__(self) -> None:
        self._at = self._began = time.perf_counter()
        self._took: list[tuple[str, float]] = []

    def done(self, name: str) -> None:
        """`name` is what went on since the last one."""
        now = time.perf_counter()
        self._took.append((name, now - self._at))
        self._at = now

    def __str__(self) -> str:
        parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self._took)
        return f"{self._at - self._began:.1f} s ({parts})"
