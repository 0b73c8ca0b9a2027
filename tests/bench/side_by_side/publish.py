"""The publisher of the headline: `python -m tests.bench.side_by_side.publish PORT TWINS`, asked as parts.py says.

`rate` sets how many messages a second it sends from now on, `sent` tells how many the broker has taken, `numbers` the
last of each pump; `stop` answers once all that was sent is acknowledged.
"""

import asyncio
import json
import sys

import uvloop

from tests.bench.side_by_side.parts import answer
from tests.bench.side_by_side.plant import payload, twin_ids
from tests.faults.plant import topic
from tests.faults.publisher import Publisher

_STEP_SECONDS = 0.002


async def _publish(port: int, twins: int) -> None:
    topics = [topic(twin_id) for twin_id in twin_ids(twins)]
    publisher = Publisher(port, topics, 0.0, payload=payload, step_seconds=_STEP_SECONDS)
    publisher.start()
    asking = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asking), sys.stdin)
    async for line in asking:
        what, given = json.loads(line)
        if what == "rate":
            publisher.rate = given
            answer(None)
        elif what == "sent":
            answer(publisher.total)
        elif what == "numbers":
            answer({twin_id: publisher.taken.get(topic(twin_id), 0) for twin_id in twin_ids(twins)})
        elif what == "stop":
            await publisher.stop()
            assert not publisher.repeated, "the broker has gone away meanwhile"
            answer(None)


if __name__ == "__main__":
    uvloop.run(_publish(int(sys.argv[1]), int(sys.argv[2])))
