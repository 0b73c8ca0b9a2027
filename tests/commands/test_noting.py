"""What is noted for the audit of a refusal: whatever was named, it can be recorded, and the refusal itself stands."""

import pytest

from app.commands.actor import Actor
from app.commands.noting import Noting
from app.errors import NotFound, Unavailable
from app.model.events import Input, Note, Outcome
from tests.commands.ports import FakeInbox

ANN = Actor("ann", "cli")


async def refused(noting: Noting, *subjects: str) -> None:
    async with noting.refusals("write", ANN, subjects, what="x" * 5000):
        raise NotFound("there is none", code="TWIN_NOT_FOUND")


async def test_what_no_record_can_hold_is_cut_and_replaced() -> None:
    inbox = FakeInbox()
    with pytest.raises(NotFound):
        await refused(Noting(inbox), "twin/\ud800", *(f"twin/{number}" for number in range(50)))
    (note,) = inbox.inputs
    assert isinstance(note, Note)
    assert (note.by, note.origin.via, note.code, note.message) == ("ann", "cli", "TWIN_NOT_FOUND", "there is none")
    assert (note.subjects[0], len(note.subjects), len(note.what)) == ("twin/?", 20, 1000)


async def test_a_refusal_stands_where_it_cannot_be_recorded() -> None:
    inbox = FakeInbox()

    def fail(_: Input) -> Outcome:
        raise Unavailable("the disk is full")

    inbox.answer = fail
    with pytest.raises(NotFound):
        await refused(Noting(inbox), "twin/a")
