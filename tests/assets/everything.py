"""An asset store in which every path has a file: for tests that are about something else."""

from collections.abc import AsyncIterator, Sequence
from typing import BinaryIO

from app.model.assets import Asset
from app.ports import Allowed


class EveryAsset:
    """Implements ports.AssetStore."""

    async def refresh(self) -> None:
        return None

    def find(self, path: str) -> Asset | None:
        return Asset(path, 1, 0, '"1"')

    def paths(self) -> Sequence[str]:
        return ()

    async def open(self, path: str) -> tuple[Asset, BinaryIO] | None:
        return None

    async def save(self, path: str, content: AsyncIterator[bytes], allowed: Allowed) -> tuple[Asset, bool]:
        raise NotImplementedError

    async def delete(self, path: str, allowed: Allowed) -> Asset:
        raise NotImplementedError
