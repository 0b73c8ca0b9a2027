"""Queries about scripts: what is wrong with a text and its canonical form, for editors, and scripts that are kept."""

from typing import Annotated

import strawberry

from app.api.connections import PAGES, After, Before
from app.api.context import Info
from app.api.types.problem import Diagnostic, diagnostic_of
from app.api.types.script import DtslScript, DtslScriptConnection, FirstScripts, LastScripts, script_page

Source = Annotated[str, strawberry.argument(description="The text of the script; at most 1,048,576 characters.")]
Name = Annotated[str, strawberry.argument(description="What diagnostics call it.")]


@strawberry.type(description="What is to be said of a script.")
class CheckedDtsl:
    valid: bool = strawberry.field(description="Whether it has no error; warnings are none.")
    diagnostics: list[Diagnostic] = strawberry.field(description="All of them, by place: errors, warnings, remarks.")


@strawberry.type(description="A script in its canonical form.")
class FormattedDtsl:
    text: str | None = strawberry.field(
        description="Comments kept; formatting it again changes nothing. Null for a script whose form has a fault."
    )
    diagnostics: list[Diagnostic] = strawberry.field(description="The faults of its form.")


@strawberry.type
class ScriptQueries:
    @strawberry.field(
        description=(
            "Check a DTSL script against the definitions as they stand, and change nothing. What executing it would "
            "do and break is told by executeDtsl with dryRun."
        )
    )
    async def check_dtsl(self, info: Info, source: Source, name: Name = "script.dtsl") -> CheckedDtsl:
        found = await info.context.services.commands.scripts.check(source, name=name)
        return CheckedDtsl(
            valid=not any(item.severity == "error" for item in found),
            diagnostics=[diagnostic_of(item, source) for item in found],
        )

    @strawberry.field(description="Format a DTSL script. Only its form is looked at, not the names in it.")
    async def format_dtsl(self, info: Info, source: Source, name: Name = "script.dtsl") -> FormattedDtsl:
        formatted = await info.context.services.commands.scripts.format(source, name=name)
        return FormattedDtsl(
            text=formatted.text, diagnostics=[diagnostic_of(item, source) for item in formatted.diagnostics]
        )

    @strawberry.field(description="A script that is kept; null where there is none of this id.")
    async def dtsl_script(
        self, info: Info, script_id: Annotated[strawberry.ID, strawberry.argument(description="The script.")]
    ) -> DtslScript | None:
        found = await info.context.services.commands.stored_scripts.find(script_id)
        return DtslScript.of(found) if found is not None else None

    @strawberry.field(description=f"Scripts that are kept, by id. {PAGES}, UNAVAILABLE.")
    async def dtsl_scripts(
        self,
        info: Info,
        first: FirstScripts = None,
        after: After = None,
        last: LastScripts = None,
        before: Before = None,
    ) -> DtslScriptConnection:
        ids = await info.context.services.commands.stored_scripts.ids()
        return await script_page(info, ids, first, after, last, before, "dtslScripts")
