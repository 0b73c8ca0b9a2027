"""What an act on the plant would do, told without doing it: for dry runs of writes, calls and what is done to alerts.

Nothing is decided, so what behaviors would make of it is not foretold; what is sure is told, and what stands in the way
now. A device may still refuse what nothing here knows of.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.errors import Problem
from app.model.catalogue import Catalogue
from app.model.connectivity import paths_of
from app.model.definitions import PropertyDefinition
from app.model.events import Alert, Shelving
from app.model.time import iso
from app.model.values import Value
from app.ports import LiveView

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Rehearsal:
    effects: tuple[str, ...]
    """In words, in their order."""
    breaks: tuple[Problem, ...] = ()
    """What would make it fail if it were done now."""


DONE = Rehearsal(())
"""Of what was not rehearsed but done."""


def of_manual(live: LiveView, twin_id: str, definition: PropertyDefinition, value: Value) -> Rehearsal:
    state = live.property_state(twin_id, definition.name)
    now = state.reported or state if state is not None else None
    before = "there is no value yet" if now is None or not now.timestamp else f"it is {_shown(now.value)}"
    effects = [f"property '{definition.name}' of twin '{twin_id}' becomes {_with_unit(definition, value)}; {before}"]
    overridden = _overridden(live, twin_id, definition.name)
    return Rehearsal(tuple(effects + overridden), _interlocks(live, twin_id, property=definition.name))


def of_write(
    catalogue: Catalogue, live: LiveView, twin_id: str, definition: PropertyDefinition, value: Value
) -> Rehearsal:
    sent = f"{_with_unit(definition, value)} is written to '{definition.name}' on {_device(catalogue, twin_id)}"
    breaks = (*_path(live, twin_id), *_interlocks(live, twin_id, property=definition.name))
    return Rehearsal((sent, *_overridden(live, twin_id, definition.name)), breaks)


def of_call(
    catalogue: Catalogue, live: LiveView, twin_id: str, method: str, arguments: Mapping[str, Value]
) -> Rehearsal:
    listed = ", ".join(f"{name}: {_shown(value)}" for name, value in arguments.items())
    sent = f"{method}({listed}) is called on {_device(catalogue, twin_id)}"
    connectivity = catalogue.connectivity(twin_id)
    breaks = _path(live, twin_id)
    if connectivity is not None and not any(method in path.mapping.methods for path in paths_of(connectivity)):
        message = f"method '{method}' of twin '{twin_id}' has no mapping"
        unmapped = Problem("METHOD_UNMAPPED", message, "/method", "add it to connectivity.mapping.methods")
        breaks = (unmapped, *breaks)
    return Rehearsal((sent,), (*breaks, *_interlocks(live, twin_id, method=method), *_limit(live, twin_id, method)))


def of_acknowledgement(alert: Alert) -> Rehearsal:
    """Raised again since or not, it is acknowledged once; whether it closes depends on whether it has cleared."""
    what = f"alert '{alert.alert_id}' is acknowledged"
    return Rehearsal((what if alert.active else f"{what}, and closed: it has cleared",))


def of_reset(alert: Alert) -> Rehearsal:
    what = f"alert '{alert.alert_id}' is cleared"
    return Rehearsal((f"{what}, and closed" if alert.acknowledged or not alert.ack_required else what,))


def of_acknowledgements(alerts: Sequence[Alert]) -> Rehearsal:
    return Rehearsal(tuple(effect for alert in alerts for effect in of_acknowledgement(alert).effects))


def of_comment(alert: Alert) -> Rehearsal:
    return Rehearsal((f"alert '{alert.alert_id}' gets the comment",))


def of_shelving(shelving: Shelving, before: Shelving | None, alert: Alert | None) -> Rehearsal:
    effects = [f"{_identity(shelving)} is shelved until {iso(shelving.until)}"]
    if before is not None:
        effects.append(f"that takes the place of the shelving by {before.by} until {iso(before.until)}")
    if alert is not None and alert.annunciated:
        effects.append(f"alert '{alert.alert_id}' is no longer annunciated")
    return Rehearsal(tuple(effects))


def of_unshelving(shelving: Shelving, alert: Alert | None) -> Rehearsal:
    effects = [f"{_identity(shelving)} is no longer shelved"]
    if alert is not None and not alert.suppressed_by:
        effects.append(f"alert '{alert.alert_id}' is annunciated again")
    return Rehearsal(tuple(effects))


def _identity(shelving: Shelving) -> str:
    key = shelving.key
    of = f"behavior '{key.behavior}' of " if key.behavior else ""
    return f"alert '{key.code}' of {of}{key.owner.kind} '{key.owner.id}'"


def _path(live: LiveView, twin_id: str) -> tuple[Problem, ...]:
    path = live.connectivity(twin_id)
    if path is None or path.status == "connected":
        return ()
    why = f": {path.reason}" if path.reason else ""
    message = f"the device of twin '{twin_id}' is {path.status}{why}"
    return (Problem("NOT_CONNECTED", message, "", "wait until it is connected, see `connectors`"),)


def _interlocks(
    live: LiveView, twin_id: str, *, method: str | None = None, property: str | None = None
) -> tuple[Problem, ...]:
    found = []
    for guard in live.guards(twin_id):
        if (guard.method, guard.property) != (method, property) or guard.truth == "false":
            continue
        why = "".join(f"; {item.what}: {item.reason}" for item in guard.unknown)
        message = f"interlock '{guard.name}' of {guard.owner.kind} '{guard.owner.id}' stands against it: "
        message += f"{guard.condition} is {guard.truth}{why}"
        found.append(Problem("CALL_INTERLOCKED", message, "", "wait, or override it with a reason"))
    return tuple(found)


def _limit(live: LiveView, twin_id: str, method: str) -> tuple[Problem, ...]:
    retry_at = live.retry_at(twin_id, method)
    if retry_at is None:
        return ()
    message = f"method '{method}' of twin '{twin_id}' was sent as often as its limit allows"
    return (Problem("CALL_LIMITED", message, "", f"it may be sent again at {iso(retry_at)}"),)


def _overridden(live: LiveView, twin_id: str, name: str) -> list[str]:
    state = live.property_state(twin_id, name)
    if state is None or state.override is None:
        return []
    kind = state.override.kind.replace("_", " ")
    return [f"it is {kind} by {state.override.by}: what is set shows once that ends"]


def _device(catalogue: Catalogue, twin_id: str) -> str:
    connectivity = catalogue.connectivity(twin_id)
    return f"the {connectivity.protocol} device of twin '{twin_id}'" if connectivity else f"twin '{twin_id}'"


def _with_unit(definition: PropertyDefinition, value: Value) -> str:
    return f"{_shown(value)} {definition.unit}" if definition.unit else _shown(value)


def _shown(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
