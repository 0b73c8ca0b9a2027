"""What an answer over HTTP takes, from the request's bytes to the answer's: documents that clients send again and again
are compiled once (app/api/selections), which the first rounds do."""

import json

from tests.bench.counts.piece import Piece
from tests.bench.counts.served import NAMES, Served, pump

PAGE, ANSWERS, PAGES = 100, 20, 2
_FIELDS = "twinId twinType version properties { name unit value { number quality timestamp } }"


def one_twin() -> Piece:
    return _asking(f'{{ twin(twinId: "{pump(7)}") {{ {_FIELDS} }} }}', ANSWERS, 1)


def page() -> Piece:
    query = f"{{ twins(first: {PAGE}) {{ nodes {{ {_FIELDS} }} }} }}"
    return _asking(query, PAGES, PAGE)


def _asking(query: str, times: int, twins: int) -> Piece:
    served = Served(PAGE)
    body = json.dumps({"query": query}).encode()

    async def ask() -> None:
        for _ in range(times):
            answer = await served.ask(body)
            assert answer.count(b'"quality":"GOOD"') == twins * len(NAMES), answer

    return Piece(times, lambda number: served.loop.run_until_complete(ask()), served.close)
