"""The archive of the embedded engine's classes: made, used, and passed over where it is no good."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.graph.archive import lay_out
from app.graph.connect import answers
from app.graph.embedded import EmbeddedEngine

pytestmark = [pytest.mark.xdist_group("embedded"), pytest.mark.timeout(300)]

LINKED = "Using AOT-linked classes: true"


async def log_of_a_start(folder: Path, archive: Path) -> str:
    engine = EmbeddedEngine(folder, java_options=["-Xlog:aot"], archive=archive)
    await engine.start()
    try:
        assert await answers(engine.uri, engine.user, engine.password, engine.database)
        return (folder / "engine.log").read_text()
    finally:
        await engine.stop()


async def test_an_archive_once_made_is_used_and_a_half_of_it_passed_over(tmp_path: Path) -> None:
    archive = await lay_out(tmp_path / "classes.aot")
    assert [file.name for file in tmp_path.iterdir()] == ["classes.aot"]
    assert LINKED in await log_of_a_start(tmp_path / "whole", archive)
    half = tmp_path / "half.aot"
    half.write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    assert LINKED not in await log_of_a_start(tmp_path / "half", half)


@pytest.mark.parametrize("content", [b"", b"no archive at all" * 1000])
async def test_a_file_that_is_no_archive_is_passed_over(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "classes.aot").write_bytes(content)
    assert LINKED not in await log_of_a_start(tmp_path / "graph", tmp_path / "classes.aot")


async def test_where_it_cannot_be_written_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured) as caught:
        await lay_out(tmp_path / "file" / "classes.aot")
    assert caught.value.code == "ARCHIVE_UNWRITABLE"
