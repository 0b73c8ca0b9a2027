"""Every definition of a running server, page by page, as of one catalogue revision.

Pages of a catalogue that moves would be a mixture of two states, so the revision is read with each page and once more
at the end; where it moved, reading begins again. What comes with the program (its revision is 0) is nobody's document
and is left out.
"""

from collections.abc import Callable
from typing import Any

from app.bulk.kinds import KINDS, BulkKind
from app.bulk.progress import progress
from app.client import GraphqlClient
from app.commands.documents import named, read_document
from app.errors import Conflict, Invalid
from app.model.definitions import Definition, Kind

PAGE = 100
"""Definitions asked for at once: the server makes each page in one turn of its loop, 5 ms."""
TRIES = 5


def _all(item: BulkKind, arguments: str = "") -> str:
    """The field with its arguments, none of its definitions left out."""
    given = ", ".join(text for text in (arguments, item.every) if text)
    return f"{item.field}({given})" if given else item.field


_REVISION = "{ server { catalogueRevision } }"
_COUNTS = "{ server { catalogueRevision } " + " ".join(f"{_all(item)} {{ totalCount }}" for item in KINDS) + " }"
Took = Callable[[Kind, list[Definition]], None]


class _Moved(Exception):
    """Somebody changed definitions meanwhile."""


async def read_definitions(
    client: GraphqlClient, what: str, begin: Callable[[], None], took: Took, say: Callable[[str], None]
) -> tuple[int, int]:
    """Hands all of them over to `took`, by kind and id, after `begin`, which is called again (and `say` told) where
    reading begins again. The catalogue revision, and how many they are; `what` stands before the progress. Raises
    Conflict (CATALOGUE_MOVED) where they change all the time, Invalid (SERVER_IS_NEWER)."""
    for _ in range(TRIES):
        begin()
        try:
            return await _read(client, what, took)
        except _Moved:
            say("definitions were changed meanwhile: reading them again")
    raise Conflict(
        f"definitions were changed each of the {TRIES} times that they were read",
        code="CATALOGUE_MOVED",
        hint="try again when nobody is saving",
    )


async def _read(client: GraphqlClient, what: str, took: Took) -> tuple[int, int]:
    counts = await client.execute(_COUNTS)
    revision = int(counts["server"]["catalogueRevision"])
    count = 0
    with progress(what, sum(counts[item.field]["totalCount"] for item in KINDS)) as advance:
        for item in KINDS:
            after: str | None = None
            while True:
                page = await _page(client, item, revision, after)
                saved = [node["document"] for node in page["nodes"] if node["revision"]]
                took(item.kind, [_definition(item.kind, document) for document in saved])
                count += len(saved)
                advance(len(page["nodes"]))
                if not page["pageInfo"]["hasNextPage"]:
                    break
                after = page["pageInfo"]["endCursor"]
    if int((await client.execute(_REVISION))["server"]["catalogueRevision"]) != revision:
        raise _Moved
    return revision, count


async def _page(client: GraphqlClient, item: BulkKind, revision: int, after: str | None) -> dict[str, Any]:
    query = (
        "query Page($after: String) { server { catalogueRevision } "
        f"page: {_all(item, f'first: {PAGE}, after: $after')} "
        "{ nodes { document revision } pageInfo { hasNextPage endCursor } } }"
    )
    data = await client.execute(query, {"after": after})
    if int(data["server"]["catalogueRevision"]) != revision:
        raise _Moved
    page: dict[str, Any] = data["page"]
    return page


def _definition(kind: Kind, document: dict[str, Any]) -> Definition:
    definition, problems = read_document(kind, document)
    if definition is None:
        raise Invalid(
            f"the server's {named(kind, document)} is not understood here",
            code="SERVER_IS_NEWER",
            hint="use the version of twin-overlay that the server has",
            problems=problems,
        )
    return definition
