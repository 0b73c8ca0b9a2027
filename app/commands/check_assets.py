"""Assets that a document names and that are not there: a warning, because files often come after the documents.

Among many documents each missing path is told once: 20,000 pumps with one model are one thing to do.
"""

from dataclasses import dataclass

from app.commands.documents import KINDS
from app.commands.pointers import pointer, shown
from app.errors import Problem, Unavailable
from app.model.assets import AssetReference, references
from app.model.definitions import Definition, id_of, kind_of
from app.model.near import near
from app.ports import AssetStore

_LISTED = 100
_SUGGESTED = 20
"""A suggestion looks at every path there is."""


@dataclass(slots=True)
class _Named:
    """A path, and where it was named first."""

    index: int
    definition: Definition
    reference: AssetReference
    count: int = 0


class NamedAssets:
    """Collects over the definitions of one request; asks once, at the end, whether they are there."""

    def __init__(self) -> None:
        self._named: dict[str, _Named] = {}

    def add(self, index: int, definition: Definition) -> None:
        for reference in references(definition):
            named = self._named.get(reference.path)
            if named is None:
                named = self._named[reference.path] = _Named(index, definition, reference)
            named.count += 1

    async def warnings(self, store: AssetStore, several: bool) -> list[Problem]:
        """With `several` definitions in the request, pointers begin with the index of the first that names it."""
        if not self._named:
            return []
        try:
            await store.refresh()
        except Unavailable as error:
            message = f"nobody knows whether the assets named here exist: {error.message}"
            return [Problem(error.code, message, "", error.hint)]
        missing = [named for path, named in self._named.items() if store.find(path) is None]
        found = []
        for number, named in enumerate(missing[:_LISTED]):
            message = f"there is no asset {shown(named.reference.written)}"
            if several:
                message = f"{KINDS[kind_of(named.definition)][0]} '{id_of(named.definition)}': {message}"
            if named.count > 1:
                message += f" (named in {named.count} places)"
            where = pointer((*((named.index,) if several else ()), *named.reference.at))
            hint = _near(named.reference.path, store) if number < _SUGGESTED else ""
            upload = f"PUT /api/v1/assets/{named.reference.path} uploads it"
            found.append(Problem("ASSET_MISSING", message, where, hint or upload))
        if len(missing) > _LISTED:
            found.append(Problem("ASSET_MISSING", f"and {len(missing) - _LISTED} more assets are not there"))
        return found


def _near(path: str, store: AssetStore) -> str:
    return near(f"/{path}", [f"/{known}" for known in store.paths()])
