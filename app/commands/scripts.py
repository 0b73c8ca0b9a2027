"""DTSL scripts: checked as text, then saved like any other definitions.

Nothing of a script with an error is saved; its errors say file, line and column, and all of them are told at once.
"""

from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands, Saved
from app.dtsl.check import check_script
from app.dtsl.findings import Diagnostic
from app.errors import Invalid


@dataclass(frozen=True, slots=True)
class ScriptResult:
    saved: Saved
    diagnostics: tuple[Diagnostic, ...]
    """Warnings and remarks; there are no errors here."""


class ScriptCommands:
    def __init__(self, definitions: DefinitionCommands) -> None:
        self._definitions = definitions

    async def execute(
        self, source: str, actor: Actor, *, name: str = "script.dtsl", dry_run: bool = False
    ) -> ScriptResult:
        """What the script declares replaces what there is. Raises Invalid (DTSL_INVALID), and what `save` raises."""
        checked = check_script(source, self._definitions.catalogue, name)
        if any(item.severity == "error" for item in checked.diagnostics):
            problems = [item.problem() for item in checked.diagnostics if item.severity == "error"]
            raise Invalid.of(problems, f"script '{name}'", code="DTSL_INVALID")
        saved = await self._definitions.save_definitions(
            checked.definitions, actor, reason=f"script {name}", dry_run=dry_run
        )
        return ScriptResult(saved, checked.diagnostics)
