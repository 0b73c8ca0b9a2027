"""The filters of alerts, behaviors and calls, in one vocabulary: of whom (twinIds, twinType, overlayId, owner), in
which state, and since when. Subscriptions say whom they are about in the same words (membership.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import strawberry

from app.api.alert_pages import AlertFilter
from app.api.membership import About, Membership
from app.api.scalars import DateTime
from app.api.types.enums import (
    AlertSeverity,
    BehaviorFaultReason,
    BehaviorState,
    CallStatus,
    Evidence,
    OverrideKind,
)
from app.errors import Invalid, NotFound
from app.model.asked import Calls
from app.model.catalogue import Catalogue
from app.model.live import BehaviorView, Fault
from app.model.plan import OwnerKey

MAX_TEXT = 1000
_TWINS = "Of these twins, at most 10,000. TWIN_NOT_FOUND, TOO_MANY_IDS."
_TYPE = "Of twins of this type, subtypes included. TWIN_TYPE_NOT_FOUND."
_SINCE = "Not before this moment."
_UNTIL = "Before this moment."


@strawberry.input(description="A twin or an overlay that owns behaviors: exactly one of the two.", one_of=True)
class OwnerInput:
    twin_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The twin.")
    overlay_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The overlay.")

    def key(self) -> OwnerKey:
        if self.twin_id:
            return OwnerKey("twin", self.twin_id)
        return OwnerKey("overlay", self.overlay_id or "")

    def checked(self, catalogue: Catalogue) -> OwnerKey:
        """Raises NotFound (TWIN_NOT_FOUND, OVERLAY_NOT_FOUND)."""
        key = self.key()
        if catalogue.get(key.kind, key.id) is None:
            raise NotFound.named(key.kind, key.id, catalogue.ids(key.kind), path=f"/where/owner/{key.kind}Id")
        return key


@strawberry.input(description="Which alerts; all that is given must hold.")
class AlertWhere:
    open: bool | None = strawberry.field(
        default=True, description="Open ones, from memory; false: closed ones, from the graph; null: both."
    )
    severity: list[AlertSeverity] | None = strawberry.field(default=None, description="Of one of these severities.")
    twin_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"Concerning one of these, or of their behaviors. {_TWINS}"
    )
    twin_type: strawberry.ID | None = strawberry.field(default=None, description=f"The same. {_TYPE}")
    overlay_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Of this overlay or one inside it, or concerning a twin in any of them. OVERLAY_NOT_FOUND.",
    )
    owner: OwnerInput | None = strawberry.field(
        default=None, description="Raised by a behavior of this very twin or overlay."
    )
    behavior: str | None = strawberry.field(default=None, description="Raised by a behavior of this name.")
    code: str | None = strawberry.field(default=None, description="Of this code.")
    active: bool | None = strawberry.field(default=None, description="Whether the condition still holds.")
    acknowledged: bool | None = strawberry.field(default=None, description="Whether a person has acknowledged it.")
    shelved: bool | None = strawberry.field(default=None, description="Whether a person has put it aside.")
    suppressed: bool | None = strawberry.field(default=None, description="Whether another behavior suppresses it.")
    text: str | None = strawberry.field(
        default=None, description=f"Somewhere in its message, in any case; 1 to {MAX_TEXT:,} characters. BAD_TEXT."
    )
    since: DateTime | None = strawberry.field(default=None, description=f"Raised then. {_SINCE}")
    until: DateTime | None = strawberry.field(default=None, description=f"Raised then. {_UNTIL}")

    def asked(self, catalogue: Catalogue) -> AlertFilter:
        """Raises NotFound, Invalid."""
        return AlertFilter(
            severities=_words(self.severity),
            shelved=self.shelved,
            suppressed=self.suppressed,
            active=self.active,
            acknowledged=self.acknowledged,
            owner=self.owner.checked(catalogue) if self.owner else None,
            behavior=self.behavior,
            code=self.code,
            text=_text(self.text),
            since=self.since,
            until=self.until,
            about=_about(catalogue, self.twin_ids, self.twin_type, self.overlay_id),
        )


@dataclass(frozen=True, slots=True)
class BehaviorFilter:
    """Which behaviors; None asks for all of them."""

    about: Membership | None = None
    owner: OwnerKey | None = None
    name: str | None = None
    text: str | None = None
    states: frozenset[str] | None = None
    evidence: frozenset[str] | None = None
    faults: frozenset[str] | None = None
    """One of these faults."""
    faulty: bool | None = None

    @property
    def is_open(self) -> bool:
        return self == BehaviorFilter()

    def owned(self, owner: OwnerKey) -> bool:
        return self.owner in (None, owner) and (self.about is None or self.about.owns(owner))

    def called(self, name: str, description: str) -> bool:
        wanted = (self.text or "").casefold()
        return self.name in (None, name) and (wanted in name.casefold() or wanted in description.casefold())

    def stands(self, view: BehaviorView | None, fault: Fault | None) -> bool:
        state, evidence = (view.state, view.evidence) if view is not None else ("inactive", "unknown")
        return (
            (self.states is None or state in self.states)
            and (self.evidence is None or evidence in self.evidence)
            and self.faulty in (None, fault is not None)
            and (self.faults is None or (fault is not None and fault.reason in self.faults))
        )


@strawberry.input(description="Which behaviors; all that is given must hold.")
class BehaviorWhere:
    twin_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_TWINS)
    twin_type: strawberry.ID | None = strawberry.field(default=None, description=_TYPE)
    overlay_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this overlay, of one inside it, or of a twin in any of them. OVERLAY_NOT_FOUND."
    )
    owner: OwnerInput | None = strawberry.field(default=None, description="Of this very twin or overlay.")
    name: str | None = strawberry.field(default=None, description="Of this name.")
    text: str | None = strawberry.field(
        default=None,
        description=f"Somewhere in its name or description, in any case; 1 to {MAX_TEXT:,} characters. BAD_TEXT.",
    )
    state: list[BehaviorState] | None = strawberry.field(default=None, description="In one of these states.")
    evidence: list[Evidence] | None = strawberry.field(
        default=None, description="Whose condition came to one of these last."
    )
    faulty: bool | None = strawberry.field(
        default=None, description="Whether it has a `fault`: comes to nothing although its values are known."
    )
    fault: list[BehaviorFaultReason] | None = strawberry.field(
        default=None, description="With a fault of one of these reasons."
    )

    def asked(self, catalogue: Catalogue) -> BehaviorFilter:
        """Raises NotFound, Invalid."""
        return BehaviorFilter(
            about=_about(catalogue, self.twin_ids, self.twin_type, self.overlay_id),
            owner=self.owner.checked(catalogue) if self.owner else None,
            name=self.name,
            text=_text(self.text),
            states=_words(self.state),
            evidence=_words(self.evidence),
            faults=_words(self.fault),
            faulty=self.faulty,
        )


@strawberry.input(description="Which calls to devices; all that is given must hold.")
class CallWhere:
    status: list[CallStatus] | None = strawberry.field(default=None, description="In one of these states.")
    twin_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=f"Calls to them. {_TWINS}")
    twin_type: strawberry.ID | None = strawberry.field(default=None, description=f"Calls to them. {_TYPE}")
    overlay_id: strawberry.ID | None = strawberry.field(
        default=None, description="To twins with a role in this overlay or in one inside it. OVERLAY_NOT_FOUND."
    )
    owner: OwnerInput | None = strawberry.field(
        default=None, description="Decided by a behavior of this very twin or overlay."
    )
    behavior: str | None = strawberry.field(default=None, description="Decided by a behavior of this name.")
    method: str | None = strawberry.field(default=None, description="Of this method.")
    property: str | None = strawberry.field(default=None, description="Writes of this property.")
    since: DateTime | None = strawberry.field(default=None, description=f"Decided then. {_SINCE}")
    until: DateTime | None = strawberry.field(default=None, description=f"Decided then. {_UNTIL}")

    def asked(self, catalogue: Catalogue) -> Calls:
        """Raises NotFound, Invalid."""
        about = _about(catalogue, self.twin_ids, self.twin_type, self.overlay_id)
        owner = self.owner.checked(catalogue) if self.owner else None
        return Calls(
            statuses=tuple(item.value for item in self.status or ()),
            owner=f"{owner.kind}/{owner.id}" if owner is not None else None,
            behavior=self.behavior,
            twins=about.twins() if about is not None else None,
            method=self.method,
            property=self.property,
            since=self.since,
            until=self.until,
        )


@strawberry.input(description="Which overridden properties; all that is given must hold.")
class OverrideWhere:
    kind: list[OverrideKind] | None = strawberry.field(default=None, description="Of one of these kinds.")
    twin_ids: list[strawberry.ID] | None = strawberry.field(default=None, description=_TWINS)
    twin_type: strawberry.ID | None = strawberry.field(default=None, description=_TYPE)
    overlay_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of twins with a role in this overlay or in one inside it. OVERLAY_NOT_FOUND."
    )
    by: str | None = strawberry.field(default=None, description="By this person.")

    def asked(self, catalogue: Catalogue) -> tuple[frozenset[str] | None, Membership | None, str | None]:
        """Raises NotFound, Invalid."""
        return _words(self.kind), _about(catalogue, self.twin_ids, self.twin_type, self.overlay_id), self.by


AlertWhereArgument = Annotated[
    AlertWhere | None, strawberry.argument(description="Only these; the open ones where left out.")
]
BehaviorWhereArgument = Annotated[BehaviorWhere | None, strawberry.argument(description="Only these; all if left out.")]
OverrideWhereArgument = Annotated[OverrideWhere | None, strawberry.argument(description="Only these; all if left out.")]
CallWhereArgument = Annotated[CallWhere | None, strawberry.argument(description="Only these; all if left out.")]


def _about(
    catalogue: Catalogue, twin_ids: Sequence[str] | None, twin_type: str | None, overlay_id: str | None
) -> Membership | None:
    if twin_ids is None and twin_type is None and overlay_id is None:
        return None
    return Membership(catalogue, About.checked(catalogue, twin_ids, twin_type, overlay_id, "/where"))


def _words(items: Sequence[object] | None) -> frozenset[str] | None:
    return None if items is None else frozenset(item.value for item in items)  # type: ignore[attr-defined]


def _text(text: str | None) -> str | None:
    if text is not None and not 0 < len(text) <= MAX_TEXT:
        message = f"the text to look for has 1 to {MAX_TEXT} characters, not {len(text)}"
        raise Invalid(message, code="BAD_TEXT", path="/where/text")
    return text
