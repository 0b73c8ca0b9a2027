"""The program whose instructions are counted: `NAME=MODULE:SETUP ...`, each set up, warmed up, then counted in order.

Everything is set up before anything is counted, since callgrind compiles all code anew when counting begins. Python's
own collector is off meanwhile: when it runs depends on what ran before, a hundred pieces ago.
"""

import contextlib
import gc
import sys
from collections.abc import Mapping
from importlib import import_module

from tests.bench.counts.callgrind import Counter
from tests.bench.counts.piece import ROUNDS, Piece


def main() -> None:
    counter = Counter()
    with contextlib.ExitStack() as closing:
        pieces: dict[str, Piece] = {}
        for item in sys.argv[1:]:
            name, _, place = item.partition("=")
            pieces[name] = _set_up(place)
            closing.callback(pieces[name].close)
        _count(counter, pieces)
    for name, piece in pieces.items():
        print(f"{name}={piece.units}")


def _count(counter: Counter, pieces: Mapping[str, Piece]) -> None:
    for piece in pieces.values():
        for number in range(ROUNDS - 1):
            piece.before(number)
            piece.round(number)
    gc.collect()
    gc.freeze()
    gc.disable()
    counter.start()
    for name, piece in pieces.items():
        piece.before(ROUNDS - 1)
        counter.zero()
        piece.round(ROUNDS - 1)
        counter.dump(name)
    counter.stop()


def _set_up(place: str) -> Piece:
    module, _, function = place.partition(":")
    piece: Piece = getattr(import_module(module), function)()
    return piece


if __name__ == "__main__":
    main()
