"""`twin-overlay apply`: files and folders on disk to definitions of a running server.

What fits into one request is one transaction, so that types, twins and overlays that need each other arrive whole or
not at all, be they written as documents or in scripts (scripts.py). More goes in batches, each a transaction, in the
order of dependence; the set is checked as a whole first (plan.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.bulk.batches import MOST_BYTES, fits, ordered
from app.bulk.plan import Plan, image, plan
from app.bulk.reading import Read, read_paths
from app.bulk.report import differing, listed, refs, warnings
from app.bulk.scripts import Meant, meant_by_scripts, without_said
from app.bulk.sending import placed, placing, save, save_all
from app.client import GraphqlClient
from app.errors import Problem, TwinOverlayError

BATCH = 50
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
    meant = meant_by_scripts(found, await image(client, say)) if found.scripts else Meant((), ())
    documents = ordered([*found.documents, *meant.documents])
    if options.dry_run:
        return [*await _would(client, documents, say), *meant.remarks]
    return [*(await _save(client, documents, options, say) if documents else ()), *meant.remarks]


async def _save(client: GraphqlClient, documents: Sequence[Read], options: Options, say: Say) -> list[str]:
    if fits(documents, MOST_BYTES):
        try:
            saved = await save(client, documents, options.reason)
        except TwinOverlayError as error:
            if error.code != "BODY_TOO_LARGE" or len(documents) == 1:
                raise
        else:
            lines = [line for what in ("created", "updated", "unchanged") for line in listed(what, refs(saved[what]))]
            return [*lines, *warnings(without_said([Problem(**item) for item in saved["warnings"]], documents))]
    planned = await _planned(client, documents, say)
    changed = {*planned.created, *planned.updated}
    sent = [read for read in documents if read.key in changed]
    of_assets = await save_all(client, sent, options.reason, options.batch, say)
    return [
        *listed("created", planned.created),
        *listed("updated", list(planned.updated)),
        *listed("unchanged", planned.unchanged),
        *warnings([*without_said(placed(documents, planned.warnings), documents), *of_assets]),
    ]


async def _planned(client: GraphqlClient, documents: Sequence[Read], say: Say) -> Plan:
    with placing(documents):
        return await plan(await image(client, say), [read.definition for read in documents])


async def _would(client: GraphqlClient, documents: Sequence[Read], say: Say) -> list[str]:
    planned = await _planned(client, documents, say)
    return [*_plan_lines(planned), *warnings(without_said(placed(documents, planned.warnings), documents))]


def _plan_lines(planned: Plan) -> list[str]:
    lines = list(listed("would create", planned.created))
    for (kind, id), changes in planned.updated.items():
        lines += [f"would update: {kind} {id}", *differing(changes)]
    return [*lines, *listed("unchanged", planned.unchanged)]
