"""Changed rules over what happened in the last hours, beside the running ones, before anybody activates them.

The change is checked as saving it would be. Both sides are run by a process of its own (ports.Past); here is only
worked out what of the plant they need: whoever the change reaches, and whoever those can set off.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Protocol

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands, Saved
from app.commands.dependents import Reach, reach
from app.commands.draft import Draft
from app.commands.plan import plan_for, plan_of
from app.commands.request import key_of
from app.engine.part import Part, TooWide
from app.errors import Invalid, Refused
from app.model.beside import Beside, Comparison
from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.composition import overlays_within, twins_in
from app.model.definitions import Definition, Kind, Overlay
from app.model.plan import OwnerKey
from app.model.time import SECOND
from app.ports import Clock, Past

MAX_REACH = 20_000
MAX_HOURS = 24.0 * 366
MOST_SECONDS = 120.0


class Reaching(Protocol):
    """What is needed of the engine (engine.Engine)."""

    def reach(self, owners: Iterable[OwnerKey], most: int) -> Part:
        """Raises TooWide."""


@dataclass(frozen=True, slots=True)
class DryRun:
    saved: Saved
    """What saving the change would do and break."""
    beside: Beside | None
    """None where it would change nothing that runs."""


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
        saved = await self._definitions.save_definitions(changed, actor, dry_run=True)
        if saved.breaks:
            raise Refused(
                f"this would break other definitions: {saved.breaks[0].message}",
                code="BREAKS_DEPENDENTS",
                hint="rehearse the changed versions of those along with it",
            )
        catalogue = self._definitions.catalogue
        draft = Draft(catalogue, {key_of(item): item for item in changed})
        keys = [key_of(item) for item in changed]
        reached = reach(catalogue, draft, keys)
        if not (reached.twins or reached.overlays):
            return DryRun(saved, None)
        twins, overlays = self._near(catalogue, reached, changed)
        after = _with(catalogue, changed, twins, overlays)
        now = plan_for(
            catalogue,
            twins=[id for id in sorted(twins) if catalogue.twin(id) is not None],
            overlays=[id for id in sorted(overlays) if catalogue.overlay(id) is not None],
        )
        since = self._clock.now() - round(hours * 3600 * SECOND)
        comparison = Comparison(now, plan_of(after, reached.twins, reached.overlays), since, MOST_SECONDS)
        return DryRun(saved, await self._past.compare(comparison))

    def _near(self, catalogue: Catalogue, reached: Reach, changed: Sequence[Definition]) -> tuple[set[str], set[str]]:
        """Whoever the change reaches, whoever fills their roles before and after it, and whoever those can set off."""
        overlays = set(reached.overlays)
        twins = set(reached.twins)
        for overlay in [catalogue.overlay(id) for id in reached.overlays] + [
            item for item in changed if isinstance(item, Overlay)
        ]:
            twins.update(twins_in(overlay) if overlay is not None else ())
        owners = [OwnerKey("twin", id) for id in sorted(twins)] + [OwnerKey("overlay", id) for id in sorted(overlays)]
        try:
            part = self._engine.reach(owners, MAX_REACH)
        except TooWide:
            raise Refused(
                f"the change reaches more than {MAX_REACH} twins and overlays",
                code="REHEARSAL_TOO_WIDE",
                hint="rehearse it on a few: give those twins or overlays the changed behaviors themselves",
            ) from None
        return twins.union(part.twins), overlays.union(part.overlays)


def _with(catalogue: Catalogue, changed: Sequence[Definition], twins: set[str], overlays: set[str]) -> Catalogue:
    """A catalogue of what the plans need and no more, with the change in it."""
    wanted: dict[tuple[Kind, str], None] = {}
    kinds: tuple[Kind, ...] = ("relationship_type", "twin_type", "overlay_type")
    for kind in kinds:
        wanted |= dict.fromkeys((kind, id) for id in catalogue.ids(kind))
    for id in overlays:
        wanted |= dict.fromkeys(("overlay", inner) for inner in overlays_within(catalogue, id))
    for kind, id in list(wanted):
        overlay = catalogue.overlay(id) if kind == "overlay" else None
        wanted |= dict.fromkeys(("twin", twin_id) for twin_id in (twins_in(overlay) if overlay is not None else ()))
    wanted |= dict.fromkeys(("twin", id) for id in twins)
    stored = {key: found for key in wanted if (found := catalogue.get(*key)) is not None}
    for item in changed:
        stored[key_of(item)] = _next(catalogue, item)
    return Catalogue.of(catalogue.revision + 1, stored.values())


def _next(catalogue: Catalogue, item: Definition) -> StoredDefinition:
    kind, id = key_of(item)
    standing = catalogue.get(kind, id)
    if standing is None:
        return StoredDefinition(kind, id, item, 1, 1, 0, "", 0, "")
    return replaced(standing, definition=item, revision=standing.revision + 1)
