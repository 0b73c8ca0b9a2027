"""A process that appends until it is killed and prints every number once it was acknowledged (for test_crash.py).

With a size limit as second argument the kernel refuses to let its files grow past that: a disk that is full.
"""

import asyncio
import os
import resource
import sys
from pathlib import Path

from app.errors import Unavailable
from app.journal.sqlite import SqliteJournal
from app.journal.tail import SegmentSize
from app.model.events import Outcome, Reading, Sample, Samples


async def main(folder: Path, size_limit: int) -> None:
    journal = SqliteJournal.open(folder, keep=50, segment=SegmentSize(records=30))
    if size_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_limit, size_limit))

    async def forever(name: str) -> None:
        number = 0
        while True:
            number += 1
            samples = tuple(Sample(name, f"property_{n}", float(number), number) for n in range(20))
            sequence = await journal.append([(number, Samples((Reading(name, number, samples),)), Outcome())])
            os.write(1, f"{sequence} {name} {number}\n".encode())
            if sequence % 100 == 0:
                await journal.advance("graph", sequence - 50)
                await journal.save_snapshot(sequence - 20, str(sequence).encode())

    try:
        await asyncio.gather(*(forever(f"twin_{n}") for n in range(3)))
    except Unavailable as error:
        os.write(1, f"failed {error.code} {error.message}\n".encode())
        try:
            await journal.append([(1, Samples(()), Outcome())])
        except Unavailable as again:
            os.write(1, f"still {again.code}\n".encode())


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
