"""Documents as requests: one transaction each, and whatever the server says of a document with its file beside it.

The server's pointers begin with the document's index in the request, those of a single one with its own first part.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from app.bulk.batches import MOST_BYTES, cut, fits, rings, size
from app.bulk.kinds import OF_KIND
from app.bulk.progress import progress
from app.bulk.reading import Read
from app.client import GraphqlClient
from app.errors import Problem, TwinOverlayError

SAVE = """
mutation Save($documents: [DefinitionInput!]!, $reason: String) {
  saveDefinitions(input: {documents: $documents, reason: $reason}) {
    created { kind id } updated { kind id } unchanged { kind id }
    warnings { code message path hint }
  }
}
"""
_SECONDS, _SECONDS_PER_DOCUMENT = 60.0, 0.1
_INDEXED = re.compile(r"/(\d+)((?:/.*)?)", re.DOTALL)


def save_input(read: Read) -> dict[str, Any]:
    return {"kind": OF_KIND[read.kind].enum, "document": read.document}


async def save(client: GraphqlClient, batch: Sequence[Read], reason: str) -> dict[str, Any]:
    """One transaction; the payload. Raises what the server reports, each problem with its file."""
    variables = {"documents": [save_input(read) for read in batch], "reason": reason}
    seconds = _SECONDS + _SECONDS_PER_DOCUMENT * len(batch)
    with placing(batch):
        data = await client.execute(SAVE, variables, timeout_seconds=seconds)
    saved: dict[str, Any] = data["saveDefinitions"]
    for item in saved["warnings"]:
        item["path"] = place(batch, item["path"])
    return saved


async def save_all(
    client: GraphqlClient, documents: Sequence[Read], reason: str, batch: int, say: Callable[[str], None]
) -> list[Problem]:
    """All at once where that fits, else in batches in their order, with smaller ones where the server refuses the
    size; the warnings about assets (the others are known from the plan, where a batch does not hide the next one).
    What stops it on the way is told to `say`, with how far it has come."""
    rest, done, most_bytes = rings(documents), 0, MOST_BYTES
    warnings: list[Problem] = []
    try:
        with progress("applied", len(documents)) as advance:
            while rest:
                whole = not done and fits(documents, most_bytes)
                together = next(cut(rest, len(documents) if whole else batch, most_bytes))
                part = [read for ring in together for read in ring]
                try:
                    saved = await save(client, part, reason)
                except TwinOverlayError as error:
                    if error.code != "BODY_TOO_LARGE" or len(together) == 1:
                        raise
                    most_bytes = sum(map(size, part)) // 2
                else:
                    rest = rest[len(together) :]
                    warnings += [Problem(**item) for item in saved["warnings"] if item["code"].startswith("ASSET")]
                    done += len(part)
                    advance(len(part))
    except BaseException:
        if done:
            say(f"stopped with {done} of {len(documents)} changes applied; run it again, and it goes on from there")
        raise
    return warnings


@contextmanager
def placing(documents: Sequence[Read]) -> Iterator[None]:
    """What is raised inside comes out with files for indices."""
    try:
        yield
    except TwinOverlayError as error:
        problems = placed(documents, error.problems)
        where = place(documents, error.path) if len(documents) == 1 or error.path else ""
        raise type(error)(
            error.message, code=error.code, hint=error.hint, path="" if problems else where, problems=problems
        ) from error


def placed(documents: Sequence[Read], problems: Iterable[Problem]) -> list[Problem]:
    return [Problem(item.code, item.message, place(documents, item.path), item.hint) for item in problems]


def place(documents: Sequence[Read], path: str) -> str:
    """`/3/properties/0` -> `plant/pumps.json#/1/properties/0`."""
    if len(documents) == 1:
        return documents[0].place.at(path)
    found = _INDEXED.fullmatch(path)
    if found is None or int(found[1]) >= len(documents):
        return path
    return documents[int(found[1])].place.at(found[2])
