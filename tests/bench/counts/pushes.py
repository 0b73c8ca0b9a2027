"""What a committed change takes on its way to those who subscribe: through the bus, executed and encoded once, and put
into each one's frame."""

from collections.abc import Sequence

from app.model.events import Outcome
from tests.bench.counts.piece import ROUNDS, Piece
from tests.bench.counts.served import Served, pump

CHANGES, READERS = 50, 64
_QUERY = (
    'subscription { propertyChanged(twinIds: ["%s"], properties: ["speed"]) '
    "{ twinId property sequence skipped value { number quality timestamp } } }"
)


def shared() -> Piece:
    """To one subscriber."""
    return _pushing(1, CHANGES)


def each() -> Piece:
    """To 64 of the same selection; a unit is a frame."""
    return _pushing(READERS, 4)


def _pushing(readers: int, changes: int) -> Piece:
    served = Served(2)
    clients = [served.loop.run_until_complete(served.subscribe(_QUERY % pump(1))) for _ in range(readers)]
    rounds = [
        [served.decided([(pump(1), "speed", 100.0 + number * changes + change)]) for change in range(changes)]
        for number in range(ROUNDS)
    ]

    async def push(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            frames = clients[-1].frames + 1
            served.publish(outcome)
            await clients[-1].gets(frames)

    def round(number: int) -> None:
        served.loop.run_until_complete(push(rounds[number]))
        assert all(client.frames == 1 + (number + 1) * changes for client in clients)

    return Piece(changes * readers, round, close=served.close)
