"""What a request brings, read and checked as a whole: every problem of every document is told at once.

Among several documents each problem says whose it is, in words and in its pointer; a single one's pointers are into it.
"""

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.commands.check_assets import NamedAssets
from app.commands.check_units import needs_library
from app.commands.checks import check
from app.commands.documents import KINDS, named, read_document
from app.commands.draft import Draft, Key
from app.commands.json_limits import limit_problems
from app.errors import Invalid, Problem
from app.model import units
from app.model.change import StoredDefinition
from app.model.definitions import Definition, Kind, id_of, kind_of, to_document
from app.off_loop import give_way
from app.ports import AssetStore

_BREATHE_EVERY = 20
"""Documents between two turns of the event loop, 2 ms: telemetry goes on while thousands are checked."""


def key_of(definition: Definition) -> Key:
    return kind_of(definition), id_of(definition)


def is_stored(definition: Definition, stored: StoredDefinition | None) -> bool:
    """By content as JSON has it: Python holds 1, 1.0 and True equal, a document does not."""
    return stored is not None and _text(stored.definition) == _text(definition)


def _text(definition: Definition) -> str:
    return json.dumps(to_document(definition), sort_keys=True)


async def read_documents(documents: Sequence[tuple[Kind, Mapping[str, Any]]]) -> list[Definition]:
    """Raises Invalid (DOCUMENT_INVALID) with the problems of all documents."""
    definitions: list[Definition] = []
    problems: list[Problem] = []
    for index, (kind, document) in enumerate(documents):
        if index % _BREATHE_EVERY == _BREATHE_EVERY - 1:
            await give_way()
        if kind not in KINDS:
            hint = f"known are {', '.join(KINDS)}"
            problems.append(Problem("UNKNOWN_KIND", f"there is no kind of definition '{kind}'", f"/{index}", hint))
            continue
        definition, wrong = read_document(kind, document)
        if definition is not None:
            definitions.append(definition)
        else:
            problems += _told(wrong, index, len(documents), named(kind, document))
    if problems:
        what = named(*documents[0]) if len(documents) == 1 and documents[0][0] in KINDS else "the request"
        raise Invalid.of(problems, what, code="DOCUMENT_INVALID")
    return definitions


async def checked(draft: Draft, definitions: Sequence[Definition], assets: AssetStore) -> tuple[Problem, ...]:
    """The warnings. Raises Invalid (DEFINITION_INVALID) with the problems of all definitions."""
    warnings = await checked_together(draft, definitions)
    named = NamedAssets()
    for index, item in enumerate(definitions):
        named.add(index, item)
    return (*warnings, *await named.warnings(assets, several=len(definitions) > 1))


async def checked_together(draft: Draft, definitions: Sequence[Definition]) -> tuple[Problem, ...]:
    """As `checked`, for what definitions alone can tell."""
    if needs_library(definitions):
        await asyncio.to_thread(units.prepare)  # two seconds, the first time
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for index, item in enumerate(definitions):
        if index % _BREATHE_EVERY == _BREATHE_EVERY - 1:
            await give_way()
        found = check(draft, item)
        problems += told(found.problems, index, len(definitions), item)
        warnings += told(found.warnings, index, len(definitions), item)
    if problems:
        what = _named(definitions[0]) if len(definitions) == 1 else "the request"
        raise Invalid.of(problems, what, code="DEFINITION_INVALID")
    return tuple(warnings)


def told(problems: Iterable[Problem], index: int, count: int, definition: Definition) -> list[Problem]:
    """Of one of several definitions; see `_told`."""
    return _told(problems, index, count, _named(definition)) if problems else []


def _told(problems: Iterable[Problem], index: int, count: int, name: str) -> list[Problem]:
    """As they are for a single document; among several each says whose it is, in words and in its pointer."""
    if count == 1:
        return list(problems)
    return [Problem(item.code, f"{name}: {item.message}", f"/{index}{item.path}", item.hint) for item in problems]


def refuse_twice(definitions: Sequence[Definition]) -> None:
    seen: dict[Key, int] = {}
    problems = []
    for index, item in enumerate(definitions):
        first = seen.setdefault(key_of(item), index)
        if first != index:
            message = f"{_named(item)} is there twice, first as number {first}"
            problems.append(Problem("DUPLICATE_DOCUMENT", message, f"/{index}", "leave one of them out"))
    if problems:
        raise Invalid.of(problems, "the request", code="DOCUMENT_INVALID")


def unfit(kind: Kind, id: str, patch: Mapping[str, Any]) -> list[Problem]:
    problems, _ = limit_problems(patch)
    name, field = KINDS[kind]
    if not problems and patch.get(field, id) != id:
        return [
            Problem("ID_MISMATCH", f"this is not '{id}'", f"/{field}", f"an id stays; save a new {name} for another")
        ]
    return problems


def _named(definition: Definition) -> str:
    kind, id = key_of(definition)
    return f"{KINDS[kind][0]} '{id}'"
