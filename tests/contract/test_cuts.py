"""Lines cut before and after commits, at random, between the graph writer and a real graph: exactly once in effect.

Set CUT_EXAMPLES for longer runs; Neo4j gets a few of the examples.
"""

import itertools
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from app.graph.store import GraphStore
from app.journal.sqlite import SqliteJournal
from app.model.events import AlertChanged, Input, Load, Outcome, PropertyChanged, Samples
from app.model.plan import Plan, TwinPlan
from app.model.time import Micros
from app.settings import GraphWriterSettings
from tests.contract.samples import CAUSE, T0, alert, event, plant
from tests.contract.writer import write_all
from tests.faults.oracle import Oracle
from tests.servers.graph import GraphAddress
from tests.servers.proxy import BOLT_COMMIT, Loss

EXAMPLES = int(os.environ.get("CUT_EXAMPLES", "6"))
NEO4J_EXAMPLES = max(2, EXAMPLES // 10)
_PROPERTIES = [(twin_id, name) for twin_id in ("pump_1", "pump_2") for name in ("temperature", "status")]
_SMALL = GraphWriterSettings(interval_seconds=0.01, max_rows=2, max_entries=1)
"""Many transactions of few rows, so that there is much to cut."""
Runs = list[tuple[list[int], list[Loss]]]
losses = st.lists(st.sampled_from(["", "request", "answer"]), max_size=5)
runs = st.lists(st.tuples(st.lists(st.integers(0, 5), min_size=1, max_size=40), losses), min_size=1, max_size=3)


def _entry(number: int, what: int) -> tuple[Micros, Input, Outcome]:
    at = T0 + number
    if what < len(_PROPERTIES):
        change = PropertyChanged(*_PROPERTIES[what], float(number), "good", at, at, True)
        return at, Samples(()), Outcome((change,))
    if what == 4:
        raised = alert(f"a{number}", raised_at=at)
        return at, Samples(()), Outcome(alerts=(AlertChanged(raised, "raised", at, CAUSE),))
    return at, Samples(()), Outcome(events=(event(f"e{number}", at),))


_seen = itertools.count()


@pytest.mark.timeout(300)
@seed(1)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(runs=runs)
async def test_wherever_the_line_is_cut_the_graph_ends_with_what_the_journal_says(
    store: GraphStore, graph: GraphAddress, request: pytest.FixtureRequest, runs: Runs
) -> None:
    if "neo4j" in request.node.name and next(_seen) >= NEO4J_EXAMPLES:
        return
    await graph.clean()
    await store.migrate()
    await store.save(plant())
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteJournal.open(Path(folder, "journal"))
        twins = tuple(TwinPlan(twin_id, "pump", "s", 1, 1) for twin_id in ("pump_1", "pump_2"))
        await journal.append([(T0, Load(Plan(1, twins=twins)), Outcome())])
        async with graph.behind_proxy() as (proxy, address):
            for entries, cuts in runs:  # each run is a writer of its own: the one before was killed
                last = journal.last_sequence
                await journal.append([_entry(last + index, what) for index, what in enumerate(entries)])
                behind = await address.connect(answer_seconds=5)
                waiting = list(cuts)
                proxy.lose = lambda sent, waiting=waiting: (  # type: ignore[misc]
                    waiting.pop(0) if sent.endswith(BOLT_COMMIT) and waiting else ""
                )
                await write_all(journal, behind, Path(folder, "aside"), _SMALL)
                await behind.close()
        await journal.close()
        assert not Path(folder, "aside").exists(), "a cut line is no reason to set anything aside"
        assert await Oracle.of(Path(folder, "journal")).differences(graph) == []
