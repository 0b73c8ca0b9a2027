"""Uploading and deleting assets: who may not be surprised (preconditions), and who still points to what goes.

Files are no definitions: they have no revisions, and the audit says who changed one.
"""

import logging
from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.dependents import listed
from app.commands.documents import KINDS
from app.commands.noting import Noting
from app.commands.pointers import pointer, shown
from app.errors import Conflict, NotFound, Problem
from app.model.assets import Asset, references
from app.model.catalogue import Catalogue
from app.model.near import near
from app.off_loop import give_way
from app.ports import AssetStore, Inbox

log = logging.getLogger("twin_overlay.assets")
_BREATHE_EVERY = 1000


@dataclass(frozen=True, slots=True)
class Expected:
    """What must stand at a path for a change to happen: If-Match and If-None-Match."""

    one_of: tuple[str, ...] | None = None
    """ETags; `*` is any."""
    none_of: tuple[str, ...] = ()

    def check(self, asset: Asset | None) -> None:
        """Raises Conflict (ASSET_CHANGED)."""
        again = "read it again and decide anew"
        if self.one_of is not None and (asset is None or not {"*", asset.etag} & set(self.one_of)):
            now = f"its ETag is {asset.etag} now" if asset else "it is not there"
            raise Conflict(f"If-Match asks for another content: {now}", code="ASSET_CHANGED", hint=again)
        if asset is not None and {"*", asset.etag} & set(self.none_of):
            message = "it is there, and If-None-Match says it must not be"
            raise Conflict(message, code="ASSET_CHANGED", hint=again)


@dataclass(frozen=True, slots=True)
class Deleted:
    asset: Asset
    users: tuple[Problem, ...]
    """Who names it still; of a dry run, what would refuse the deletion."""


def paths_below(store: AssetStore, prefix: str) -> Sequence[str]:
    """Sorted; `prefix` as documents write it, or without the slash. From memory: ask `refresh` first."""
    paths, start = store.paths(), prefix.removeprefix("/")
    if not start:
        return paths
    low = bisect_left(paths, start)
    high = bisect_left(paths, True, lo=low, key=lambda path: not path.startswith(start))
    return paths[low:high]


class AssetCommands:
    def __init__(self, store: AssetStore, catalogue: Catalogue, inbox: Inbox) -> None:
        self.store = store
        self._catalogue = catalogue
        self._noting = Noting(inbox)

    async def save(
        self, path: str, content: AsyncIterator[bytes], actor: Actor, expected: Expected
    ) -> tuple[Asset, bool]:
        """Whether it is new. Raises Conflict (ASSET_CHANGED), and what the store raises."""
        async with self._noting.refusals("asset", actor, (_subject(path),)):
            asset, created = await self.store.save(path, content, expected.check)
        what = "added" if created else "replaced"
        log.info("asset /%s (%d bytes) %s by %s", path, asset.size, what, actor.name)
        await self._noting.done("asset", actor, (_subject(path),), what, {"size": asset.size, "etag": asset.etag})
        return asset, created

    async def delete(
        self, path: str, actor: Actor, expected: Expected, *, force: bool = False, dry_run: bool = False
    ) -> Deleted:
        """Raises NotFound (ASSET_NOT_FOUND), Conflict (ASSET_IN_USE with everyone who names it, unless `force`;
        ASSET_CHANGED), Unavailable."""
        async with self._noting.refusals("asset", actor, (_subject(path),), dry_run=dry_run):
            users = await self._users(path)
            if dry_run:
                await self.store.refresh()
                asset = self.store.find(path)
                if asset is None:
                    hint = near(f"/{path}", [f"/{known}" for known in self.store.paths()])
                    raise NotFound(f"there is no asset {shown('/' + path)}", code="ASSET_NOT_FOUND", hint=hint)
                expected.check(asset)
                return Deleted(asset, listed(users))

            def allowed(asset: Asset | None) -> None:
                expected.check(asset)
                if users and not force:
                    count = "1 definition names" if len(users) == 1 else f"{len(users)} definitions name"
                    raise Conflict(
                        f"{count} '/{path}': {users[0].message}",
                        code="ASSET_IN_USE",
                        hint="change those first, or say `force`",
                        problems=listed(users),
                    )

            asset = await self.store.delete(path, allowed)
        log.info("asset /%s deleted by %s", path, actor.name)
        await self._noting.done(
            "asset", actor, (_subject(path),), "deleted", {"size": asset.size, "etag": asset.etag, "users": len(users)}
        )
        return Deleted(asset, listed(users))

    async def _users(self, path: str) -> list[Problem]:
        found: list[Problem] = []
        for kind, (name, _) in KINDS.items():
            for number, stored in enumerate(list(self._catalogue.all(kind))):
                if number % _BREATHE_EVERY == _BREATHE_EVERY - 1:
                    await give_way()
                found += [
                    Problem("ASSET_IN_USE", f"{name} '{stored.id}' names it at {pointer(reference.at)}")
                    for reference in references(stored.definition)
                    if reference.path == path
                ][:1]
        return found


def _subject(path: str) -> str:
    return f"asset/{path}"
