"""Start: the engine's state out of its last snapshot and the recorded Outcomes after it; nothing is decided again.

Before the first append the journal and the graph must agree on where they are (`agree`): the numbers of a new journal
begin behind the cursor of an older graph, else the graph would take new records for ones that it already has.
"""

from app.errors import Misconfigured, Unavailable
from app.model.events import Entry
from app.ports import Journal, TwinStore
from app.runtime.decider import Decider

GRAPH = "graph"
"""The graph writer's cursor in the journal."""
_CHUNK = 200


def recover(engine: Decider, journal: Journal) -> int:
    """Fill a new engine; the last sequence. Raises Unavailable (JOURNAL_DAMAGED, JOURNAL_COMPACTED) and Misconfigured
    (JOURNAL_FORMAT)."""
    found = journal.snapshot()
    after = 0
    if found is not None:
        after, state = found
        engine.restore(state)
    if after > journal.last_sequence:
        raise Unavailable(
            f"the journal ends at {journal.last_sequence}, before its snapshot at {after}",
            code="JOURNAL_DAMAGED",
            hint="restore the whole journal folder from a copy, or move it aside and start with an empty one",
        )
    return fold_rest(engine, journal, after)


def fold_rest(engine: Decider, journal: Journal, after: int) -> int:
    """What came behind `after`, up to which the engine is; the last sequence. Raises as `recover` does."""
    while entries := journal.read(after, _CHUNK):
        for entry in entries:
            engine.fold(entry)
        after = entries[-1].sequence
    engine.live.sequence = journal.last_sequence
    return journal.last_sequence


async def agree(journal: Journal, store: TwinStore) -> int:
    """Once at start, before anything is appended: the graph's cursor, made known to the journal. Raises Misconfigured:
    GRAPH_AHEAD_OF_JOURNAL (an older journal than the graph's), GRAPH_BEHIND_JOURNAL (an older graph than the
    journal's, and the records in between are gone)."""
    cursor = await store.cursor()
    if journal.last_sequence == 0 and cursor > 0:
        await journal.start_after(cursor)
    if cursor > journal.last_sequence and journal.accepts_gap:
        await journal.lose(cursor, "the journal ends before them, the graph has them")
    check_cursor(cursor, journal)
    read_for_graph(journal, cursor, 1)
    if journal.cursor(GRAPH) != cursor:
        await journal.advance(GRAPH, cursor)
    return cursor


def check_cursor(cursor: int, journal: Journal) -> None:
    """Raises Misconfigured (GRAPH_AHEAD_OF_JOURNAL)."""
    if cursor > journal.last_sequence:
        raise Misconfigured(
            f"the graph has the facts up to {cursor}, this journal ends at {journal.last_sequence}: it is not the"
            " journal that fed this graph, or an older copy of it",
            code="GRAPH_AHEAD_OF_JOURNAL",
            hint="point to the right data directory; where this is the journal and its end is lost, start once with"
            " --accept-journal-gap; or move its folder aside: an empty journal begins behind the graph (live values and"
            " open alerts are then built up anew)",
        )


def read_for_graph(journal: Journal, cursor: int, limit: int) -> list[Entry]:
    """Journal.read at the graph's cursor. Raises Misconfigured (GRAPH_BEHIND_JOURNAL) where compaction is past it, and
    whatever else the journal raises."""
    try:
        return journal.read(cursor, limit)
    except Unavailable as error:
        if error.code != "JOURNAL_COMPACTED":
            raise
        raise Misconfigured(
            f"the graph has the facts up to {cursor} only and {error.message}: it is an older copy than this journal's",
            code="GRAPH_BEHIND_JOURNAL",
            hint="restore a newer copy of the graph, or move the journal folder aside to begin a new one",
        ) from error
