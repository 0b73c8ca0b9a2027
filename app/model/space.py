"""How much more the journal can take, and what that means for what may still be appended."""

from typing import Literal

import msgspec

SpaceState = Literal["enough", "low", "reserve", "none"]
"""`reserve`: only what must not wait may be appended. `none`: what was decided last waits to be written."""


class Space(msgspec.Struct, frozen=True):
    where: str = ""
    state: SpaceState = "enough"
    free: int = 0
    """Bytes."""
    reserve: int = 0
    """Bytes that are left of it."""

    @property
    def problem(self) -> str:
        """ "" where everything is taken."""
        if self.state == "none":
            return (
                f"the disk of {self.where} is full (DISK_FULL) and the reserve is used up: what was decided last waits"
                " to be written, and nothing else is decided until there is space"
            )
        if self.state == "reserve":
            return (
                f"the disk of {self.where} is full (DISK_FULL): no readings are taken; timers, acknowledgements and"
                f" calls go on in the reserve, of which {_mb(self.reserve)} are left"
            )
        return ""

    @property
    def warning(self) -> str:
        """ "" where there is plenty."""
        return f"only {_mb(self.free)} are free on the disk of {self.where}" if self.state == "low" else ""


def _mb(size: int) -> str:
    return f"{size / (1024 * 1024):.0f} MB"
