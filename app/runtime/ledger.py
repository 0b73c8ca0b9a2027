"""The loss ledger as it stands at this moment: what ingest counts beside what the graph's books say.

Nothing is stored here. Each number is read where it is counted, and what waits is counted where it waits, so the
equations of app/model/ledger.py compare things that were counted apart.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from app.model.gap import Gap
from app.model.ledger import Account, Books, GraphTally, Ledger, Tally
from app.model.time import Micros
from app.runtime.ingest import Ingest


class LossLedger:
    def __init__(
        self,
        ingest: Ingest,
        books: Callable[[], Books | None],
        counting_since: Callable[[], Micros],
        gaps: Callable[[], Sequence[Gap]],
    ) -> None:
        self._ingest = ingest
        self._books = books
        self._since = counting_since
        self._gaps = gaps

    def read(self) -> Ledger:
        counting, in_flight, books = self._ingest.counting, self._ingest.in_flight(), self._books()
        refused: dict[str, Counter[str]] = {}
        for (source, reason), count in self._ingest.unaccepted().items():
            refused.setdefault(source, Counter())[reason] += count
        graph = None if books is None else {tally.source: tally for tally in books.tallies}
        if graph is not None and self._gaps():
            totals = counting.totals
            graph = {name: _without_lost(item, totals.get(name, Tally(name))) for name, item in graph.items()}
        sources = sorted({*counting.received, *counting.totals, *in_flight, *refused, *(graph or ())})
        accounts = (
            _account(
                counting.totals.get(source) or Tally(source),
                counting.received.get(source, 0),
                refused.get(source, Counter()),
                in_flight[source],
                None if graph is None else graph.get(source, GraphTally(source)),
            )
            for source in sources
        )
        return Ledger(self._since(), tuple(accounts))


def _without_lost(graph: GraphTally, durable: Tally) -> GraphTally:
    """What the graph has of records that the journal has lost since is in no account: the other numbers of these
    samples are lost with the records."""
    lost = max(0, graph.applied - durable.applied)
    of_superseded = min(lost, graph.superseded)
    return graph.plus(-lost, of_superseded - lost, -of_superseded)


def _account(durable: Tally, received: int, refused: Counter[str], in_flight: int, graph: GraphTally | None) -> Account:
    """`refused` could not become samples and is in no record yet."""
    reasons = Counter(durable.rejected) + refused
    return Account(
        durable.source,
        received,
        reasons.total(),
        reasons,
        durable.duplicate,
        durable.journaled,
        in_flight,
        durable.applied,
        durable.late,
        durable.unchanged,
        None if graph is None else graph.written,
        None if graph is None else graph.superseded,
        None if graph is None else durable.applied - graph.applied,
    )
