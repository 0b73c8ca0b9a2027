"""kill -9 and a full disk, on real processes: nothing acknowledged is lost, nothing is given out twice."""

import os
import random
import subprocess
import sys
from pathlib import Path

from app.journal.sqlite import SqliteJournal
from app.model.events import Samples

ROOT = Path(__file__).parents[2]


def appender(folder: Path, size_limit: int = 0) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.journal.appender", str(folder), str(size_limit)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)})


async def content(folder: Path) -> tuple[int, dict[int, tuple[str, int]]]:
    """The last sequence, and (twin, number) by sequence of what is still kept."""
    journal = SqliteJournal.open(folder, keep=50)
    found = {}
    snapshot = journal.snapshot()
    after = min(journal.cursor("graph"), snapshot[0]) if snapshot else 0
    while entries := journal.read(after):
        for entry in entries:
            assert isinstance(entry.input, Samples)
            sample = entry.input.readings[0].samples[0]
            found[entry.sequence] = sample.twin_id, int(sample.value)
        after = entries[-1].sequence
    last = journal.last_sequence
    assert after in (last, 0)
    await journal.close()
    return last, found


async def test_twenty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    acknowledged: dict[int, tuple[str, int]] = {}
    for _ in range(20):
        process = appender(tmp_path)
        assert process.stdout is not None
        with process.stdout as output:
            for _ in range(random.randint(1, 150)):
                line = output.readline()
                assert line, "it died by itself"
                note(line, acknowledged)
            process.kill()  # SIGKILL, at whatever it is doing: committing, beginning a segment, compacting
            for line in output.readlines():
                note(line, acknowledged)
        process.wait()
        last, found = await content(tmp_path)
        assert last >= max(acknowledged), "what was acknowledged is there"
        first = min(found, default=last + 1)
        missing = {sequence for sequence in acknowledged if sequence >= first and sequence not in found}
        assert not missing
        assert all(found[sequence] == what for sequence, what in acknowledged.items() if sequence >= first)


def note(line: bytes, acknowledged: dict[int, tuple[str, int]]) -> None:
    if line.endswith(b"\n"):
        sequence, twin, number = line.split()
        assert int(sequence) not in acknowledged, "a number was given out twice"
        acknowledged[int(sequence)] = twin.decode(), int(number)


async def test_a_full_disk_fails_every_waiter_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    process = appender(tmp_path, size_limit=400_000)
    output, _ = process.communicate(timeout=60)
    lines = output.decode().splitlines()
    assert lines[-2].startswith("failed JOURNAL_FAILED")
    assert lines[-1] == "still JOURNAL_FAILED"
    assert process.returncode == 0
    acknowledged = [int(line.split()[0]) for line in lines[:-2]]
    last, found = await content(tmp_path)
    assert acknowledged
    assert last >= max(acknowledged)
    assert all(sequence in found for sequence in acknowledged if sequence >= min(found))
