"""The name of an installation: made once, kept as long as the journal is in its place, never guessed."""

from pathlib import Path

import pytest

from app.backup.restore import next_identity
from app.errors import Misconfigured
from app.journal.identity import IDENTITY_FILE, Identity, identity_of, read_identity, write_identity


def test_it_is_made_at_the_first_start_and_is_the_same_at_every_other_wherever_the_folder_is(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    first = identity_of(tmp_path / "a")
    assert first.name == first.id
    assert identity_of(tmp_path / "a") == first
    (tmp_path / "a").rename(tmp_path / "b")
    assert identity_of(tmp_path / "b") == first
    assert [path.name for path in (tmp_path / "b").iterdir()] == [IDENTITY_FILE]
    (tmp_path / "a").mkdir()
    assert identity_of(tmp_path / "a").id != first.id


def test_a_restored_one_has_another_name_and_the_same_sessions(tmp_path: Path) -> None:
    write_identity(tmp_path, Identity("4b1f0c2a9d3e", 12))
    assert read_identity(tmp_path) == Identity("4b1f0c2a9d3e", 12)
    assert identity_of(tmp_path).name == "4b1f0c2a9d3e-12"


@pytest.mark.parametrize("content", [b"", b"\n", b"4b1f0c2a9d3e-0", b"4b1f0c2a9d3e-1 x", b"\xff" * 12, b"host"])
def test_a_file_that_is_not_what_was_written_is_refused_and_left(tmp_path: Path, content: bytes) -> None:
    (tmp_path / IDENTITY_FILE).write_bytes(content)
    with pytest.raises(Misconfigured) as refused:
        identity_of(tmp_path)
    assert refused.value.code == "INSTALLATION_ID_INVALID"
    assert refused.value.hint
    assert (tmp_path / IDENTITY_FILE).read_bytes() == content


def test_a_backup_in_its_own_place_counts_up_and_anywhere_else_is_a_new_installation(tmp_path: Path) -> None:
    of_backup = "4b1f0c2a9d3e-2"
    assert next_identity(tmp_path / "none", of_backup).id != "4b1f0c2a9d3e"
    write_identity(tmp_path, Identity("4b1f0c2a9d3e", 5))
    assert next_identity(tmp_path, of_backup) == Identity("4b1f0c2a9d3e", 6)
    write_identity(tmp_path, Identity("000000000001"))
    assert next_identity(tmp_path, of_backup).id not in ("4b1f0c2a9d3e", "000000000001")
    (tmp_path / IDENTITY_FILE).write_text("?")
    assert next_identity(tmp_path, of_backup).restored == 0, "a restore mends it"
