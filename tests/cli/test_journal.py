"""`twin-overlay journal check` and `salvage` on the folders of stopped servers, sound and damaged ones."""

import asyncio
import json
from pathlib import Path

from typer.testing import CliRunner

from app.__main__ import app
from app.journal.segment import segment_file
from tests.journal.test_damage import LAST, everything, filled, opened, spoil


def run(command: str, folder: Path, *more: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["journal", command, "--data-dir", str(folder), *more])
    return result.exit_code, result.output


def test_a_sound_journal_is_said_to_be(tmp_path: Path) -> None:
    asyncio.run(filled(tmp_path / "journal", snapshots=[6, 12], cursor=14))
    status, told = run("check", tmp_path)
    assert status == 0
    assert f"18 records, the last number given out is {LAST}" in told
    assert "snapshot   12; former: 6" in told
    assert "cursors    graph 14" in told
    assert "sound: every record is as it was written" in told
    assert json.loads(run("check", tmp_path, "--format", "json")[1])["sound"] is True


def test_damage_is_told_with_what_it_means_and_nothing_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    asyncio.run(filled(folder, snapshots=[6, 12], cursor=14))
    spoil(folder, 2)  # which a start would not read
    before = everything(folder)
    status, told = run("check", tmp_path)
    assert status == 1
    assert "DAMAGED    segment-00000000000000000001.sqlite: the checksum of record 2 is wrong" in told
    assert "behind the snapshot and every cursor: nobody needs it any more" in told
    assert "nothing that is still needed is lost: a start sets it aside and goes on" in told
    spoil(folder, 13)
    status, told = run("check", tmp_path)
    assert status == 1
    assert "it reaches past the snapshot at 12: what was decided in it is not known" in told
    assert "it reaches past the cursor 'graph' at 14" not in told
    assert "`twin-overlay journal salvage`" in told
    spoil(folder, 13)
    assert everything(folder) == before
    spoil(folder, 2)
    assert run("check", tmp_path)[0] == 0


def test_what_is_damaged_is_salvaged_without_a_server(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    asyncio.run(filled(folder, snapshots=[12], cursor=14))
    spoil(folder, 2)
    spoil(folder, 17)
    status, told = run("salvage", tmp_path)
    assert status == 0, told
    assert "known gap  records 2 to 2" in told
    assert "known gap  records 17 to 17: segment-00000000000000000016.sqlite: the checksum of record 17" in told
    assert f"set aside  damaged/{segment_file(folder, 16).name}.1" in told
    assert "sound" in told
    journal = opened(folder)
    assert [(gap.first, gap.accepted, gap.noted) for gap in journal.gaps()] == [(2, False, False), (17, True, False)]
    asyncio.run(journal.close())


def test_a_running_servers_journal_and_none_are_refused(tmp_path: Path) -> None:
    status, told = run("check", tmp_path)
    assert (status, "JOURNAL_NOT_FOUND" in told) == (1, True)
    asyncio.run(filled(tmp_path / "journal"))
    journal = opened(tmp_path / "journal")
    for command in ("check", "salvage"):
        status, told = run(command, tmp_path)
        assert (status, "JOURNAL_IN_USE" in told) == (2, True)
    asyncio.run(journal.close())
