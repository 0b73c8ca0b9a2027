"""What a script imports where it did not come from a folder: scripts that are kept, each under its file's name.

`import "pumps.dtsl";` means the script that is kept under `pumps.dtsl`, and what that one imports in turn. They are
checked and executed along, as files of one folder are; the text that was sent stands for itself, whatever is kept
under its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.dtsl.parse import MAX_SOURCE, imports_of
from app.model.names import is_identifier
from app.ports import ScriptStore


@dataclass(frozen=True, slots=True)
class Imported:
    texts: tuple[tuple[str, str], ...] = ()
    """Names and texts of what is imported, each once."""
    kept: Sequence[str] = ()
    """All that could have been; empty where nothing is imported."""
    through: dict[str, str] = field(default_factory=dict)
    """For each, the import of the script itself that brings it along."""
    too_large: frozenset[str] = frozenset()
    """The imports that bring along more than one script may have."""


async def imported(name: str, source: str, store: ScriptStore) -> Imported:
    """Raises Unavailable."""
    wanted = {each: each for each in imports_of(source)}
    if not wanted:
        return Imported()
    folder = name[: max(name.rfind("/"), name.rfind("\\")) + 1]
    found: dict[str, str] = {}
    through: dict[str, str] = {}
    too_large: set[str] = set()
    size = len(source)
    while wanted:
        texts = await store.scripts([each for each in wanted if is_identifier(each) and folder + each != name])
        following: dict[str, str] = {}
        for script_id, stored in texts.items():
            size += len(stored.source)
            if size > MAX_SOURCE:
                too_large.add(wanted[script_id])
                continue
            found[script_id], through[folder + script_id] = stored.source, wanted[script_id]
            for each in imports_of(stored.source):
                following.setdefault(each, wanted[script_id])
        wanted = {each: by for each, by in following.items() if each not in found}
    texts_found = tuple((folder + script_id, text) for script_id, text in found.items())
    return Imported(texts_found, await store.ids(), through, frozenset(too_large))
