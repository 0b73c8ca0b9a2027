"""Documents in the order in which they can be saved one after another, and cut into requests that the server takes."""

from collections.abc import Iterator, Sequence

from app.bulk import canonical
from app.bulk.kinds import KINDS, BulkKind
from app.bulk.reading import Read

MOST_DOCUMENTS = 10_000
"""Of one transaction; the server takes no more."""
MOST_BYTES = 3 * 1024 * 1024
"""Of documents in one request; the server's default limit is 4 MiB with everything around them."""
_AROUND = 64
"""Bytes of a request per document, beside the document."""


def ordered(documents: Sequence[Read]) -> list[Read]:
    """By kind, and within a kind what others need before them; otherwise as they were read. Those that need each other
    in a circle come next to each other."""
    found: list[Read] = []
    for item in KINDS:
        of_kind = {read.id: read for read in documents if read.kind == item.kind}
        met: set[str] = set()
        for first in of_kind:
            waiting = [] if first in met else [(first, _needed(item, of_kind[first]))]
            met.add(first)
            while waiting:
                id, needs = waiting[-1]
                following = next((other for other in needs if other in of_kind and other not in met), None)
                if following is None:
                    found.append(of_kind[id])
                    waiting.pop()
                else:
                    met.add(following)
                    waiting.append((following, _needed(item, of_kind[following])))
    return found


def _needed(item: BulkKind, read: Read) -> Iterator[str]:
    return item.needs(read.document)


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
