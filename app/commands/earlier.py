"""Earlier revisions as commands need them: to go back to, and to name what moved since a client read one.

What a conflict tells of them is a courtesy: where the graph can't be asked, it is told without.
"""

import json
from typing import Any

from app.commands.differences import differences
from app.commands.documents import KINDS
from app.errors import Conflict, NotFound, Problem, Unavailable
from app.model.change import RevisionRecord, StoredDefinition
from app.model.definitions import Kind, to_document
from app.ports import TwinStore

_LISTED = 50
_NAMED = 5
_SHOWN = 60


async def revision_moved(
    store: TwinStore, kind: Kind, id: str, stored: StoredDefinition | None, expected: int
) -> Conflict:
    """REVISION_MOVED; `problems` has each field (FIELD_MOVED) with its value at both revisions, 50 at most."""
    name = KINDS[kind][0]
    if stored is None:
        last = await _record(store, kind, id, None)
        gone = f" (deleted by {last.author} at revision {last.number})" if last is not None else ""
        return Conflict(
            f"{name} '{id}' is at revision 0, not {expected}: it does not exist{gone}",
            code="REVISION_MOVED",
            hint="expect revision 0 to create it",
        )
    message = f"{name} '{id}' is at revision {stored.revision}, not {expected}"
    then = await _record(store, kind, id, expected) if expected > 0 else None
    if then is None or not then.document:
        why = "" if expected == 0 else ", which it has no document of"
        return Conflict(message + why, code="REVISION_MOVED", hint="read it again and make your change on that")
    found = differences(json.loads(then.document), to_document(stored.definition))
    problems = [
        Problem(
            "FIELD_MOVED",
            f"{item.where} is {_cut(item.after, item.op == 'remove')} at revision {stored.revision} "
            f"and was {_cut(item.before, item.op == 'add')} at {expected}",
            item.path,
        )
        for item in found[:_LISTED]
    ]
    if len(found) > _LISTED:
        problems.append(Problem("FIELD_MOVED", f"and {len(found) - _LISTED} more"))
    names = ", ".join(item.where for item in found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
    what = f"{names} changed since, by {stored.updated_by}" if names else "the documents of both are the same"
    return Conflict(
        f"{message}: {what}",
        code="REVISION_MOVED",
        hint="read it again and make your change on that",
        problems=problems,
    )


async def earlier(store: TwinStore, kind: Kind, id: str, number: int) -> RevisionRecord:
    """One with a document. Raises NotFound (REVISION_NOT_FOUND), Conflict (REVISION_IS_DELETION), Unavailable."""
    found = await store.revisions(kind, id, first=1, before=number + 1)
    if not found or found[0].number != number:
        raise NotFound(
            f"there is no revision {number} of {KINDS[kind][0]} '{id}'",
            code="REVISION_NOT_FOUND",
            hint="`revisions` lists them",
            path="/toRevision",
        )
    if not found[0].document:
        raise Conflict(
            f"revision {number} of {KINDS[kind][0]} '{id}' is its deletion",
            code="REVISION_IS_DELETION",
            hint="delete it to have it gone, or name a revision with a document",
            path="/toRevision",
        )
    return found[0]


async def _record(store: TwinStore, kind: Kind, id: str, number: int | None) -> RevisionRecord | None:
    """The newest where no number is given."""
    try:
        found = await store.revisions(kind, id, first=1, before=None if number is None else number + 1)
    except Unavailable:
        return None
    return found[0] if found and number in (None, found[0].number) else None


def _cut(value: Any, missing: bool) -> str:
    if missing:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
