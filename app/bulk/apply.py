"""`twin-overlay apply`: files and folders on disk to definitions of a running server.

What fits into one request is one transaction, so that types, twins and overlays that need each other arrive whole or
not at all. More goes in batches, each a transaction, in the order of dependence; the set is checked as a whole first
(plan.py). The scripts follow, in the order given, each a transaction.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.bulk.batches import MOST_BYTES, fits, ordered
from app.bulk.plan import Plan, image, plan
from app.bulk.reading import Read, read_paths
from app.bulk.report import differing, listed, refs, warnings
from app.bulk.sending import placed, placing, save, save_all
from app.client import GraphqlClient
from app.commands.check_scripts import check_script
from app.errors import Invalid, Problem, TwinOverlayError

EXECUTE = """
mutation Execute($source: String!, $name: String) {
  executeDtsl(input: {source: $source, name: $name}) {
    created { kind id } updated { kind id } unchanged { kind id }
    diagnostics { severity rendered }
  }
}
"""
BATCH = 500
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    reason: str = ""
    batch: int = BATCH
    """Documents of one transaction, where there are several."""
    dry_run: bool = False


async def apply(client: GraphqlClient, paths: Sequence[Path], options: Options, say: Say) -> list[str]:
    """What was done, a line each; `say` tells what happens meanwhile. Raises Invalid or Conflict with every problem,
    each with its file, before anything is sent where that can be known, and what the client does."""
    found = read_paths(paths)
    documents = ordered(found.documents)
    if options.dry_run:
        return await _would(client, documents, found.scripts, say)
    lines = await _save(client, documents, options, say) if documents else []
    for file, source in found.scripts:
        data = await client.execute(EXECUTE, {"source": source, "name": file.name})
        result = data["executeDtsl"]
        for what in ("created", "updated", "unchanged"):
            lines += listed(what, refs(result[what]))
        lines += [item["rendered"] for item in result["diagnostics"]]
    return lines


async def _save(client: GraphqlClient, documents: Sequence[Read], options: Options, say: Say) -> list[str]:
    if fits(documents, MOST_BYTES):
        try:
            saved = await save(client, documents, options.reason)
        except TwinOverlayError as error:
            if error.code != "BODY_TOO_LARGE" or len(documents) == 1:
                raise
        else:
            lines = [line for what in ("created", "updated", "unchanged") for line in listed(what, refs(saved[what]))]
            return [*lines, *warnings([Problem(**item) for item in saved["warnings"]])]
    planned = await _planned(client, documents, say)
    changed = {*planned.created, *planned.updated}
    sent = [read for read in documents if read.key in changed]
    of_assets = await save_all(client, sent, options.reason, options.batch, say)
    return [
        *listed("created", planned.created),
        *listed("updated", list(planned.updated)),
        *listed("unchanged", planned.unchanged),
        *warnings([*placed(documents, planned.warnings), *of_assets]),
    ]


async def _planned(client: GraphqlClient, documents: Sequence[Read], say: Say) -> Plan:
    with placing(documents):
        return await plan(await image(client, say), [read.definition for read in documents])


async def _would(
    client: GraphqlClient, documents: Sequence[Read], scripts: Sequence[tuple[Path, str]], say: Say
) -> list[str]:
    """The scripts are tried on what the documents, and the scripts before, would leave."""
    planned = await _planned(client, documents, say)
    lines = [*_plan_lines(planned), *warnings(placed(documents, planned.warnings))]
    for file, source in scripts:
        checked = check_script(source, planned.after, file.name)
        errors = [item.problem() for item in checked.diagnostics if item.severity == "error"]
        if errors:
            raise Invalid.of(errors, f"script '{file.name}'", code="DTSL_INVALID")
        planned = await plan(planned.after, checked.definitions)
        lines += [*_plan_lines(planned), *warnings([item.problem() for item in checked.diagnostics])]
    return lines


def _plan_lines(planned: Plan) -> list[str]:
    lines = list(listed("would create", planned.created))
    for (kind, id), changes in planned.updated.items():
        lines += [f"would update: {kind} {id}", *differing(changes)]
    return [*lines, *listed("unchanged", planned.unchanged)]
