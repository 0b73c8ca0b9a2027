"""The subscribers of the headline: `python -m tests.bench.side_by_side.clients PORT QUERIES`, asked as parts.py says.

Each query has a socket of its own. Of every push is noted whose value it carries, how many older ones it stands for,
and how long ago that value was published. `look` tells of the time since the last look; `books` of each pump, by
socket: the number it began with, how many updates its pushes stand for, and the last number.
"""

import json
import re
import selectors
import sys
import time

from app.model.time import parse_iso
from tests.bench.side_by_side.delays import Delays
from tests.bench.side_by_side.parts import answer
from tests.bench.side_by_side.plant import number_of
from tests.bench.websockets import Frames

_PUSH = re.compile(
    rb'"twinId":"([^"]+)","initial":(true|false),"skipped":(\d+),'
    rb'"value":\{"number":([0-9.]+),"timestamp":"([^"]+)"'
)
QUERY = (
    "subscription {{ propertyChanged(twinIds: {twins}{interval}) "
    "{{ twinId initial skipped value {{ number timestamp }} }} }}"
)


class _Client:
    def __init__(self, frames: Frames) -> None:
        self.frames = frames
        self.began: dict[bytes, bytes] = {}
        self.covered: dict[bytes, int] = {}
        self.last: dict[bytes, bytes] = {}

    def read(self, delays: Delays) -> None:
        _, found = self.frames.read()
        now = time.time()
        for twin, initial, skipped, number, timestamp in _PUSH.findall(found):
            self.last[twin] = number
            if initial == b"true":
                self.began[twin] = number
                continue
            self.covered[twin] = self.covered.get(twin, 0) + 1 + int(skipped)
            delays.add((now - parse_iso(timestamp.decode()) / 1e6) * 1e3)

    def books(self) -> dict[str, list[int]]:
        return {
            twin.decode(): [
                number_of(float(self.began.get(twin, 0))),
                self.covered.get(twin, 0),
                number_of(float(number)),
            ]
            for twin, number in self.last.items()
        }


def main(port: int, queries: list[str]) -> None:
    chosen = selectors.DefaultSelector()
    clients = [_Client(Frames(port, "/graphql", query)) for query in queries]
    for client in clients:
        chosen.register(client.frames.socket, selectors.EVENT_READ, client)
    chosen.register(sys.stdin, selectors.EVENT_READ, None)
    delays = Delays()
    while True:
        for key, _ in chosen.select():
            if key.data is not None:
                key.data.read(delays)
                continue
            line = sys.stdin.readline()
            if not line:
                return
            what, _ = json.loads(line)
            if what == "look":
                answer(delays.counts)
                delays = Delays()
            elif what == "books":
                answer([client.books() for client in clients])


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
