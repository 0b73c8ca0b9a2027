"""Mutations of DTSL scripts: a text is executed, or kept under an id to be executed when somebody says so."""

from typing import Annotated

import strawberry

from app.api.context import Info
from app.api.inputs import DRY_RUN, EXPECTED, REASON, ExecuteDtslInput
from app.api.life import Input, reason_of
from app.api.payloads import ExecuteDtslPayload, planned
from app.api.types.problem import Diagnostic, diagnostic_of, refs, warnings_of
from app.api.types.script import DtslScript


@strawberry.input(description="A script to keep.")
class SaveDtslScriptInput:
    source: str = strawberry.field(description="Its text; it must be readable, but may name what is not there yet.")
    script_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Where it is kept, replacing what is there; where left out, that of the first thing it declares, "
        "and ALREADY_EXISTS if another text is kept there.",
    )
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A script to keep no longer.")
class DeleteDtslScriptInput:
    script_id: strawberry.ID = strawberry.field(description="The script.")
    expected_revision: int | None = strawberry.field(default=None, description=EXPECTED)
    reason: str | None = strawberry.field(default=None, description=REASON)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.type(description="A script that is kept now, or would be.")
class SaveDtslScriptPayload:
    script: DtslScript = strawberry.field(description="As it is now; of a dry run, as it would be.")
    changed: bool = strawberry.field(description="False where this very text was kept already.")
    diagnostics: list[Diagnostic] = strawberry.field(
        description="What is to be said of it against the definitions as they stand; names that are not there too."
    )
    dry_run: bool = strawberry.field(description="Whether nothing was changed because it was only tried.")


@strawberry.type(description="A script that is kept no longer; what executing it has made stays.")
class DeleteDtslScriptPayload:
    script: DtslScript = strawberry.field(description="As it was.")
    dry_run: bool = strawberry.field(description="Whether nothing was changed because it was only tried.")


@strawberry.type
class Scripting:
    @strawberry.mutation(
        description=(
            "Execute a DTSL script, given as a text or by the id it is kept under: what it declares replaces what "
            "there is, all of it or nothing. A script with errors is refused (DTSL_INVALID) with every one of them in "
            "`extensions.problems` (path: file:line:column) and, warnings included, with their ranges in "
            "`extensions.diagnostics`. SCRIPT_NOT_FOUND."
        )
    )
    async def execute_dtsl(self, info: Info, input: Annotated[ExecuteDtslInput, Input]) -> ExecuteDtslPayload:
        commands, actor = info.context.services.commands, info.context.actor()
        if input.script.source is not None and input.script.source is not strawberry.UNSET:
            source = input.script.source
            result = await commands.scripts.execute(
                source, actor, name=input.name or "script.dtsl", dry_run=input.dry_run
            )
        else:
            script_id = input.script.script_id or ""
            kept, result = await commands.stored_scripts.execute(script_id, actor, dry_run=input.dry_run)
            source = kept.source
        return ExecuteDtslPayload(
            created=refs(result.saved.created),
            updated=refs(result.saved.updated),
            unchanged=refs(result.saved.unchanged),
            warnings=warnings_of(result.saved.warnings),
            dry_run=input.dry_run,
            breaks=warnings_of(result.saved.breaks),
            changes=planned(result.saved),
            diagnostics=[diagnostic_of(item, source) for item in result.diagnostics],
        )

    @strawberry.mutation(
        description=(
            "Keep a DTSL script, new or in place of another; no definition is changed. DTSL_INVALID where it can't be "
            "read, SCRIPT_EMPTY, BAD_IDENTIFIER, ALREADY_EXISTS, REVISION_MOVED."
        )
    )
    async def save_dtsl_script(self, info: Info, input: Annotated[SaveDtslScriptInput, Input]) -> SaveDtslScriptPayload:
        kept = await info.context.services.commands.stored_scripts.save(
            input.source,
            info.context.actor(),
            script_id=input.script_id,
            reason=reason_of(input.reason),
            expected_revision=input.expected_revision,
            dry_run=input.dry_run,
        )
        return SaveDtslScriptPayload(
            script=DtslScript.of(kept.script),
            changed=kept.changed,
            diagnostics=[diagnostic_of(item, input.source) for item in kept.diagnostics],
            dry_run=input.dry_run,
        )

    @strawberry.mutation(
        description="Keep a DTSL script no longer; what executing it has made stays. SCRIPT_NOT_FOUND, REVISION_MOVED."
    )
    async def delete_dtsl_script(
        self, info: Info, input: Annotated[DeleteDtslScriptInput, Input]
    ) -> DeleteDtslScriptPayload:
        was = await info.context.services.commands.stored_scripts.delete(
            input.script_id,
            info.context.actor(),
            reason=reason_of(input.reason),
            expected_revision=input.expected_revision,
            dry_run=input.dry_run,
        )
        return DeleteDtslScriptPayload(script=DtslScript.of(was), dry_run=input.dry_run)
