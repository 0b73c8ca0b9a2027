"""A bare aiomqtt subscriber that takes every message and does nothing with it: the least that one costs in Python."""

import sys

import aiomqtt
import uvloop


async def take(port: int) -> None:
    async with aiomqtt.Client("127.0.0.1", port, identifier="bare") as client:
        await client.subscribe("plant/#", qos=1)
        async for _ in client.messages:
            pass


if __name__ == "__main__":
    uvloop.run(take(int(sys.argv[1])))
