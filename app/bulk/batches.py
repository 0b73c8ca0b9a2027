"""Documents in the order in which they can be saved one after another, and cut into requests that the server takes."""

from collections.abc import Iterable, Iterator, Sequence

from rustworkx import PyDiGraph, strongly_connected_components

from app.bulk import canonical
from app.bulk.kinds import KINDS
from app.bulk.reading import Read

MOST_DOCUMENTS = 10_000
"""Of one transaction; the server takes no more."""
MOST_BYTES = 3 * 1024 * 1024
"""Of documents in one request; the server's default limit is 4 MiB with everything around them."""
_AROUND = 64
"""Bytes of a request per document, beside the document."""


def ordered(documents: Sequence[Read]) -> list[Read]:
    """By kind, and within a kind what others need before them; a kind in which none needs any as it was read."""
    return [read for ring in rings(documents) for read in ring]


def rings(documents: Sequence[Read]) -> list[list[Read]]:
    """`ordered`, with those in one list that need each other, most alone in theirs: they can only be saved together."""
    found: list[list[Read]] = []
    for item in KINDS:
        of_kind = [read for read in documents if read.kind == item.kind]
        last = len(of_kind) - 1
        needs: PyDiGraph[None, None] = PyDiGraph()
        needs.add_nodes_from([None] * len(of_kind))  # in reverse: the last comes first where none needs any
        places = {read.id: last - index for index, read in enumerate(of_kind)}
        for read in of_kind:
            for id in item.needs(read.document):
                if id in places:
                    needs.add_edge(places[read.id], places[id], None)
        components = strongly_connected_components(needs)
        found += [[of_kind[last - place] for place in sorted(ring, reverse=True)] for ring in components]
    return found


def size(read: Read) -> int:
    return len(canonical.line(read.definition).encode()) + _AROUND


def fits(documents: Sequence[Read], most_bytes: int) -> bool:
    """Into one request."""
    return len(documents) <= MOST_DOCUMENTS and sum(map(size, documents)) <= most_bytes


def cut(rings: Iterable[list[Read]], most_documents: int, most_bytes: int) -> Iterator[list[list[Read]]]:
    """A ring that is larger than that goes alone."""
    batch: list[list[Read]] = []
    count = taken = 0
    for ring in rings:
        bytes_ = sum(map(size, ring))
        if batch and (count + len(ring) > most_documents or taken + bytes_ > most_bytes):
            yield batch
            batch, count, taken = [], 0, 0
        batch.append(ring)
        count += len(ring)
        taken += bytes_
    if batch:
        yield batch
