"""The folder of assets: whole files or none, nothing outside it, and an index that notices what people do by hand."""

import asyncio
import errno
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assets.folder import AssetFolder
from app.errors import Conflict, Invalid, Misconfigured, NotFound, Refused, TwinOverlayError, Unavailable
from app.model.assets import Asset, media_type_of, path_fault, path_named_by, url_of
from app.settings import AssetSettings

HOSTILE = [
    *("", "/", "..", "../x", "a/../b", "a//b", "a/", "./a", ".hidden", "a/.uploads/b", ".uploads/x", "a\\b", "c:x"),
    *(
        "a\0b",
        "a\nb",
        "a\u202eb",
        "a?b",
        " a",
        "a ",
        "a.",
        "e\u0301",
        "x" * 201,
        "/".join("x" * 17),
        "x/" * 260,
        "assets/x",
    ),
]


def anything(asset: Asset | None) -> None:
    return None


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(folder: AssetFolder, path: str) -> bytes | None:
    found = await folder.open(path)
    if found is None:
        return None
    with found[1] as file:
        return file.read()


def leftovers(root: Path) -> list[str]:
    return [str(item.relative_to(root)) for item in root.rglob("*") if item.is_file()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "assets"


@pytest.fixture
def folder(root: Path) -> AssetFolder:
    return AssetFolder(root, AssetSettings(max_file_bytes=1000, max_total_bytes=2500))


# ------------------------------------------------------------ saving and deleting


async def test_what_is_saved_is_served_listed_and_gone_once_deleted(folder: AssetFolder, root: Path) -> None:
    asset, created = await folder.save("models/pump.glb", chunks(b"glTF", b"...."), anything)
    assert created
    assert (asset.size, asset.url, asset.media_type) == (8, "/assets/models/pump.glb", "model/gltf-binary")
    assert await read(folder, "models/pump.glb") == b"glTF...."
    assert folder.find("models/pump.glb") == asset
    assert (await folder.delete("models/pump.glb", anything)) == asset
    assert (folder.find("models/pump.glb"), list(folder.paths()), list(root.glob("models"))) == (None, [], [])


async def test_another_content_has_another_etag_even_of_the_same_size_and_moment(folder: AssetFolder) -> None:
    etags = set()
    for content in (b"one", b"two", b"one"):
        asset, _ = await folder.save("a.bin", chunks(content), anything)
        etags.add(asset.etag)
    assert len(etags) == 3


async def test_who_reads_while_another_takes_its_place_reads_one_whole_file(folder: AssetFolder) -> None:
    await folder.save("a.bin", chunks(b"old" * 100), anything)
    found = await folder.open("a.bin")
    assert found is not None
    await folder.save("a.bin", chunks(b"new"), anything)
    with found[1] as file:
        assert file.read() == b"old" * 100


@pytest.mark.parametrize("path", HOSTILE)
async def test_a_name_that_does_not_fit_the_rule_is_refused_and_never_looked_for(
    folder: AssetFolder, root: Path, path: str
) -> None:
    (root.parent / "x").write_text("outside")
    with pytest.raises(Invalid) as caught:
        await folder.save(path, chunks(b"x"), anything)
    assert (caught.value.code, bool(caught.value.hint)) == ("ASSET_NAME_INVALID", True)
    assert await folder.open(path) is None
    with pytest.raises(NotFound):
        await folder.delete(path, anything)
    assert leftovers(root) == []
    assert (root.parent / "x").read_text() == "outside"


async def test_too_large_a_file_and_too_many_bytes_are_refused_and_leave_nothing(
    folder: AssetFolder, root: Path
) -> None:
    with pytest.raises(Invalid) as large:
        await folder.save("a.bin", chunks(b"x" * 600, b"x" * 600), anything)
    assert large.value.code == "ASSET_TOO_LARGE"
    assert "1000 bytes" in large.value.message
    for name in ("a", "b"):
        await folder.save(name, chunks(b"x" * 1000), anything)
    with pytest.raises(Refused) as full:
        await folder.save("c", chunks(b"x" * 1000), anything)
    assert full.value.code == "ASSETS_FULL"
    await folder.save("b", chunks(b"y" * 1000), anything)  # one in its own place needs no more
    assert sorted(leftovers(root)) == ["a", "b"]


async def test_an_upload_that_breaks_off_leaves_the_old_file(folder: AssetFolder, root: Path) -> None:
    await folder.save("a", chunks(b"old"), anything)

    async def broken() -> AsyncIterator[bytes]:
        yield b"new"
        raise ConnectionResetError

    with pytest.raises(TwinOverlayError):
        await folder.save("a", broken(), anything)
    gone = asyncio.ensure_future(folder.save("a", _never(), anything))
    await asyncio.sleep(0.05)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    assert await read(folder, "a") == b"old"
    assert leftovers(root) == ["a"]


async def _never() -> AsyncIterator[bytes]:
    yield b"half"
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, "DISK_FULL"), (errno.EDQUOT, "DISK_FULL"), (errno.EROFS, "ASSETS_UNAVAILABLE")]
)
async def test_a_full_or_broken_disk_is_told_as_such_and_leaves_nothing(root: Path, number: int, code: str) -> None:
    await AssetFolder(root, AssetSettings()).save("a", chunks(b"old"), anything)

    def failing(file: Any) -> None:
        raise OSError(number, os.strerror(number))

    folder = AssetFolder(root, AssetSettings(), flush=failing)
    with pytest.raises(Unavailable) as caught:
        await folder.save("a", chunks(b"new"), anything)
    assert caught.value.code == code
    assert await read(folder, "a") == b"old"
    assert leftovers(root) == ["a"]


async def test_a_file_and_a_folder_can_not_have_one_name(folder: AssetFolder, root: Path) -> None:
    await folder.save("a/b", chunks(b"x"), anything)
    for path in ("a", "a/b/c"):
        with pytest.raises(Conflict) as caught:
            await folder.save(path, chunks(b"x"), anything)
        assert caught.value.code == "ASSET_PATH_TAKEN"
    assert leftovers(root) == ["a/b"]
    assert await folder.open("a") is None


async def test_what_is_not_allowed_is_not_done_though_it_became_so_while_the_file_came_in(folder: AssetFolder) -> None:
    def only_new(asset: Asset | None) -> None:
        if asset is not None:
            raise Conflict("there", code="ASSET_CHANGED")

    async def slow() -> AsyncIterator[bytes]:
        yield b"mine"
        await folder.save("a", chunks(b"theirs"), anything)

    with pytest.raises(Conflict):
        await folder.save("a", slow(), only_new)
    assert await read(folder, "a") == b"theirs"


# ------------------------------------------------------------ what people do by hand


async def test_files_that_are_copied_in_by_hand_are_noticed(root: Path) -> None:
    folder = AssetFolder(root, AssetSettings(), fresh_seconds=0.0)
    await folder.refresh()
    (root / "icons").mkdir()
    (root / "icons" / "pump.svg").write_text("<svg/>")
    assert await read(folder, "icons/pump.svg") == b"<svg/>"  # served at once
    await folder.refresh()
    assert list(folder.paths()) == ["icons/pump.svg"]
    os.remove(root / "icons" / "pump.svg")
    await folder.refresh()
    assert folder.find("icons/pump.svg") is None


async def test_links_dot_files_pipes_and_odd_names_are_not_there(folder: AssetFolder, root: Path) -> None:
    (root.parent / "secret").write_text("secret")
    (root / "link").symlink_to(root.parent / "secret")
    (root / "way").symlink_to(root.parent)
    (root / "loop").symlink_to(root / "loop")
    (root / ".env").write_text("secret")
    (root / "e\u0301.svg").write_text("not NFC")
    os.mkfifo(root / "pipe")
    await folder.refresh()
    assert list(folder.paths()) == []
    for path in ("link", "way/secret", "loop", ".env", "pipe"):
        assert await folder.open(path) is None
        with pytest.raises(NotFound):
            await folder.delete(path, anything)
    with pytest.raises(Conflict):
        await folder.save("way/new", chunks(b"x"), anything)
    assert not (root.parent / "new").exists()
    await folder.save("link", chunks(b"mine"), anything)  # takes the link's place; what it led to stays
    assert (root.parent / "secret").read_text() == "secret"


async def test_a_file_with_an_impossible_date_is_served_all_the_same(folder: AssetFolder, root: Path) -> None:
    (root / "old").write_text("x")
    os.utime(root / "old", (-1e9, -1e9))
    await folder.refresh()
    found = folder.find("old")
    assert found is not None
    assert found.modified_at == 0


async def test_a_folder_that_goes_away_is_told_as_unavailable(folder: AssetFolder, root: Path) -> None:
    root.rename(root.parent / "elsewhere")
    with pytest.raises(Unavailable) as caught:
        await folder.refresh()
    assert caught.value.code == "ASSETS_UNAVAILABLE"


def test_a_folder_that_can_not_be_one_is_an_error_of_the_set_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(Misconfigured) as caught:
        AssetFolder(tmp_path / "file", AssetSettings())
    assert caught.value.code == "ASSETS_DIR_UNUSABLE"


def test_uploads_that_a_crash_cut_off_are_forgotten_after_a_day(root: Path) -> None:
    uploads = root / ".uploads"
    uploads.mkdir(parents=True)
    for name in ("old", "new"):
        (uploads / name).write_text("half")
    os.utime(uploads / "old", (1, 1))
    AssetFolder(root, AssetSettings())
    assert [item.name for item in uploads.iterdir()] == ["new"]


# ------------------------------------------------------------ names


@given(st.text(max_size=30))
async def test_any_text_is_a_name_that_round_trips_or_is_refused(path: str) -> None:
    if path_fault(path) is None:
        assert path_named_by(url_of(path)) == path
        assert path_named_by(f"/{path}".replace("%", "%25").replace("#", "%23").replace("?", "%3F")) == path
        assert os.path.normpath(f"/root/{path}") == f"/root/{path}"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/models/pump.glb", "models/pump.glb"),
        ("/assets/models/pump.glb", "models/pump.glb"),
        ("/my%20pump.glb?v=2#top", "my pump.glb"),
        ("https://cdn.example/pump.glb", None),
        ("//cdn.example/pump.glb", None),
        ("models/pump.glb", None),
        ("/", None),
        ("", None),
    ],
)
def test_a_text_of_a_document_means_a_path_or_none_of_ours(text: str, path: str | None) -> None:
    assert path_named_by(text) == path


def test_types_follow_from_the_ending() -> None:
    assert [media_type_of(path) for path in ("a.SVG", "b.fmu", "c", "d.exe")] == [
        "image/svg+xml",
        "application/x-fmu-sharedlibrary",
        "application/octet-stream",
        "application/octet-stream",
    ]
