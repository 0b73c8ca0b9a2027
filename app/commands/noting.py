"""What is done or refused beside the engine, told to the journal, so that the audit has it.

A command that the engine refuses is recorded with that; one that is refused before it comes there (an unknown name, a
property that is read-only, a revision that has moved) is recorded here. Texts are cut: a refusal must not cost more
than what it refuses.
"""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Literal

from app.commands.actor import Actor
from app.errors import Conflict, Invalid, NotFound, Refused, TwinOverlayError
from app.model.audit_kind import AuditKind
from app.model.events import Note
from app.model.values import Value
from app.ports import Inbox

log = logging.getLogger("twin_overlay.audit")
MAX_SUBJECTS = 20
MAX_TEXT = 1000


class Noting:
    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    @asynccontextmanager
    async def refusals(
        self,
        kind: AuditKind,
        actor: Actor,
        subjects: Iterable[str] = (),
        *,
        what: str = "",
        reason: str = "",
        dry_run: bool = False,
    ) -> AsyncIterator[None]:
        """Of what is done in it; none of a dry run. Raises what that raises, once it is recorded."""
        try:
            yield
        except (Invalid, NotFound, Conflict, Refused) as error:
            if not (dry_run or error.recorded):
                error.recorded = True
                await self._note(kind, "refused", actor, subjects, what, reason, error.code, error.message)
            raise

    async def done(
        self, kind: AuditKind, actor: Actor, subjects: Iterable[str], what: str, details: dict[str, Value]
    ) -> None:
        await self._note(kind, "done", actor, subjects, what, "", "", "", details)

    async def _note(
        self,
        kind: AuditKind,
        outcome: Literal["done", "refused"],
        actor: Actor,
        subjects: Iterable[str],
        what: str,
        reason: str,
        code: str,
        message: str,
        details: dict[str, Value] | None = None,
    ) -> None:
        """Never raises of its own: what was done is done, and what was refused is told to whoever asked."""
        note = Note(
            kind,
            outcome,
            actor.name,
            actor.origin,
            tuple(_cut(item) for item in tuple(dict.fromkeys(subjects))[:MAX_SUBJECTS]),
            _cut(what),
            _cut(reason),
            code,
            _cut(message),
            details or {},
        )
        try:
            await self._inbox.submit(note)
        except TwinOverlayError as error:
            log.error("the audit lacks a %s that was %s by %s: %s", kind, outcome, actor.name, error.message)


def _cut(text: str) -> str:
    """What no record can hold (half a surrogate pair) is replaced."""
    short = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    return short.encode("utf-8", "replace").decode()
