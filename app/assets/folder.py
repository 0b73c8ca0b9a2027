"""A folder of assets on disk, with an index of it in memory.

Uploads keep the index; files that somebody copies into the folder by hand are found by looking through it again, which
`refresh` does where the last look is older than a second. Serving asks the disk, never the index. Symbolic links are
not followed, and names that begin with a dot are not there: `.uploads` holds what is still being written.
"""

import asyncio
import contextlib
import errno
import hashlib
import logging
import os
import stat
import time
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from app.errors import Conflict, Invalid, Misconfigured, NotFound, Refused, TwinOverlayError, Unavailable
from app.model.assets import NAME_RULE, Asset, path_fault
from app.model.near import near
from app.ports import Allowed
from app.settings import AssetSettings

log = logging.getLogger("twin_overlay.assets")
_UPLOADS = ".uploads"
_CHUNK = 1024 * 1024
_NOT_THERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENAMETOOLONG, errno.ENXIO)
_FULL = (errno.ENOSPC, errno.EDQUOT)
_FORGOTTEN_SECONDS = 24 * 3600.0
"""An upload that was not touched for so long was cut off by a crash; another server may share the folder."""
_LATEST = 253_402_300_799 * 1_000_000
"""The last moment of the year 9999; some file systems hold later ones, no calendar does."""
_IN_THE_WAY = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOTEMPTY)


class AssetFolder:
    """Implements ports.AssetStore."""

    def __init__(
        self,
        root: Path,
        settings: AssetSettings,
        *,
        fresh_seconds: float = 1.0,
        flush: Callable[[BinaryIO], None] | None = None,
    ) -> None:
        """Makes the folder where there is none; how files reach the disk can be given for fault tests. Raises
        Misconfigured (ASSETS_DIR_UNUSABLE)."""
        try:
            root.mkdir(parents=True, exist_ok=True)
            self._root = root.resolve(strict=True)
            os.listdir(self._root)
            _forget_old(self._root / _UPLOADS)
        except OSError as error:
            raise Misconfigured(
                f"{root} can't be used as the folder of assets: {error.strerror}",
                code="ASSETS_DIR_UNUSABLE",
                hint="set TWIN_OVERLAY_ASSETS__DIR to a folder that the server may read and write",
            ) from error
        self._settings = settings
        self._fresh_seconds = fresh_seconds
        self._flush = flush or _flush
        self._found: dict[str, Asset] = {}
        self._sorted: list[str] | None = None
        self._total = 0
        """Bytes of all that was found."""
        self._looked: float | None = None
        self._strange: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()
        self._incoming = 0
        """Bytes of uploads that are not in their place yet."""

    # ------------------------------------------------------------ from memory

    async def refresh(self) -> None:
        if self._is_fresh():
            return
        async with self._lock:
            if not self._is_fresh():
                await self._look()

    def find(self, path: str) -> Asset | None:
        return self._found.get(path)

    def paths(self) -> Sequence[str]:
        if self._sorted is None:
            self._sorted = sorted(self._found)
        return self._sorted

    def _is_fresh(self) -> bool:
        return self._looked is not None and time.monotonic() - self._looked < self._fresh_seconds

    async def _look(self) -> None:
        began = time.monotonic()
        try:
            found, strange = await asyncio.to_thread(_look_through, self._root)
        except OSError as error:
            raise _unavailable("looked through", error) from error
        if found != self._found:
            self._found, self._sorted = found, None
            self._total = sum(asset.size for asset in found.values())
        self._looked = began
        if strange - self._strange:
            log.warning(
                "%d files among the assets have names that can't be served, such as %r", len(strange), min(strange)
            )
        self._strange = strange

    # ------------------------------------------------------------ from disk

    async def open(self, path: str) -> tuple[Asset, BinaryIO] | None:
        if path_fault(path) is not None:
            return None
        try:
            return await asyncio.to_thread(self._open, path)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise _unavailable("read", error) from error

    def _open(self, path: str) -> tuple[Asset, BinaryIO] | None:
        place = self._root / path
        if os.path.realpath(place) != str(place):
            return None  # a symbolic link on the way
        file = os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            file.close()
            return None
        return _asset(path, status), file

    # ------------------------------------------------------------ changes

    async def save(self, path: str, content: AsyncIterator[bytes], allowed: Allowed) -> tuple[Asset, bool]:
        fault = path_fault(path)
        if fault is not None:
            raise Invalid(f"this is no path for an asset: {fault}", code="ASSET_NAME_INVALID", hint=NAME_RULE)
        before = await asyncio.to_thread(self._standing, path)
        allowed(before)  # and again when it takes its place; a client need not send what is refused already
        await self.refresh()
        temporary = self._root / _UPLOADS / uuid.uuid4().hex
        taken = 0
        try:
            file = await asyncio.to_thread(_create, temporary)
            try:
                async for part in _gathered(content):
                    taken += len(part)
                    self._incoming += len(part)
                    self._refuse_size(taken)
                    self._refuse_total(self._total + self._incoming - (before.size if before else 0))
                    await asyncio.to_thread(file.write, part)
                await asyncio.to_thread(self._flush, file)
            finally:
                file.close()
            async with self._lock:
                return await self._place(path, temporary, taken, allowed)
        except OSError as error:
            raise _unwritten(path, error) from error
        finally:
            self._incoming -= taken
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    async def delete(self, path: str, allowed: Allowed) -> Asset:
        async with self._lock:
            asset = await asyncio.to_thread(self._standing, path) if path_fault(path) is None else None
            if asset is None:
                await self._look()
                hint = near(f"/{path}", [f"/{known}" for known in self.paths()])
                raise NotFound(f"there is no asset '/{path[:200]}'", code="ASSET_NOT_FOUND", hint=hint)
            allowed(asset)
            try:
                await asyncio.to_thread(self._remove, path)
            except OSError as error:
                raise _unwritten(path, error) from error
            self._keep(path, None)
            return asset

    def _refuse_size(self, taken: int) -> None:
        most = self._settings.max_file_bytes
        if taken > most:
            raise Invalid(
                f"the file is larger than {most} bytes",
                code="ASSET_TOO_LARGE",
                hint="send a smaller one, or raise TWIN_OVERLAY_ASSETS__MAX_FILE_BYTES",
            )

    def _refuse_total(self, total: int) -> None:
        most = self._settings.max_total_bytes
        if total > most:
            raise Refused(
                f"the assets would have more than {most} bytes together",
                code="ASSETS_FULL",
                hint="delete some, or raise TWIN_OVERLAY_ASSETS__MAX_TOTAL_BYTES",
            )

    async def _place(self, path: str, temporary: Path, size: int, allowed: Allowed) -> tuple[Asset, bool]:
        before = await asyncio.to_thread(self._standing, path)
        allowed(before)
        self._refuse_total(self._total + size - (before.size if before else 0))
        asset = await asyncio.to_thread(self._move, temporary, path)
        self._keep(path, asset)
        return asset, before is None

    def _standing(self, path: str) -> Asset | None:
        place = self._root / path
        try:
            status = os.lstat(place)
        except OSError:
            return None
        linked = os.path.realpath(place) != str(place)
        return _asset(path, status) if stat.S_ISREG(status.st_mode) and not linked else None

    def _move(self, temporary: Path, path: str) -> Asset:
        place = self._root / path
        try:
            made = not place.parent.exists()
            place.parent.mkdir(parents=True, exist_ok=True)
            if os.path.realpath(place.parent) != str(place.parent):
                raise NotADirectoryError(errno.ENOTDIR, "a symbolic link is in the way")
            os.replace(temporary, place)
        except OSError:
            self._prune(place.parent)
            raise
        folder = place.parent
        _sync(folder)
        while made and folder != self._root:
            folder = folder.parent
            _sync(folder)
        return _asset(path, os.lstat(place))

    def _remove(self, path: str) -> None:
        place = self._root / path
        place.unlink()
        _sync(place.parent)
        self._prune(place.parent)

    def _prune(self, folder: Path) -> None:
        """Folders that hold nothing any more."""
        with contextlib.suppress(OSError):
            while folder != self._root:
                folder.rmdir()
                folder = folder.parent

    def _keep(self, path: str, asset: Asset | None) -> None:
        before = self._found.pop(path, None)
        if asset is not None:
            self._found[path] = asset
        self._total += (asset.size if asset else 0) - (before.size if before else 0)
        self._sorted = None


def _look_through(root: Path) -> tuple[dict[str, Asset], frozenset[str]]:
    found: dict[str, Asset] = {}
    strange: set[str] = set()
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        try:
            entries = list(os.scandir(root / folder))
        except OSError:
            if not folder:
                raise
            continue  # one that went away meanwhile, or may not be read
        for entry in entries:
            if entry.name.startswith(".") or entry.is_symlink():
                continue
            path = folder + entry.name
            with contextlib.suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(f"{path}/")
                elif not entry.is_file(follow_symlinks=False):
                    continue
                elif path_fault(path) is not None:
                    strange.add(path)
                else:
                    found[path] = _asset(path, entry.stat(follow_symlinks=False))
    return found, frozenset(strange)


def _asset(path: str, status: os.stat_result) -> Asset:
    """The ETag is of the file's identity, size and times: an upload is always a new file, and whoever writes into one
    moves its times. Reading gigabytes to say 304 would be dearer than sending them."""
    identity = f"{status.st_dev}.{status.st_ino}.{status.st_size}.{status.st_mtime_ns}.{status.st_ctime_ns}"
    digest = hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()
    modified_at = min(max(status.st_mtime_ns // 1000, 0), _LATEST)
    return Asset(path, status.st_size, modified_at, f'"{digest}"')


def _create(place: Path) -> BinaryIO:
    place.parent.mkdir(exist_ok=True)
    return open(place, "xb")


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


async def _gathered(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """In parts worth a trip to a thread."""
    waiting = bytearray()
    async for chunk in content:
        waiting += chunk
        if len(waiting) >= _CHUNK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)


def _forget_old(uploads: Path) -> None:
    for entry in os.scandir(uploads) if uploads.is_dir() else ():
        if entry.stat().st_mtime < time.time() - _FORGOTTEN_SECONDS:
            os.unlink(entry)


def _unavailable(done: str, error: OSError) -> Unavailable:
    return Unavailable(
        f"the folder of assets could not be {done}: {error.strerror}",
        code="ASSETS_UNAVAILABLE",
        hint="look at the folder (TWIN_OVERLAY_ASSETS__DIR) and its permissions",
    )


def _unwritten(path: str, error: OSError) -> TwinOverlayError:
    if error.errno in _FULL:
        return Unavailable("the disk is full", code="DISK_FULL", hint="nothing was changed; make room and try again")
    if error.errno in _IN_THE_WAY:
        return Conflict(
            f"'/{path}' can't be a file: a folder has that name, or a file is where its folder would be",
            code="ASSET_PATH_TAKEN",
            hint="choose another path, or delete what is there",
        )
    return _unavailable("written", error)
