"""`twin-overlay journal check` and `salvage`: a stopped server's journal looked through, record by record.

`check` changes nothing, not even where it finds damage; `salvage` does what a start with --accept-journal-gap would do
to the folder, without starting a server.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import Misconfigured, NotFound
from app.journal.codec import FORMAT
from app.journal.index import INDEX_FILE
from app.journal.lock import LOCK_FILE
from app.journal.salvage import DAMAGED_FOLDER
from app.journal.segment import segment_file, segments_in
from app.journal.snapshot import former_snapshots
from app.journal.sqlite import SqliteJournal
from app.journal.survey import Survey, survey
from app.model.gap import Gap


class Checked:
    """What was found."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        self._size = sum(segment_file(found.folder, first).stat().st_size for first in segments_in(found.folder))
        aside = found.folder / DAMAGED_FOLDER
        self._aside = sorted(path.name for path in aside.iterdir()) if aside.is_dir() else []

    @property
    def sound(self) -> bool:
        return self._found.sound() and not self._found.foreign and self._found.version == FORMAT

    def to_json(self) -> dict[str, Any]:
        found = self._found
        return {
            "folder": str(found.folder),
            "sound": self.sound,
            "not_a_journal": found.foreign,
            "format": found.version,
            "segments": len(found.looks),
            "bytes": self._size,
            "records": sum(last - first + 1 for look in found.looks for first, last in look.present),
            "last": found.last,
            "snapshot": found.snapshot,
            "former_snapshots": former_snapshots(found.folder),
            "cursors": found.known.cursors,
            "faults": [{"file": file, "fault": fault} for file, fault in found.faults()],
            "gaps": [self._gap(gap, known=False) for gap in found.gaps]
            + [self._gap(gap, known=True) for gap in found.known.gaps],
            "set_aside": self._aside,
        }

    def _gap(self, gap: Gap, *, known: bool) -> dict[str, Any]:
        matters = gap.matters(self._found.snapshot or 0, self._found.known.cursors)
        return {
            "first": gap.first,
            "last": gap.last,
            "why": gap.why,
            "known": known,
            "accepted": gap.accepted,
            "matters": [] if known else matters,
        }

    def render(self) -> str:
        told = self.to_json()
        if told["not_a_journal"]:
            return f"{told['folder']} holds no journal: {told['not_a_journal']}"
        if told["format"] != FORMAT:
            return f"{told['folder']} has a journal of format {told['format']}; this version reads {FORMAT}"
        cursors = ", ".join(f"{name} {sequence}" for name, sequence in sorted(told["cursors"].items())) or "none"
        former = ", ".join(str(sequence) for sequence in told["former_snapshots"]) or "none"
        snapshot = "none that can be read" if told["snapshot"] is None else told["snapshot"] or "none yet"
        lines = [
            f"journal in {told['folder']}",
            f"  segments   {told['segments']}, {told['bytes'] / 1e6:.1f} MB, {told['records']} records, the last"
            f" number given out is {told['last']}",
            f"  snapshot   {snapshot}; former: {former}",
            f"  cursors    {cursors}",
        ]
        lines += [f"  set aside  {DAMAGED_FOLDER}/{name}" for name in told["set_aside"]]
        lines += [f"  DAMAGED    {item['file']}: {item['fault']}" for item in told["faults"]]
        for gap in told["gaps"]:
            records = f"records {gap['first']} to {gap['last']}: {gap['why']}"
            if gap["known"]:
                lines.append(f"  known gap  {records}{'; accepted' if gap['accepted'] else ''}")
                continue
            lines.append(f"  GAP        {records}")
            lines += [f"             {why}" for why in gap["matters"]]
            if not gap["matters"]:
                lines.append("             behind the snapshot and every cursor: nobody needs it any more")
        if self.sound:
            return "\n".join([*lines, "sound: every record is as it was written"])
        needs = any(gap["matters"] for gap in told["gaps"])
        if told["snapshot"] is None:
            last = "damaged: restore a copy of the folder; without a snapshot it can't be gone on with"
        elif needs:
            last = (
                "damaged: restore a copy of the folder, or go on without these records: `twin-overlay journal salvage`"
                ", or `serve --accept-journal-gap`"
            )
        else:
            last = "damaged, and nothing that is still needed is lost: a start sets it aside and goes on"
        return "\n".join([*lines, last])


def check(folder: Path) -> Checked:
    """Raises NotFound (JOURNAL_NOT_FOUND), Misconfigured (JOURNAL_IN_USE)."""
    _must_be_there(folder)
    with _nobody_in(folder):
        return Checked(survey(folder, thorough=True))


async def salvage(folder: Path) -> list[Gap]:
    """Sets aside what is damaged and accepts the gaps. Raises NotFound, and Misconfigured as opening does."""
    _must_be_there(folder)
    journal = SqliteJournal.open(folder, cursors=(), accept_gap=True, thorough=True)
    gaps = journal.gaps()
    await journal.close()
    return gaps


def _must_be_there(folder: Path) -> None:
    if not folder.is_dir() or not (segments_in(folder) or (folder / INDEX_FILE).exists()):
        raise NotFound(
            f"there is no journal in {folder}",
            code="JOURNAL_NOT_FOUND",
            hint="give the data directory of a server with --data-dir",
        )


@contextlib.contextmanager
def _nobody_in(folder: Path) -> Iterator[None]:
    """Holds the lock without writing, so that a folder can be looked at that can't be written."""
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # a copy of a folder
        yield
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            raise Misconfigured(
                f"the journal folder {folder} is in use",
                code="JOURNAL_IN_USE",
                hint="stop the server first: what it writes meanwhile would look like damage",
            ) from error
        yield
    finally:
        os.close(descriptor)
