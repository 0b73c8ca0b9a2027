"""Names of a scenario's lines looked up where the scenario is: what is not there is told with what was meant."""

from collections.abc import Iterable

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
    twin_id = twin(stage, member.owner)
    known = stage.plant.catalogue.capabilities(twin_id).properties
    if member.name.id not in known:
        raise Fault(
            messages.unknown_property(*_told(member, known)),
            member.name.span,
        )
    return twin_id, member.name.id


def method_of(stage: Stage, member: Member) -> tuple[str, str]:
    twin_id = twin(stage, member.owner)
    known = stage.plant.catalogue.capabilities(twin_id).methods
    if member.name.id not in known:
        raise Fault(messages.unknown_method(*_told(member, known)), member.name.span)
    return twin_id, member.name.id


def callable_of(stage: Stage, member: Member) -> tuple[str, str]:
    """A method, or a property that can be written."""
    twin_id = twin(stage, member.owner)
    capabilities = stage.plant.catalogue.capabilities(twin_id)
    if member.name.id not in capabilities.methods and member.name.id not in capabilities.properties:
        known = [*capabilities.methods, *capabilities.properties]
        raise Fault(messages.unknown_method(*_told(member, known)), member.name.span)
    return twin_id, member.name.id


def event_of(stage: Stage, member: Member) -> tuple[str, str]:
    twin_id = twin(stage, member.owner)
    known = stage.plant.catalogue.capabilities(twin_id).events
    if member.name.id not in known:
        raise Fault(messages.unknown_event(*_told(member, known)), member.name.span)
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
