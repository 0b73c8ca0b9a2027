"""DTSL scripts: checked as text, then saved like any other definitions.

Nothing of a script with an error is saved; its errors say file, line and column, and all of them are told at once.
Telemetry must not wait for a large script: reading and checking one, a second of work, is done a little at a time on
the loop, which alone may look into the catalogue. (A thread would take the interpreter from the loop at every message
it reads; a process of its own would need the catalogue sent to it, and 40 MB kept ready for those who send large
scripts.)

What a script imports is kept here too (imported.py) and goes with it: one change, or none where any of them has errors.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from app.commands.actor import Actor
from app.commands.check_scripts import Checked, CheckInTurns, check_parsed, names_units
from app.commands.definitions import DefinitionCommands, Saved
from app.commands.imported import Imported, imported
from app.dtsl import diagnostics
from app.dtsl.findings import Diagnostic
from app.dtsl.format_script import Formatted, format_text
from app.dtsl.parse import Parsed, ParseInTurns
from app.errors import Invalid
from app.model import units
from app.model.catalogue import Catalogue
from app.model.definitions import Definition
from app.off_loop import in_turns, unlooked
from app.ports import ScriptStore

_TRIES = 3


@dataclass(frozen=True, slots=True)
class ScriptResult:
    saved: Saved
    diagnostics: tuple[Diagnostic, ...]
    """Warnings and remarks; there are no errors here."""


class ScriptInvalid(Invalid):
    """The script has errors; `diagnostics` has them with their ranges, and the warnings too."""

    default_code = "DTSL_INVALID"
    diagnostics: Sequence[Diagnostic] = ()


class ScriptCommands:
    def __init__(self, definitions: DefinitionCommands, kept: ScriptStore) -> None:
        self._definitions = definitions
        self._kept = kept
        self.noting = definitions.noting

    async def execute(
        self, source: str, actor: Actor, *, name: str = "script.dtsl", dry_run: bool = False
    ) -> ScriptResult:
        """What the script and its imports declare replaces what there is. Raises ScriptInvalid, and what `save`
        raises."""
        async with self.noting.refusals("definition", actor, reason=f"script {name}", dry_run=dry_run):
            with unlooked():
                checked = await self._without_errors(source, name)
            saved = await self._definitions.save_definitions(
                checked.definitions, actor, reason=f"script {name}", dry_run=dry_run
            )
        return ScriptResult(saved, checked.diagnostics)

    async def definitions(self, source: str, *, name: str = "script.dtsl") -> Sequence[Definition]:
        """What the script and its imports declare; changes nothing. Raises ScriptInvalid."""
        with unlooked():
            return (await self._without_errors(source, name)).definitions

    async def check(self, source: str, *, name: str = "script.dtsl") -> tuple[Diagnostic, ...]:
        """All that is to be said of it against the catalogue as it stands; changes nothing."""
        with unlooked():
            return (await self._checked(source, name)).diagnostics

    async def format(self, source: str, *, name: str = "script.dtsl") -> Formatted:
        return await asyncio.to_thread(format_text, source, name)

    async def _without_errors(self, source: str, name: str) -> Checked:
        checked = await self._checked(source, name)
        problems = [item.problem() for item in checked.diagnostics if item.severity == "error"]
        if problems:
            error = ScriptInvalid.of(problems, f"script '{name}'", code="DTSL_INVALID")
            error.diagnostics = checked.diagnostics
            raise error
        return checked

    async def _checked(self, source: str, name: str) -> Checked:
        along = await imported(name, source, self._kept)
        parsed = await parsed_in_turns([*along.texts, (name, source)])
        if names_units(parsed):
            await asyncio.to_thread(units.prepare)  # two seconds, the first time
        *others, itself = await self._checked_in_turns(parsed, along)
        return _together(itself, parsed[-1], others, along)

    async def _checked_in_turns(self, parsed: Sequence[Parsed], along: Imported) -> Sequence[Checked]:
        """Begun again where definitions changed meanwhile; where they do all the time, done at once."""
        catalogue = self._definitions.catalogue
        for _ in range(_TRIES):
            revision = catalogue.revision
            check = CheckInTurns(parsed, catalogue, along.kept)
            await in_turns(_while_standing(catalogue, revision, check))
            if catalogue.revision == revision:
                return check.answers
        return check_parsed(parsed, catalogue, along.kept)


async def parsed_in_turns(scripts: Sequence[tuple[str, str]]) -> Sequence[Parsed]:
    """By name and text."""
    parse = ParseInTurns(scripts)
    await in_turns(parse.turns())
    return parse.answers


def _while_standing(catalogue: Catalogue, revision: int, check: CheckInTurns) -> Iterator[None]:
    for _ in check.turns():
        yield
        if catalogue.revision != revision:
            return


def _together(itself: Checked, parsed: Parsed, others: Sequence[Checked], along: Imported) -> Checked:
    """Errors of what is imported are told where it is: the text that was sent is the one that its author looks at."""
    because: dict[str, str] = {each: diagnostics.imports_too_much() for each in along.too_large}
    for checked in others:
        errors = [item for item in checked.diagnostics if item.severity == "error"]
        if errors:
            first = errors[0]
            why = diagnostics.has_errors(first.path, first.code, first.message, len(errors))
            because.setdefault(along.through[first.file], why)
    found = [
        Diagnostic.of(diagnostics.no_import(item.file, because[item.file]), parsed.source, item.span)
        for item in parsed.script.imports
        if item.file in because
    ]
    if not found and not any(item.severity == "error" for item in itself.diagnostics):
        every = (*others, itself)
        made = tuple(definition for each in every for definition in each.definitions)
        return replace(itself, definitions=made, places=tuple(place for each in every for place in each.places))
    better = {(item.code, item.offset) for item in found}
    others_said = [item for item in itself.diagnostics if (item.code, item.offset) not in better]
    told = sorted([*others_said, *found], key=lambda item: (item.line, item.column))
    return replace(itself, definitions=(), diagnostics=tuple(told))
