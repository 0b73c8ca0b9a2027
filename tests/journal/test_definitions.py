"""The local copy of the definitions: what was recorded is there, whatever was killed or damaged between."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from app.errors import Unavailable
from app.journal.definitions import COPY_FILE, DefinitionsCopy, read_copy
from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from tests.contract.samples import change, pump, pump_type, stored


def _pumps(*ids: str, revision: int = 1) -> list[StoredDefinition]:
    return [stored(pump(id), revision) for id in ids]


async def _copy(folder: Path, revision: int, *ids: str) -> None:
    copy = DefinitionsCopy(folder)
    await copy.replace(revision, [stored(pump_type()), *_pumps(*ids)])
    await copy.close()


async def test_what_was_recorded_is_read_back_after_a_restart(tmp_path: Path) -> None:
    await _copy(tmp_path, 3, "p1", "p2")
    copy = DefinitionsCopy(tmp_path)
    assert copy.revision == 3
    again = stored(pump("p2", metadata={"note": "ü \u2028 {}"}), 2)
    await copy.record(change(3, again, removed=[("twin", "p1")]))
    await copy.close()
    found = read_copy(tmp_path)
    assert found is not None
    assert found.revision == 4
    assert {item.id: item for item in found.saved} == {"pump": stored(pump_type()), "p2": again}


async def test_nothing_is_there_before_the_first_copy(tmp_path: Path) -> None:
    assert read_copy(tmp_path) is None
    copy = DefinitionsCopy(tmp_path)
    assert copy.revision is None
    assert copy.load() is None
    await copy.close()


async def test_a_follower_is_given_what_changed_since(tmp_path: Path) -> None:
    await _copy(tmp_path, 3, "p1", "p2")
    copy = DefinitionsCopy(tmp_path)
    await copy.record(change(3, *_pumps("p3"), removed=[("twin", "p1")]))
    found = read_copy(tmp_path, 3)
    assert found is not None
    assert (found.revision, found.whole) == (4, False)
    assert [item.id for item in found.saved] == ["p3"]
    assert found.removed == (("twin", "p1"),)
    await copy.replace(9, _pumps("p4"))
    found = read_copy(tmp_path, 4)
    assert found is not None
    assert (found.revision, found.whole) == (9, True)
    assert [item.id for item in found.saved] == ["p4"]
    await copy.close()


async def test_a_copy_that_missed_a_change_is_written_whole_with_the_next_one(tmp_path: Path) -> None:
    await _copy(tmp_path, 3, "p1")
    copy = DefinitionsCopy(tmp_path)
    await copy.record(change(5, *_pumps("p3")))
    assert copy.revision == 3
    catalogue = Catalogue.of(6, _pumps("p1", "p2", "p3"))
    copy.whole = lambda: (catalogue.revision, list(catalogue.stored.values()))
    await copy.record(change(5, *_pumps("p3")))
    found = copy.load()
    assert found is not None
    assert (found.revision, sorted(item.id for item in found.saved)) == (6, ["p1", "p2", "p3"])
    await copy.close()


async def test_a_change_in_the_middle_of_a_whole_copy_comes_after_it(tmp_path: Path) -> None:
    copy = DefinitionsCopy(tmp_path)
    many = _pumps(*(f"p{number}" for number in range(3000)))
    await asyncio.gather(copy.replace(1, many), copy.record(change(1, *_pumps("last"))))
    await copy.close()
    found = read_copy(tmp_path)
    assert found is not None
    assert (found.revision, len(found.saved)) == (2, 3001)


async def test_a_damaged_row_is_told_and_nothing_of_the_copy_is_used(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _copy(tmp_path, 3, "p1", "p2")
    with sqlite3.connect(tmp_path / COPY_FILE) as connection:
        connection.execute("UPDATE definitions SET revision = 7 WHERE id = 'p1'")
    connection.close()
    with pytest.raises(Unavailable) as caught:
        read_copy(tmp_path)
    assert caught.value.code == "DEFINITIONS_DAMAGED"
    assert "twin 'p1'" in caught.value.message
    copy = DefinitionsCopy(tmp_path)
    assert copy.load() is None
    assert "DEFINITIONS_DAMAGED" in caplog.text
    await copy.replace(4, _pumps("p1"))
    assert copy.load() is not None
    await copy.close()


async def test_a_file_that_is_none_begins_anew(tmp_path: Path) -> None:
    (tmp_path / COPY_FILE).write_bytes(b"not a database at all" * 100)
    await _copy(tmp_path, 1, "p1")
    found = read_copy(tmp_path)
    assert found is not None
    assert found.revision == 1


async def test_what_cannot_be_written_is_told_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await _copy(tmp_path, 3, "p1")
    copy = DefinitionsCopy(tmp_path)
    blocker = sqlite3.connect(tmp_path / COPY_FILE, isolation_level=None)
    copy._connection.execute("PRAGMA busy_timeout = 0")
    blocker.execute("BEGIN IMMEDIATE")
    await copy.record(change(3, *_pumps("p2")))
    assert "could not be written" in caplog.text
    blocker.execute("ROLLBACK")
    blocker.close()
    copy.whole = lambda: (5, _pumps("p1", "p2", "p3"))
    await copy.record(change(4, *_pumps("p3")))
    assert copy.revision == 5
    await copy.close()
