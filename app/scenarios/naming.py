"""Names of a scenario's lines looked up where the scenario is: what is not there is told with what was meant."""

from collections.abc import Callable, Iterable

from app.dtsl.diagnostics import Message
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.model.plan import BehaviorKey
from app.scenarios import messages
from app.scenarios.script import Member, Name
from app.scenarios.stage import Stage
from app.scenarios.words import Fault


def _types(ids: Iterable[str]) -> list[str]:
    return [dtsl_type(id) for id in ids]


def _told(member: Member, known: Iterable[str]) -> tuple[str, str, list[str]]:
    """The name, its owner's and those that there are, as scripts spell them."""
    return dtsl_member(member.name.id), dtsl_type(member.owner.id), [dtsl_member(name) for name in known]


def twin(stage: Stage, name: Name) -> str:
    """Raises Fault, as everything here."""
    catalogue = stage.plant.catalogue
    if catalogue.twin(name.id) is None:
        raise Fault(messages.unknown_twin(dtsl_type(name.id), _types(catalogue.ids("twin"))), name.span)
    return name.id


def property_of(stage: Stage, member: Member) -> tuple[str, str]:
    """The ids of the twin and of what it has; so do those that follow."""
    return _part(stage, member, messages.unknown_property, "properties")


def method_of(stage: Stage, member: Member) -> tuple[str, str]:
    return _part(stage, member, messages.unknown_method, "methods")


def event_of(stage: Stage, member: Member) -> tuple[str, str]:
    return _part(stage, member, messages.unknown_event, "events")


def callable_of(stage: Stage, member: Member) -> tuple[str, str]:
    """A method, or a property: what a call may be of."""
    return _part(stage, member, messages.unknown_method, "methods", "properties")


Unknown = Callable[[str, str, Iterable[str]], Message]


def _part(stage: Stage, member: Member, unknown: Unknown, *parts: str) -> tuple[str, str]:
    twin_id = twin(stage, member.owner)
    capabilities = stage.plant.catalogue.capabilities(twin_id)
    known = [name for part in parts for name in getattr(capabilities, part)]
    if member.name.id not in known:
        raise Fault(unknown(*_told(member, known)), member.name.span)
    return twin_id, member.name.id


def overlay(stage: Stage, name: Name) -> str:
    catalogue = stage.plant.catalogue
    if catalogue.overlay(name.id) is None:
        raise Fault(messages.unknown_overlay(dtsl_type(name.id), _types(catalogue.ids("overlay"))), name.span)
    return name.id


def behavior_of(stage: Stage, member: Member) -> BehaviorKey:
    """One that is there or was. Of a twin and an overlay of one id the one that has it is meant."""
    owners = stage.owners(member.owner.id)
    if member.kind is not None:
        owners = [owner for owner in owners if owner.kind == member.kind]
    if not owners:
        catalogue = stage.plant.catalogue
        known = [*catalogue.ids("twin"), *catalogue.ids("overlay")]
        raise Fault(messages.unknown_owner(dtsl_type(member.owner.id), _types(known)), member.owner.span)
    having = [owner for owner in owners if BehaviorKey(owner, member.name.id) in stage.behaviors]
    if len(having) > 1:
        raise Fault(messages.two_owners(dtsl_type(member.owner.id)), member.owner.span)
    if not having:
        known = [key.name for key in stage.behaviors if key.owner in owners]
        raise Fault(
            messages.unknown_behavior(*_told(member, known)),
            member.name.span,
        )
    return BehaviorKey(having[0], member.name.id)
