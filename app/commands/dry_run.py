"""Changed rules over what happened in the last hours, beside the running ones, before anybody activates them.

Both sides are run by a process of its own (ports.Past), on what of the plant the change can set off (prepared.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands, Saved
from app.commands.plan import plan_for
from app.commands.prepared import Reaching, prepare
from app.errors import Invalid
from app.model.beside import Beside, Compared, Comparison
from app.model.definitions import Definition
from app.model.listed import Listed, listed
from app.model.time import SECOND
from app.ports import Clock, Past

MAX_HOURS = 24.0 * 366
MOST_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class DryRun:
    saved: Saved
    """What saving the change would do and break."""
    beside: Beside | None
    """None where it would change nothing that runs."""

    def differences(self) -> Listed[Compared]:
        return listed([row for row in self._rows() if row.gone or row.new])

    def unchanged(self) -> Listed[Compared]:
        return listed([row for row in self._rows() if not (row.gone or row.new)])

    def _rows(self) -> Sequence[Compared]:
        return self.beside.rows if self.beside is not None else ()


class DryRunCommands:
    def __init__(self, definitions: DefinitionCommands, engine: Reaching, past: Past, clock: Clock) -> None:
        self._definitions = definitions
        self._engine = engine
        self._past = past
        self._clock = clock

    async def compare(self, changed: Sequence[Definition], actor: Actor, hours: float) -> DryRun:
        """Raises what saving raises, Invalid (HOURS_INVALID), Refused (REHEARSAL_TOO_WIDE, and BREAKS_DEPENDENTS where
        saving it would break others), Unavailable (DRY_RUN_FAILED, and where the journal can't be read)."""
        if not 0 < hours <= MAX_HOURS:
            raise Invalid(f"a dry run looks back 0 to {MAX_HOURS:g} hours", code="HOURS_INVALID", path="/hours")
        prepared = await prepare(self._definitions, self._engine, changed, actor)
        if prepared.plan is None:
            return DryRun(prepared.saved, None)
        catalogue = self._definitions.catalogue
        now = plan_for(
            catalogue,
            twins=[id for id in sorted(prepared.twins) if catalogue.twin(id) is not None],
            overlays=[id for id in sorted(prepared.overlays) if catalogue.overlay(id) is not None],
        )
        since = self._clock.now() - round(hours * 3600 * SECOND)
        comparison = Comparison(now, prepared.plan, since, MOST_SECONDS)
        return DryRun(prepared.saved, await self._past.compare(comparison))
