"""Documents in the order in which they can be saved one after another, and cut into requests that the server takes."""

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

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
    """By kind, and within a kind what others need before them; otherwise as they were read."""
    found: list[Read] = []
    for item in KINDS:
        of_kind = {read.id: read for read in documents if read.kind == item.kind}
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for read in of_kind.values():
            sorter.add(read.id, *(id for id in item.needs(read.document) if id in of_kind))
        try:
            found += [of_kind[id] for id in sorter.static_order()]
        except CycleError:  # the server tells which
            found += of_kind.values()
    return found


def size(read: Read) -> int:
    return len(canonical.line(read.definition).encode()) + _AROUND


def fits(documents: Sequence[Read], most_bytes: int) -> bool:
    """Into one request."""
    return len(documents) <= MOST_DOCUMENTS and sum(map(size, documents)) <= most_bytes


def cut(documents: Sequence[Read], most_documents: int, most_bytes: int) -> Iterator[list[Read]]:
    """A document that is larger than `most_bytes` goes alone."""
    batch: list[Read] = []
    taken = 0
    for read in documents:
        bytes_ = size(read)
        if batch and (len(batch) >= most_documents or taken + bytes_ > most_bytes):
            yield batch
            batch, taken = [], 0
        batch.append(read)
        taken += bytes_
    if batch:
        yield batch
