"""`twin-overlay export`: every definition of a running server, as files that `apply` takes.

All of them are as of one catalogue revision, which the manifest names.
"""

from collections.abc import Callable
from pathlib import Path

from app.bulk.forms import Form
from app.bulk.server import read_definitions
from app.bulk.tree import Tree
from app.client import GraphqlClient


async def export(
    client: GraphqlClient, folder: Path, *, form: Form, force: bool, say: Callable[[str], None]
) -> list[str]:
    """What was done, a line each; `say` tells what happens meanwhile. Raises what Tree and read_definitions do, and
    what the client does; then nothing in the folder is different."""
    tree = Tree(folder, form=form, force=force)
    try:
        revision, total = await read_definitions(client, "exported", tree.begin, tree.add, say)
        changed, gone = tree.finish(revision)
    finally:
        tree.abandon()
    return [
        f"exported: {total} definitions at catalogue revision {revision} to {folder}",
        f"files: {changed} written, {gone} removed",
    ]
