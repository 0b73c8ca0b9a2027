"""Entries of the journal as bytes, and back: a reading of ten samples with what was decided from it.

What a commit costs beside this is SQLite's and the disk's.
"""

from app.engine.engine import Engine
from app.journal.codec import checksum, decode, encode
from app.model.events import Entry, Reading, Sample, Samples
from tests.bench.counts.decisions import PUMPS, START, pumps
from tests.bench.counts.piece import Piece

ENTRIES, SAMPLES = 300, 10


def entry(engine: Engine) -> Entry:
    samples = tuple(Sample(f"pump_{index % PUMPS}", "temperature", 20.5 + index, START) for index in range(SAMPLES))
    input = Samples((Reading("opc", START, samples),))
    outcome = engine.decide(input, START)
    assert len(outcome.changes) == SAMPLES
    return Entry(1, START, input, outcome)


def encoding() -> Piece:
    given = entry(pumps(()))

    def round(number: int) -> None:
        for sequence in range(ENTRIES):
            checksum(sequence, START, encode(given.input, given.outcome))

    return Piece(ENTRIES, round)


def decoding() -> Piece:
    given = entry(pumps(()))
    body = encode(given.input, given.outcome)
    sums = [checksum(sequence, START, body) for sequence in range(ENTRIES)]
    assert decode(1, START, sums[1], body) == given

    def round(number: int) -> None:
        for sequence in range(ENTRIES):
            decode(sequence, START, sums[sequence], body)

    return Piece(ENTRIES, round)
