"""`twin-overlay backup`: a running server's backup into a folder, whole and verified, or nothing."""

import asyncio
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

import httpx

from app.backup.folder import FILES, MANIFEST, Manifest, verify
from app.client import agent
from app.errors import Invalid, Misconfigured, Unavailable

_MEMBERS = {*FILES, MANIFEST}


async def fetch(server: str, folder: Path) -> Manifest:
    """Raises Misconfigured (FOLDER_NOT_EMPTY, FOLDER_UNUSABLE), Unavailable (SERVER_UNREACHABLE, or what the server
    said), Invalid (BACKUP_INVALID)."""
    draft = await asyncio.to_thread(_draft, folder)
    try:
        archive = draft / "archive"
        await _download(server.rstrip("/"), archive)
        await asyncio.to_thread(_unpack, archive, draft)
        manifest = await asyncio.to_thread(verify, draft)
        await asyncio.to_thread(_settle, draft, folder)
        return manifest
    except OSError as error:
        raise _unusable(folder, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _draft(folder: Path) -> Path:
    """Beside it, so that it can be renamed to it."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise Misconfigured(f"{folder} is not empty", code="FOLDER_NOT_EMPTY", hint="give a new or an empty folder")
        folder.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unusable(folder, error) from error


async def _download(server: str, archive: Path) -> None:
    timeout = httpx.Timeout(30.0, read=None)  # the server puts it together before its first byte
    try:
        async with (
            httpx.AsyncClient(timeout=timeout, headers=agent(), trust_env=False) as http,
            http.stream("POST", f"{server}/backup") as answer,
        ):
            if answer.status_code != 200:
                await answer.aread()
                raise _refused(server, answer)
            with archive.open("wb") as file:
                async for part in answer.aiter_raw():
                    await asyncio.to_thread(file.write, part)
    except httpx.HTTPError as error:
        raise Unavailable(
            f"no backup could be had from {server}: {error or type(error).__name__}",
            code="SERVER_UNREACHABLE",
            hint="start it with `twin-overlay serve`, or give its address with --server",
        ) from error


def _refused(server: str, answer: httpx.Response) -> Unavailable:
    try:
        said = answer.json()
        said = said["errors"][0] if "errors" in said else said
        more = said.get("extensions", said)
        return Unavailable(said.get("detail") or said["message"], code=more["code"], hint=more.get("hint", ""))
    except (ValueError, KeyError, AttributeError):
        return Unavailable(f"{server} answered {answer.status_code}", code="SERVER_UNREACHABLE")


def _unpack(archive: Path, folder: Path) -> None:
    try:
        with tarfile.open(archive, "r:gz") as found:
            for member in found:
                source = found.extractfile(member) if member.name in _MEMBERS else None
                if source is None:
                    raise Invalid(
                        f"the server sent '{member.name}', which is no part of a backup", code="BACKUP_INVALID"
                    )
                with (folder / member.name).open("wb") as file:
                    shutil.copyfileobj(source, file)
                    file.flush()
                    os.fsync(file.fileno())
    except (tarfile.TarError, EOFError) as error:
        raise Invalid("the server's answer was cut off", code="BACKUP_INVALID", hint="try again") from error
    archive.unlink()


def _settle(draft: Path, folder: Path) -> None:
    if folder.exists():
        folder.rmdir()
    draft.rename(folder)
    folder.chmod(0o700)
    descriptor = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unusable(folder: Path, error: OSError) -> Misconfigured:
    return Misconfigured(f"{folder} cannot be written: {error.strerror}", code="FOLDER_UNUSABLE")
