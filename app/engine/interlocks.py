"""Interlocks: what must not be sent while a condition is TRUE, or while nobody knows whether it is.

They are looked at in the very step that would send (or set a property without a device), never before: what a
behavior decided on may have changed by then. One that can't be run stands against everything it covers. Those of an
overlay that is suspended stand all the same: suspending silences behaviors, it must not take a protection away.
"""

from collections.abc import Mapping

from app.engine.basis import basis_of
from app.engine.cells import EVIDENCE, PATH_SILENT, Owner, RuleState, TwinState
from app.engine.step import Step
from app.model.definitions import Lifecycle
from app.model.events import InterlockVerdict, UnknownInput
from app.model.live import GuardView
from app.model.plan import Interlock, Rule

_IN_FORCE: tuple[Lifecycle, ...] = ("active", "suspended")
"""Lifecycles of an overlay whose interlocks stand: a draft and a retired one are not in place."""
_NAMED = 5
"""Members that a refusal names."""


class InterlockState(RuleState):
    """One interlock of one owner; `covers` are the twins it stands before."""

    __slots__ = ("covers", "interlock")

    def __init__(self, owner: Owner, index: int, interlock: Interlock, twins: Mapping[str, TwinState]) -> None:
        super().__init__(owner, index, as_rule(interlock), twins, silenced=False)
        self.interlock = interlock
        self.covers = owner.twins_of(interlock.owner)

    def truth(self) -> bool | None:
        return None if self.error is not None else self.evaluate()

    def unknown(self) -> tuple[UnknownInput, ...]:
        """What keeps it from being known."""
        if self.error is not None:
            code, _, message = self.error.partition(" ")
            return (UnknownInput(message or code, code),)
        found = [
            UnknownInput(f"{cell.twin.plan.twin_id}.{cell.spec.plan.name}", cell.state().reason or PATH_SILENT)
            for cell in self.valued()
            if cell.live is None
        ]
        found += [UnknownInput(note, "NotThere") for note in self.notes]
        if self.memory is not None:
            found += [UnknownInput(what, reason) for slot in self.memory.gathered for what, reason in slot.unknown()]
            found = found or [UnknownInput(line, "NotKnown") for line in self.memory.why_unknown()]
        return tuple(found) or (UnknownInput("the arithmetic", "no result: division by zero or overflow"),)

    def view(self) -> GuardView:
        truth, interlock = self.truth(), self.interlock
        return GuardView(
            self.owner.key,
            interlock.name,
            interlock.method,
            interlock.property,
            interlock.written,
            EVIDENCE[truth],
            self.unknown() if truth is None else (),
        )


def as_rule(interlock: Interlock) -> Rule:
    """Its condition is bound and run as a behavior's is."""
    return Rule(interlock.name, interlock.condition, error=interlock.error)


def made(owner: Owner, twins: Mapping[str, TwinState]) -> tuple[InterlockState, ...]:
    """Of an owner that was just bound."""
    if not owner.shape.shape.interlocks or not owner.in_force(_IN_FORCE):
        return ()
    first = len(owner.shape.shape.rules)
    return tuple(
        InterlockState(owner, first + index, interlock, twins)
        for index, interlock in enumerate(owner.shape.shape.interlocks)
    )


def against(
    step: Step, twin: TwinState, *, method: str | None = None, property: str | None = None
) -> tuple[InterlockVerdict, ...]:
    """Those that stand against it now, in the order of their owners."""
    if not twin.guards:
        return ()
    step.derive()  # what a write of this very step has changed, and is computed from that, counts
    found = []
    for guard in twin.guards:
        interlock = guard.interlock
        if (method is None or interlock.method != method) and (property is None or interlock.property != property):
            continue
        truth = guard.truth()
        if truth is not False:
            found.append(
                InterlockVerdict(
                    guard.owner.key,
                    interlock.name,
                    "true" if truth else "unknown",
                    interlock.written,
                    () if truth else guard.unknown(),
                    basis_of(guard, step.live.twins) if step.live.explains else None,
                )
            )
    return tuple(found)


def told(verdicts: tuple[InterlockVerdict, ...]) -> str:
    return "; ".join(map(_told, verdicts))


def _told(verdict: InterlockVerdict) -> str:
    who = f"interlock '{verdict.name}' of {verdict.owner.kind} '{verdict.owner.id}'"
    if verdict.truth == "true":
        return f"{who} stands against it: {verdict.condition}{_by_whom(verdict)}"
    unknown = ", ".join(f"{item.what} ({item.reason})" for item in verdict.unknown)
    return f"{who} stands against it, since it is unknown whether {verdict.condition}: {unknown}"


def _by_whom(verdict: InterlockVerdict) -> str:
    """The members that make a condition over all of them what it is."""
    together = verdict.basis.together if verdict.basis is not None else ()
    members = list(dict.fromkeys(member.id for item in together for member in item.deciding))
    if not members:
        return ""
    more = f" and {len(members) - _NAMED} more" if len(members) > _NAMED else ""
    return f" ({', '.join(members[:_NAMED])}{more})"
