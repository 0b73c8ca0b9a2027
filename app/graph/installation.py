"""Who may write this graph: the actor that raised its epoch last, and nobody who did so before it.

The lock on the journal folder already keeps a second actor of one installation away (design D12). This is for what no
file lock sees: two data directories pointed at one graph by mistake, or a graph put back from a copy under a server.
"""

from app.errors import ASK_THE_ACTOR, OBSERVER, ONLY_OBSERVES, Refused
from app.graph.session import Transaction
from app.graph.statements import Statements

SUPERSEDED = "ACTOR_SUPERSEDED"


class Installation:
    def __init__(self, statements: Statements) -> None:
        self._raise = statements["installation/raise_epoch"]
        self._hold = statements["installation/hold_epoch"]
        self._epoch = statements["installation/epoch"]
        self.epoch: int | None = None
        """What this process raised it to; None while it is no actor, and then nothing is checked (migrations)."""
        self.only_read = False
        """It observes: nothing is ever written."""

    async def take(self, transaction: Transaction) -> int:
        """Run twice it raises twice, which harms nobody."""
        rows = await transaction.run(self._raise)
        return int(rows[0]["epoch"])

    async def hold(self, transaction: Transaction) -> None:
        """First in every writing transaction. Raises Refused (ACTOR_SUPERSEDED), which rolls it back."""
        if self.only_read:
            raise Refused(ONLY_OBSERVES, code=OBSERVER, hint=ASK_THE_ACTOR)
        if self.epoch is None or await transaction.run(self._hold, epoch=self.epoch):
            return
        found = await transaction.run(self._epoch)
        stands = f"at epoch {found[0]['epoch']}" if found else "without an epoch"
        raise Refused(
            f"the graph is {stands}, this server took it at {self.epoch}: another server has taken it over, or it was"
            " replaced by a copy. This one writes nothing to it any more",
            code=SUPERSEDED,
            hint="stop the server that should not be there; restart this one if it is the one that should",
        )
