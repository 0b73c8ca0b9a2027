"""DTSL scripts: checked as text, then saved like any other definitions.

Nothing of a script with an error is saved; its errors say file, line and column, and all of them are told at once.
Reading a script is done in a thread: a large one takes half a second, and telemetry must not wait for it.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.check_scripts import Checked, check_parsed, names_units
from app.commands.definitions import DefinitionCommands, Saved
from app.dtsl.findings import Diagnostic
from app.dtsl.format_script import Formatted, format_text
from app.dtsl.parse import parse_scripts
from app.errors import Invalid
from app.model import units
from app.model.definitions import Definition


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
    def __init__(self, definitions: DefinitionCommands) -> None:
        self._definitions = definitions

    async def execute(
        self, source: str, actor: Actor, *, name: str = "script.dtsl", dry_run: bool = False
    ) -> ScriptResult:
        """What the script declares replaces what there is. Raises ScriptInvalid, and what `save` raises."""
        checked = await self._without_errors(source, name)
        saved = await self._definitions.save_definitions(
            checked.definitions, actor, reason=f"script {name}", dry_run=dry_run
        )
        return ScriptResult(saved, checked.diagnostics)

    async def definitions(self, source: str, *, name: str = "script.dtsl") -> Sequence[Definition]:
        """What the script declares; changes nothing. Raises ScriptInvalid."""
        return (await self._without_errors(source, name)).definitions

    async def check(self, source: str, *, name: str = "script.dtsl") -> tuple[Diagnostic, ...]:
        """All that is to be said of it against the catalogue as it stands; changes nothing."""
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
        parsed = await asyncio.to_thread(parse_scripts, [(name, source)])
        if names_units(parsed):
            await asyncio.to_thread(units.prepare)  # two seconds, the first time
        return check_parsed(parsed, self._definitions.catalogue)[0]
