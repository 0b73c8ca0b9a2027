"""How a journal's folder is opened: looked through, then refused as it is, or brought into order and gone on with.

What is damaged never stops a server that needs none of it: a gap wholly behind the snapshot and every cursor is told,
loudly, and gone on without. Any other means that something accepted is lost, so a person has to say that the server is
to go on; until then not a byte of the folder is changed, for the lost file may still be found.
"""

import logging
import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from app.errors import Misconfigured, Problem
from app.journal.codec import FORMAT
from app.journal.index import INDEX_FILE, Index, Known, create_index
from app.journal.salvage import DAMAGED_FOLDER, finish, repair
from app.journal.segment import UNREADABLE, remove, segment_file, segments_in
from app.journal.snapshot import sync_folder
from app.journal.survey import Survey, survey
from app.journal.tail import SPARE
from app.model.gap import Gap

_OF_THE_FILE = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

log = logging.getLogger("twin_overlay.journal")


def opened(folder: Path, cursors: Sequence[str], *, accept_gap: bool, thorough: bool) -> tuple[Index, int]:
    """The index of a folder in order, and the last number that was given out. Whoever calls holds the folder's lock.
    Raises Misconfigured (JOURNAL_DAMAGED, JOURNAL_FORMAT, JOURNAL_UNUSABLE), OSError, sqlite3.Error."""
    finish(folder)
    remove(folder / SPARE)
    found = survey(folder, thorough=thorough)
    if found.foreign:
        raise unusable(folder, found.foreign)
    if found.version != FORMAT:
        raise Misconfigured(
            f"the journal in {folder} has format {found.version}, this version reads {FORMAT}",
            code="JOURNAL_FORMAT",
            hint="start the version that wrote it, or give another data directory",
        )
    if not found.sound():
        gaps = judged(found, cursors, accept_gap=accept_gap)
        _tell(found, gaps)
        repair(found, gaps)
    for first in found.unbegun:
        remove(segment_file(folder, first))
    if not (folder / INDEX_FILE).exists():
        new = folder / f"{INDEX_FILE}.new"
        create_index(new, Known())
        new.rename(folder / INDEX_FILE)
        sync_folder(folder)
    try:
        index = _written(folder, found.last, cursors)
    except UNREADABLE as error:
        if isinstance(error, sqlite3.Error) and error.sqlite_errorcode & 0xFF not in _OF_THE_FILE:
            raise
        found.index_faults.append(str(error))  # it can be read, so what is in it goes on in a new one
        _tell(found, ())
        repair(found, [])
        index = _written(folder, found.last, cursors)
    _remove_behind(folder, index.removed_upto)
    return index, found.last


def _written(folder: Path, last: int, cursors: Sequence[str]) -> Index:
    """Opened, and shown to take a change."""
    index = Index.open(folder)
    try:
        with index.whole():
            index.add_cursors(cursors)
            index.set_mark("reached", last)
    except BaseException:
        index.close()
        raise
    return index


def judged(found: Survey, cursors: Sequence[str], *, accept_gap: bool) -> list[Gap]:
    """The gaps that nobody knew of, accepted where they matter. Raises Misconfigured (JOURNAL_DAMAGED) where somebody
    has to do that first, or where nothing helps but a copy."""
    if found.snapshot is None:
        raise Misconfigured(
            f"the journal in {found.folder} has no snapshot that can be read, and what came before its records is gone",
            code="JOURNAL_DAMAGED",
            hint="restore the journal folder from a copy, or move it aside: an empty journal begins behind the graph"
            " (live values and open alerts are then built up anew)",
            problems=_faults(found),
        )
    standing = dict.fromkeys(cursors, found.known.base) | found.known.cursors
    gaps, missed = [], []
    for gap in found.gaps:
        matters = gap.matters(found.snapshot, standing)
        missed += [Problem("JOURNAL_GAP", f"{gap.records} cannot be read ({gap.why}): {why}") for why in matters]
        gaps.append(Gap(gap.first, gap.last, gap.why, accepted=bool(matters)))
    if missed and not accept_gap:
        raise Misconfigured(
            f"the journal in {found.folder} is damaged and lacks records that are still needed",
            code="JOURNAL_DAMAGED",
            hint="restore the folder from a copy, or start once with `serve --accept-journal-gap` to go on without"
            " them; `twin-overlay journal check` tells more and changes nothing",
            problems=[*_faults(found), *missed],
        )
    return gaps


def unusable(folder: Path, why: str) -> Misconfigured:
    return Misconfigured(
        f"the journal in {folder} cannot be used: {why}",
        code="JOURNAL_UNUSABLE",
        hint="give a data directory that this user may write, or move the folder aside",
    )


def _faults(found: Survey) -> list[Problem]:
    return [Problem("JOURNAL_DAMAGED", fault, file) for file, fault in found.faults()]


def _tell(found: Survey, gaps: Sequence[Gap]) -> None:
    for file, fault in found.faults():
        log.error("JOURNAL DAMAGED in %s: %s: %s; it goes to %s/", found.folder, file, fault, DAMAGED_FOLDER)
    for gap in gaps:
        how = "a person let it go on" if gap.accepted else "nobody needs them any more: it goes on"
        log.error("JOURNAL GAP in %s: %s cannot be read (%s); %s", found.folder, gap.records, gap.why, how)


def _remove_behind(folder: Path, upto: int) -> None:
    """Segments that a run was about to remove when it was killed."""
    for first, after in pairwise(segments_in(folder)):
        if after - 1 <= upto:
            remove(segment_file(folder, first))
