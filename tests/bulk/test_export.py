"""Exporting over HTTP: one revision, whole files, and only what an export wrote is ever taken away."""

import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, get_args

import pytest

from app.bulk.apply import Options, apply
from app.bulk.export import export
from app.bulk.forms import Form
from app.bulk.tree import MANIFEST
from app.client import GraphqlClient
from app.errors import TwinOverlayError
from tests.api.client import serving
from tests.api.parts import Installation
from tests.commands.ports import ANN


class Busy(GraphqlClient):
    """While it reads pages, somebody else saves, so many times."""

    def __init__(self, url: str, installation: Installation, times: int) -> None:
        super().__init__(url)
        self._installation = installation
        self._left = times

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, timeout_seconds: float | None = None
    ) -> dict[str, Any]:
        data = await super().execute(document, variables, timeout_seconds=timeout_seconds)
        if "page: twins" in document and self._left:
            self._left -= 1
            self._installation.save(("twin", {"twin_id": f"new_{self._left}", "twin_type": "pump"}))
        return data


@contextlib.asynccontextmanager
async def _server() -> AsyncIterator[tuple[Installation, GraphqlClient]]:
    installation = Installation()
    async with serving(installation) as port, GraphqlClient(f"http://127.0.0.1:{port}") as client:
        yield installation, client


async def _export(client: GraphqlClient, folder: Path, *, form: Form = "json", force: bool = False) -> list[str]:
    said: list[str] = []
    await export(client, folder, form=form, force=force, say=said.append)
    return said


async def _refused(client: GraphqlClient, folder: Path, *, force: bool = False) -> str:
    before = tree(folder)
    with pytest.raises(TwinOverlayError) as refused:
        await _export(client, folder, force=force)
    assert tree(folder) == before
    return refused.value.code


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the manifest, by its path."""
    files = (file for file in folder.rglob("*") if file.is_file() and file.name != MANIFEST)
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def _manifest(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
    return found


async def test_every_definition_is_a_file_and_the_manifest_names_them_and_the_revision(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        await _export(client, tmp_path / "new" / "out")
        out = tmp_path / "new" / "out"
        files = tree(out)
        assert len(files) == len(installation.catalogue.stored)
        pump = json.loads(files["twins/pump_123.json"])
        assert pump["location"] == {"site": "Plant 1", "coordinates": {"x": 123.45}}
        assert "twin_types/pump.json" in files
        manifest = _manifest(out)
        assert manifest["catalogue_revision"] == installation.catalogue.revision
        assert sorted(manifest["files"]) == sorted(files)
        assert [item.name for item in out.iterdir() if item.name.startswith(".")] == [MANIFEST]


async def test_an_export_again_writes_what_is_different_and_removes_what_is_gone_and_no_other(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        installation.save(("twin", {"twin_id": "spare", "twin_type": "valve"}))
        await _export(client, tmp_path)
        (tmp_path / "twins" / "mine.json").write_text("{}")
        (tmp_path / "README.md").write_text("mine")
        pump = tmp_path / "twins" / "pump_123.json"
        moment = pump.stat().st_mtime_ns
        await installation.services.commands.definitions.delete("twin", "spare", ANN)
        installation.save(("twin", {"twin_id": "later", "twin_type": "valve"}))
        await _export(client, tmp_path)
        names = {file.name for file in (tmp_path / "twins").iterdir()}
        assert "spare.json" not in names
        assert names > {"later.json", "mine.json", "pump_123.json"}
        assert pump.stat().st_mtime_ns == moment, "a file that is right already is left alone"
        await _export(client, tmp_path, form="ndjson")
        left = tree(tmp_path)
        assert {name for name in left if not name.endswith(".ndjson")} == {"README.md", "twins/mine.json"}
        twins = [json.loads(line)["twin_id"] for line in left["twins.ndjson"].decode().splitlines()]
        assert twins == sorted(twins)


async def test_a_folder_with_other_files_is_written_to_only_with_force_and_they_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    async with _server() as (_, client):
        assert await _refused(client, tmp_path) == "FOLDER_NOT_EMPTY"
        await _export(client, tmp_path, force=True)
        assert (tmp_path / "mine.txt").read_text() == "mine"
        await _export(client, tmp_path)


@pytest.mark.parametrize(
    "manifest",
    ["", "[]", "{}", '{"files": ["../outside.json"]}', '{"files": ["twins/../../outside.json"]}', '{"files": [5]}',
     '{"files": ["twins/a/b.json"]}', '{"files": ["/etc/passwd"]}', "[" * 100_000],
)  # fmt: skip
async def test_a_manifest_that_no_export_wrote_removes_nothing(tmp_path: Path, manifest: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "outside.json").write_text("{}")
    (out / MANIFEST).write_text(manifest)
    async with _server() as (_, client):
        assert await _refused(client, out) == "MANIFEST_INVALID"
        assert (tmp_path / "outside.json").exists()


async def test_definitions_that_change_meanwhile_are_read_again(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        async with Busy(client.url, installation, 2) as busy:
            said = await _export(busy, tmp_path / "out")
        assert said == ["definitions were changed meanwhile: reading them again"] * 2
        assert _manifest(tmp_path / "out")["catalogue_revision"] == installation.catalogue.revision
        assert "twins/new_0.json" in tree(tmp_path / "out")
        async with Busy(client.url, installation, 100) as busy:
            assert await _refused(busy, tmp_path / "out") == "CATALOGUE_MOVED"


async def test_an_export_that_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        await _export(client, tmp_path)
        installation.save(("twin", {"twin_id": "later", "twin_type": "valve"}))
        async with GraphqlClient("http://127.0.0.1:1") as nobody:
            assert await _refused(nobody, tmp_path) == "SERVER_UNREACHABLE"
        half = tmp_path / ".twin-overlay-export.part" / "twins" / "pump_123.json"
        half.parent.mkdir(parents=True)
        half.write_text("{hal")  # as a killed one leaves it
        await _export(client, tmp_path)
        assert "twins/later.json" in tree(tmp_path)
        assert [item.name for item in tmp_path.iterdir() if item.name.startswith(".")] == [MANIFEST]


async def test_a_folder_that_cannot_be_written_is_a_matter_of_set_up(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    async with _server() as (_, client):
        with pytest.raises(TwinOverlayError) as refused:
            await _export(client, tmp_path / "file" / "out")
        assert refused.value.code == "FOLDER_UNWRITABLE"


async def test_what_was_exported_applies_as_unchanged(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        installation.save(("overlay_type", {"type_id": "bare"}), ("twin", {"twin_id": ".dot", "twin_type": "valve"}))
        for form in get_args(Form):
            out = tmp_path / form
            await _export(client, out, form=form)
            lines = await apply(client, [out], Options(), pytest.fail)
            assert sum(line.startswith("unchanged: ") for line in lines) == len(installation.catalogue.stored)
            assert not any(line.startswith(("created", "updated")) for line in lines)


async def test_a_definition_is_a_script_where_one_can_hold_it_else_a_document(tmp_path: Path) -> None:
    async with _server() as (installation, client):
        installation.save(("twin", {"twin_id": "wordy", "twin_type": "valve", "metadata": {"text": "x" * 10_001}}))
        await _export(client, tmp_path, form="dtsl")
        assert (tmp_path / "twins" / "wordy.json").is_file()
        assert (tmp_path / "twin_types" / "valve.dtsl").read_text().startswith("twin type Valve {\n")
        assert not (tmp_path / "twins" / "wordy.dtsl").exists()
        await _export(client, tmp_path)  # in the other form: the scripts are taken away
        assert not list(tmp_path.rglob("*.dtsl"))
        assert (tmp_path / "twin_types" / "valve.json").is_file()
