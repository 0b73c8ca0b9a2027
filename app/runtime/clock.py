"""The wall clock behind ports.Clock.

It may step backwards (somebody sets it); Ingest, not this, makes engine time never do so.
"""

import asyncio
import time

from app.model.time import Micros


class SystemClock:
    """Implements ports.Clock."""

    def now(self) -> Micros:
        return time.time_ns() // 1000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
