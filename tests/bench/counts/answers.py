"""What an answer over HTTP takes, from the request's bytes to the answer's: of twins that have changed since they were
last asked for, and of twins that have not, whose bytes may be kept (app/api/selections).

Documents that clients send again and again are compiled once, which the first rounds do.
"""

import json
from collections.abc import Sequence

from app.api.selections import run
from tests.bench.counts.piece import Piece
from tests.bench.counts.served import NAMES, Served, pump

PUMPS, ANSWERS, PAGES = 100, 20, 2
_FIELDS = "twinId twinType version properties { name unit value { number quality timestamp } }"
_TWIN = f"query ($id: ID!) {{ twin(twinId: $id) {{ {_FIELDS} }} }}"
_PAGE = f"{{ twins(first: {PUMPS}) {{ nodes {{ {_FIELDS} }} }} }}"


def changed_twins() -> Piece:
    return _asking(_twins(), 1, changing=True)


def same_twins() -> Piece:
    return _asking(_twins(), 1, changing=False)


def changed_page() -> Piece:
    return _asking([_body(_PAGE)], PUMPS, changing=True)


def same_page() -> Piece:
    return _asking([_body(_PAGE)] * PAGES, PUMPS, changing=False)


def _twins() -> list[bytes]:
    return [_body(_TWIN, id=pump(number)) for number in range(ANSWERS)]


def _body(query: str, **variables: str) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def _asking(bodies: Sequence[bytes], twins: int, *, changing: bool) -> Piece:
    served = Served(PUMPS)
    run.TURN_SECONDS = 60.0  # of callgrind's, of which an answer that takes one turn takes hundreds

    def change(number: int) -> None:
        served.publish(served.decided([(pump(index), "speed", 100.0 + number) for index in range(PUMPS)]))

    async def ask() -> None:
        for body in bodies:
            answer = await served.ask(body)
            assert answer.count(b'"quality":"GOOD"') == twins * len(NAMES), answer

    return Piece(
        len(bodies),
        lambda number: served.loop.run_until_complete(ask()),
        before=change if changing else lambda number: None,
        close=served.close,
    )
