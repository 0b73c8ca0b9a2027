"""What would happen at once if a change of definitions were saved: tried on a copy of what it reaches.

It is what `plan` tells before `apply` does it: which running overlays and open alerts are touched, which rules would be
TRUE as they are loaded, what those would raise, and which calls they would withhold.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.commands.actor import Actor
from app.commands.definitions import DefinitionCommands, Saved
from app.commands.prepared import Prepared, Reaching, prepare
from app.engine.engine import Apart
from app.engine.part import Part
from app.model.definitions import Definition
from app.model.events import Alert, AlertChanged, BehaviorChanged, Load, Outcome
from app.model.plan import OwnerKey, Plan
from app.ports import Clock


class Copying(Reaching, Protocol):
    """What is needed of the engine (engine.Engine)."""

    def apart(self, part: Part) -> Apart:
        """What `reach` found, as it stands."""


@dataclass(frozen=True, slots=True)
class Activation:
    saved: Saved
    twins: tuple[str, ...]
    """Running twins that would be loaded anew."""
    overlays: tuple[str, ...]
    """Active overlays that would."""
    alerts: tuple[Alert, ...]
    """Their open ones, as they stand."""
    behaviors: tuple[BehaviorChanged, ...]
    """What their rules would come to at once; `actions` has what would be withheld."""
    changes: tuple[AlertChanged, ...]
    """What would become of alerts at once."""


class ActivationCommands:
    def __init__(self, definitions: DefinitionCommands, engine: Copying, clock: Clock) -> None:
        self._definitions = definitions
        self._engine = engine
        self._clock = clock

    async def look(self, changed: Sequence[Definition], actor: Actor) -> Activation:
        """Raises what saving raises, Refused (REHEARSAL_TOO_WIDE, BREAKS_DEPENDENTS)."""
        prepared = await prepare(self._definitions, self._engine, changed, actor)
        if prepared.plan is None:
            return Activation(prepared.saved, (), (), (), (), ())
        apart = self._engine.apart(prepared.part)
        outcome = await asyncio.to_thread(_loaded, apart, prepared.plan, actor, self._clock.now())
        return self._told(prepared, apart, outcome)

    def _told(self, prepared: Prepared, apart: Apart, outcome: Outcome) -> Activation:
        catalogue = self._definitions.catalogue
        touched = {OwnerKey("twin", id) for id in prepared.reached.twins}
        touched |= {OwnerKey("overlay", id) for id in prepared.reached.overlays}
        overlays = ((id, catalogue.overlay(id)) for id in sorted(prepared.reached.overlays))
        return Activation(
            prepared.saved,
            tuple(id for id in sorted(prepared.reached.twins) if catalogue.twin(id) is not None),
            tuple(id for id, item in overlays if item is not None and item.lifecycle == "active"),
            tuple(alert for alert in apart.state.alerts if alert.owner in touched),
            outcome.behaviors,
            outcome.alerts,
        )


def _loaded(apart: Apart, plan: Plan, actor: Actor, now: int) -> Outcome:
    return apart.engine().decide(Load(plan, actor.name), max(apart.state.time, now))


def withheld_in(fact: BehaviorChanged) -> list[str]:
    """Calls and writes that it would not make, because its condition is true already."""
    return [item.action for item in fact.actions if item.result == "withheld"]


def made_in(fact: BehaviorChanged) -> list[str]:
    """Those that it would make: it says `on load act`."""
    return [
        item.action
        for item in fact.actions
        if item.result in ("decided", "done") and not item.action.startswith("alert ")
    ]
