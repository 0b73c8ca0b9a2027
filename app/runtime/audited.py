"""A journal entry as what the audit and the alert history keep of it; nothing is decided here and nothing looked up.

A command has one entry, done or refused, and none where it changed nothing (a retry). A call has one as it is decided
and one for what became of it, so that a behavior's calls are in the audit as a person's are; a behavior's write to a
manual property has one where it changed the value. What devices and programs report is telemetry and not audited, but
for the path that a twin is heard by, where another takes over.
"""

from collections.abc import Iterator

import msgspec

from app.model.audit import AlertRecord, AuditEntry
from app.model.audit_kind import AuditKind
from app.model.events import (
    HERE,
    AcknowledgeAlert,
    AcknowledgeAlerts,
    Alert,
    AlertChanged,
    AlertKey,
    CallChanged,
    ClearOverride,
    CommentAlert,
    Entry,
    Input,
    Load,
    Note,
    Outcome,
    OverrideChanged,
    RequestCall,
    ResetAlert,
    SetManual,
    SetOverride,
    ShelveAlert,
    ShelvingChanged,
    UnshelveAlert,
)
from app.model.time import iso
from app.model.values import Value

_OPEN = frozenset({"decided", "attempted"})


def audited(entry: Entry) -> list[AuditEntry]:
    return [
        msgspec.structs.replace(
            item, entry_id=f"journal/{entry.sequence:012}/{index:04}", at=entry.now, sequence=entry.sequence
        )
        for index, item in enumerate(_found(entry))
    ]


def recorded(entry: Entry) -> list[AlertRecord]:
    return [
        AlertRecord(entry.sequence, index, _without_comments(change))
        for index, change in enumerate(entry.outcome.alerts)
    ]


def _without_comments(change: AlertChanged) -> AlertChanged:
    if not change.alert.comments:
        return change
    return msgspec.structs.replace(change, alert=msgspec.structs.replace(change.alert, comments=()))


def _found(entry: Entry) -> Iterator[AuditEntry]:
    command, outcome = entry.input, entry.outcome
    asked = _asked(command)
    if asked is not None and outcome.refused:
        code, _, message = outcome.refused.partition(" ")
        yield msgspec.structs.replace(asked, outcome="refused", code=code, message=message)
        asked = None  # what else there is has come due meanwhile
    match command:
        case Note():
            yield _of_note(command)
        case SetOverride() | ClearOverride() if asked is not None and outcome.overrides:
            yield _with_override(asked, outcome.overrides[0])
        case AcknowledgeAlerts() if asked is not None:
            done = [change.alert for change in outcome.alerts if change.transition == "acknowledged"]
            yield msgspec.structs.replace(asked, subjects=_about(*done))
        case AcknowledgeAlert() | ResetAlert() | CommentAlert() if asked is not None:
            alert = outcome.alerts[0].alert
            yield msgspec.structs.replace(asked, subjects=_about(alert), what=f"{alert.behavior}/{alert.code}")
        case SetManual() if asked is not None:
            yield asked
        case ShelveAlert() | UnshelveAlert():
            pass  # told by what it changed
        case _:  # of its definition, not of a person
            for override in outcome.overrides:
                origin = command.origin if isinstance(command, Load) else HERE
                ended = _blank("override_end", override.by, f"twin/{override.twin_id}", origin=origin)
                yield _with_override(ended, override)
    yield from _of_behaviors(outcome)
    yield from _of_paths(outcome)
    for shelving in outcome.shelvings:
        yield _of_shelving(shelving, asked, command)
    for change in outcome.calls:
        yield from _of_call(change, asked)


def _asked(command: Input) -> AuditEntry | None:
    """A person's command, as if it had been done; None for what nobody asked for."""
    details: dict[str, Value]
    match command:
        case AcknowledgeAlert(alert_id=alert_id, by=by, comment=comment, origin=origin):
            return _blank("acknowledgement", by, f"alert/{alert_id}", origin=origin, reason=comment)
        case AcknowledgeAlerts(alert_ids=ids, by=by, comment=comment, origin=origin):
            subjects = (f"alert/{alert_id}" for alert_id in ids)
            return _blank("acknowledgement", by, *subjects, origin=origin, reason=comment)
        case ResetAlert(alert_id=alert_id, by=by, comment=comment, origin=origin):
            return _blank("reset", by, f"alert/{alert_id}", origin=origin, reason=comment)
        case CommentAlert(alert_id=alert_id, by=by, comment=comment, origin=origin):
            return _blank("comment", by, f"alert/{alert_id}", origin=origin, reason=comment)
        case ShelveAlert(key=key, by=by, origin=origin, reason=reason):
            return _blank("shelving", by, _owner(key), origin=origin, what=_named(key), reason=reason)
        case UnshelveAlert(key=key, by=by, origin=origin, reason=reason):
            return _blank("unshelving", by, _owner(key), origin=origin, what=_named(key), reason=reason)
        case SetManual(twin_id=twin_id, property=name, by=by, origin=origin, override_reason=why):
            details = {"value": command.value}
            return _blank("write", by, f"twin/{twin_id}", origin=origin, what=name, reason=why, details=details)
        case SetOverride(twin_id=twin_id, property=name, by=by, origin=origin, reason=reason):
            details = {"override": command.kind}
            if command.kind == "forced":
                details["value"] = command.value
            return _blank("override", by, f"twin/{twin_id}", origin=origin, what=name, reason=reason, details=details)
        case ClearOverride(twin_id=twin_id, property=name, by=by, origin=origin, reason=reason):
            return _blank("override_end", by, f"twin/{twin_id}", origin=origin, what=name, reason=reason)
        case RequestCall(call_id=call_id, twin_id=twin_id, by=by, origin=origin, override_reason=why):
            return _blank(
                "call" if command.method is not None else "write",
                by,
                f"twin/{twin_id}",
                f"call/{call_id}",
                origin=origin,
                what=command.method or command.property or "",
                reason=why,
                details=dict(command.arguments),
            )
        case _:
            return None


def _of_note(note: Note) -> AuditEntry:
    return AuditEntry(
        "",
        0,
        note.kind,
        note.outcome,
        note.by,
        "engine" if note.outcome == "failed" else "person",
        origin=note.origin,
        subjects=note.subjects,
        what=note.what,
        reason=note.reason,
        code=note.code,
        message=note.message,
        details=note.details,
    )


def _of_behaviors(outcome: Outcome) -> Iterator[AuditEntry]:
    """Their writes to manual properties. Writes to devices are calls."""
    writers = {f"{turned.key.owner.id}/{turned.key.name}": turned for turned in outcome.behaviors if turned.actions}
    for change in outcome.changes:
        writer = writers.get(change.source or "")
        if writer is not None and change.timestamp == writer.at:
            yield _blank(
                "write",
                change.source or "",
                f"twin/{change.twin_id}",
                actor_kind="behavior",
                what=change.property,
                details={"value": change.value},
            )


def _of_paths(outcome: Outcome) -> Iterator[AuditEntry]:
    """Where another path took over. That one fell silent and came back is telemetry."""
    for change in outcome.connectivity:
        if change.was and change.path is not None and change.status == "connected":
            yield _blank(
                "path",
                "connectors",
                f"twin/{change.twin_id}",
                actor_kind="engine",
                what=change.path,
                reason=change.reason,
                details={"was": change.was, "fallback": change.fallback},
            )


def _about(*alerts: Alert) -> tuple[str, ...]:
    """The alerts first, then whose they are and the twins that they concern."""
    found = [f"alert/{alert.alert_id}" for alert in alerts]
    for alert in alerts:
        found += [f"{alert.owner.kind}/{alert.owner.id}", *(f"twin/{twin_id}" for twin_id in alert.twins)]
    return tuple(dict.fromkeys(found))


def _of_shelving(change: ShelvingChanged, asked: AuditEntry | None, command: Input) -> AuditEntry:
    """One that its time or a definition change ended is the engine's, or its author's."""
    key, until = change.shelving.key, iso(change.shelving.until)
    if change.by is not None and asked is not None:
        return msgspec.structs.replace(asked, details={"until": until})
    entry = _blank("unshelving", "timer", _owner(key), what=_named(key), reason=change.reason, details={"until": until})
    if isinstance(command, Load):
        return msgspec.structs.replace(entry, actor=command.author, origin=command.origin)
    return msgspec.structs.replace(entry, actor_kind="engine")


def _owner(key: AlertKey) -> str:
    return f"{key.owner.kind}/{key.owner.id}"


def _named(key: AlertKey) -> str:
    return f"{key.behavior}/{key.code}"


def _of_call(change: CallChanged, asked: AuditEntry | None) -> Iterator[AuditEntry]:
    call = change.call
    moment = call.decided_at if call.status in _OPEN else call.finished_at
    if call.status == "attempted" or moment != change.at:
        return  # on its way, released after a restart, or observed later: each was told in its time
    kind: AuditKind = "call" if call.method is not None else "write"
    details: dict[str, Value] = dict(call.arguments) if call.status in _OPEN else {}
    stood = call.overrode or (call.refusal.interlocks if call.refusal is not None else ())
    if stood:
        details["interlocks"] = [f"{verdict.owner.id}/{verdict.name}" for verdict in stood]
    yield AuditEntry(
        "",
        0,
        kind,
        call.status,
        f"{call.behavior.owner.id}/{call.behavior.name}" if call.behavior is not None else call.cause.ref,
        "behavior" if call.behavior is not None else "person",
        asked.origin if asked is not None and call.behavior is None else HERE,
        (f"twin/{call.twin_id}", f"call/{call.call_id}"),
        call.method or call.property or "",
        call.override_reason,
        call.refusal.code if call.refusal is not None else "",
        call.error,
        details,
    )


def _with_override(entry: AuditEntry, change: OverrideChanged) -> AuditEntry:
    stands = change.override or change.was
    details: dict[str, Value] = dict(entry.details)
    if stands is not None:
        details["override"] = stands.kind
        if stands.kind == "forced":
            details["value"] = stands.value
    return msgspec.structs.replace(entry, what=change.property, reason=change.reason, details=details)


def _blank(kind: AuditKind, actor: str, *subjects: str, **more: object) -> AuditEntry:
    return AuditEntry("", 0, kind, "done", actor, subjects=subjects, **more)  # type: ignore[arg-type]
