"""A change of definitions worked out and not made: what saving it would do, whom it reaches, and what the engine would
be loaded with.

The change is checked as saving it would be. Only what it reaches is planned, with whoever those can set off, so that
trying a change of one overlay costs the same in a large plant as in a small one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Protocol

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands, Saved
from app.commands.dependents import Reach, reach
from app.commands.draft import Draft
from app.commands.plan import plan_of
from app.commands.request import key_of
from app.engine.part import Part, TooWide
from app.errors import Refused
from app.model.catalogue import Catalogue
from app.model.change import StoredDefinition
from app.model.composition import overlays_within, twins_in
from app.model.definitions import Definition, Kind, Overlay
from app.model.plan import OwnerKey, Plan

MAX_REACH = 20_000


class Reaching(Protocol):
    """What is needed of the engine (engine.Engine)."""

    def reach(self, owners: Iterable[OwnerKey], most: int) -> Part:
        """Raises TooWide."""


@dataclass(frozen=True, slots=True)
class Prepared:
    saved: Saved
    """What saving the change would do."""
    reached: Reach
    """Whose plans the change gives another."""
    twins: frozenset[str]
    overlays: frozenset[str]
    """Those, who fills their roles, and whom they can set off."""
    part: Part
    """Of these, what is live now."""
    plan: Plan | None
    """What the engine would be loaded with; None where nothing that runs changes."""


async def prepare(
    definitions: DefinitionCommands, engine: Reaching, changed: Sequence[Definition], actor: Actor
) -> Prepared:
    """Raises what saving raises, Refused (REHEARSAL_TOO_WIDE; BREAKS_DEPENDENTS where saving would break others)."""
    saved = await definitions.save_definitions(changed, actor, dry_run=True)
    if saved.breaks:
        raise Refused(
            f"this would break other definitions: {saved.breaks[0].message}",
            code="BREAKS_DEPENDENTS",
            hint="give the changed versions of those along with it",
            problems=saved.breaks,
        )
    catalogue = definitions.catalogue
    draft = Draft(catalogue, {key_of(item): item for item in changed})
    reached = reach(catalogue, draft, [key_of(item) for item in changed])
    if not (reached.twins or reached.overlays):
        return Prepared(saved, reached, frozenset(), frozenset(), Part((), (), 0), None)
    twins, overlays, part = _near(catalogue, engine, reached, changed)
    after = _with(catalogue, changed, twins, overlays)
    plan = plan_of(after, reached.twins, reached.overlays)
    return Prepared(saved, reached, frozenset(twins), frozenset(overlays), part, plan)


def _near(
    catalogue: Catalogue, engine: Reaching, reached: Reach, changed: Sequence[Definition]
) -> tuple[set[str], set[str], Part]:
    """Whoever the change reaches, whoever fills their roles before and after it, and whoever those can set off."""
    overlays = set(reached.overlays)
    twins = set(reached.twins)
    for overlay in [catalogue.overlay(id) for id in reached.overlays] + [
        item for item in changed if isinstance(item, Overlay)
    ]:
        twins.update(twins_in(overlay) if overlay is not None else ())
    owners = [OwnerKey("twin", id) for id in sorted(twins)] + [OwnerKey("overlay", id) for id in sorted(overlays)]
    try:
        part = engine.reach(owners, MAX_REACH)
    except TooWide:
        raise Refused(
            f"the change reaches more than {MAX_REACH} twins and overlays",
            code="REHEARSAL_TOO_WIDE",
            hint="rehearse it on a few: give those twins or overlays the changed behaviors themselves",
        ) from None
    return twins.union(part.twins), overlays.union(part.overlays), part


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
