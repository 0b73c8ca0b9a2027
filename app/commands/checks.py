"""A definition against the others: everything it names exists, fits, and may be done.

It reads a World, which for a save is the catalogue with the whole request laid over it, so documents of one request
may need each other in any order.
"""

from app.commands.check_activity import check_suppression
from app.commands.check_behaviors import Place, check_behaviors
from app.commands.check_computed import check_computed_properties
from app.commands.check_connectivity import check_complete, check_connectivity, check_template
from app.commands.check_extends import check_extends
from app.commands.check_interlocks import check_interlocks, check_limits
from app.commands.check_reach import check_fillers_are_reached, check_twin_is_reached
from app.commands.check_relationships import (
    check_relationship_type,
    check_relationships,
    check_rules,
    check_type_is_known,
)
from app.commands.check_roles import check_edges, check_fillers, check_role_ends, check_role_types, check_roles
from app.commands.check_units import check_units
from app.commands.draft import World
from app.commands.findings import Findings
from app.commands.overlay_names import behaviors_in_effect, fills_plainly, names_in_overlay, names_in_type
from app.model.behaviors import BehaviorDefinition
from app.model.catalogue import Capabilities, own_capabilities
from app.model.connectivity import part_of_twin, takes_template
from app.model.definitions import Definition, Overlay, OverlayType, RelationshipType, Twin, TwinType
from app.model.interlocks import InterlockDefinition


def check(world: World, definition: Definition) -> Findings:
    """All faults and warnings of one definition. Those it causes in others are dependents.py's to look for."""
    findings = Findings()
    match definition:
        case RelationshipType():
            check_relationship_type(world, definition, findings)
        case TwinType():
            _check_twin_type(world, definition, findings)
        case Twin():
            _check_twin(world, definition, findings)
        case OverlayType():
            _check_overlay_type(world, definition, findings)
        case Overlay():
            _check_overlay(world, definition, findings)
    return findings


def _placed(behaviors: list[BehaviorDefinition]) -> list[tuple[str, BehaviorDefinition]]:
    return [(f"/behaviors/{index}", behavior) for index, behavior in enumerate(behaviors)]


def _placed_interlocks(interlocks: list[InterlockDefinition]) -> list[tuple[str, InterlockDefinition]]:
    return [(f"/interlocks/{index}", interlock) for index, interlock in enumerate(interlocks)]


def _check_properties(capabilities: Capabilities, definition: TwinType | Twin, findings: Findings) -> None:
    if definition.properties:  # else inherited ones mean here what they mean above
        own = {item.name: f"/properties/{index}" for index, item in enumerate(definition.properties)}
        check_computed_properties(capabilities.properties, own, findings)


def _check_twin_type(world: World, twin_type: TwinType, findings: Findings) -> None:
    check_units(twin_type, findings)
    check_rules(world, twin_type, findings)
    if not check_extends(world, twin_type, findings):
        return
    capabilities = world.type_capabilities(twin_type.type_id)
    _check_properties(capabilities, twin_type, findings)
    behaviors = _placed(twin_type.behaviors)
    if twin_type.properties or twin_type.methods:  # else inherited behaviors mean here what they mean above
        behaviors += _inherited(capabilities, twin_type)
    place = Place("twin", f"twin type '{twin_type.type_id}'", capabilities)
    check_behaviors(behaviors, place, findings)
    check_suppression(_placed(twin_type.behaviors), capabilities.behaviors, findings)
    check_interlocks(_interlocks_of(capabilities, twin_type), place, findings)
    check_limits(twin_type.methods, findings)
    template = world.template(twin_type.type_id)
    if template is not None:
        check_template(template, capabilities, f"twin type '{twin_type.type_id}'", findings)


def _inherited(capabilities: Capabilities, definition: TwinType | Twin) -> list[tuple[str, BehaviorDefinition]]:
    own = own_capabilities(definition).behaviors
    return [("", item) for name, item in capabilities.behaviors.items() if name not in own]


def _interlocks_of(capabilities: Capabilities, definition: TwinType | Twin) -> list[tuple[str, InterlockDefinition]]:
    """Its own and, where it changes what inherited ones may mean, those."""
    found = _placed_interlocks(definition.interlocks)
    if definition.properties or definition.methods:
        own = own_capabilities(definition).interlocks
        found += [("", item) for name, item in capabilities.interlocks.items() if name not in own]
    return found


def _check_twin(world: World, twin: Twin, findings: Findings) -> None:
    what = f"twin '{twin.twin_id}'"
    check_units(twin, findings)
    if world.twin_type(twin.twin_type) is None:
        findings.unknown("twin type", twin.twin_type, "", "/twin_type", world.ids("twin_type"))
    else:
        capabilities = world.capabilities(twin.twin_id)
        _check_properties(capabilities, twin, findings)
        behaviors = _placed(twin.behaviors)
        if twin.properties or twin.methods:  # else the type's behaviors mean here what they mean there
            behaviors += _inherited(capabilities, twin)
        place = Place("twin", what, capabilities)
        check_behaviors(behaviors, place, findings)
        check_suppression(_placed(twin.behaviors), capabilities.behaviors, findings)
        check_interlocks(_interlocks_of(capabilities, twin), place, findings)
        check_limits(twin.methods, findings)
        _check_connectivity(world, twin, capabilities, findings)
        check_twin_is_reached(world, twin, _placed(twin.behaviors), findings)
    check_relationships(world, twin, findings)


def _check_connectivity(world: World, twin: Twin, capabilities: Capabilities, findings: Findings) -> None:
    template = world.template(twin.twin_type)
    plain = takes_template(twin) and capabilities is world.type_capabilities(twin.twin_type)
    if template is not None and plain and template.takes_any_id:
        check_complete(template.part, findings)  # the rest was checked with the type
        return
    part = part_of_twin(template, twin)
    if part is not None:
        check_complete(part, findings)
        check_connectivity(part, capabilities, f"twin '{twin.twin_id}'", findings)


def _check_overlay_type(world: World, overlay_type: OverlayType, findings: Findings) -> None:
    what = f"overlay type '{overlay_type.type_id}'"
    for index, relationship in enumerate(overlay_type.relationship_types):
        path = f"/relationship_types/{index}/relationship_type"
        check_type_is_known(world, relationship.relationship_type, path, findings)
    told = len(findings.problems)
    check_role_types(world, overlay_type, findings)
    if len(findings.problems) > told:
        return  # what a role can do is not known, so whatever is said of its behaviors would be noise
    check_role_ends(world, overlay_type, findings)
    place = Place("overlay_type", what, named=names_in_type(world, overlay_type))
    behaviors = _placed(overlay_type.behaviors)
    check_behaviors(behaviors, place, findings)
    check_suppression(behaviors, {item.name: item for item in overlay_type.behaviors}, findings)
    check_interlocks(_placed_interlocks(overlay_type.interlocks), place, findings)


def _check_overlay(world: World, overlay: Overlay, findings: Findings) -> None:
    what = f"overlay '{overlay.overlay_id}'"
    overlay_type = world.overlay_type(overlay.overlay_type) if overlay.overlay_type else None
    if overlay.overlay_type and overlay_type is None:
        path = "/overlay_type"
        findings.unknown("overlay type", overlay.overlay_type, "", path, world.ids("overlay_type"))
    check_fillers(world, overlay, findings)
    if overlay_type is not None or not overlay.overlay_type:
        check_roles(world, overlay, overlay_type, findings)
    for index, relationship in enumerate(overlay.relationships):
        path = f"/relationships/{index}/relationship_type"
        check_type_is_known(world, relationship.relationship_type, path, findings)
        for field in ("source_twin_id", "target_twin_id"):
            twin_id = getattr(relationship, field)
            if world.twin(twin_id) is None:
                findings.unresolved(twin_id, relationship.name, f"/relationships/{index}/{field}")
    if findings.problems:
        return  # names whose twins are not there can't be looked into
    check_edges(world, overlay, findings)
    named = names_in_overlay(world, overlay)
    place = Place("overlay", what, named=named)
    behaviors, interlocks = _placed(overlay.behaviors), _placed_interlocks(overlay.interlocks)
    if overlay_type is not None and not fills_plainly(world, overlay, overlay_type):
        own = {item.name for item in overlay.behaviors}
        behaviors += [("", item) for item in overlay_type.behaviors if item.name not in own]
        own = {item.name for item in overlay.interlocks}
        interlocks += [("", item) for item in overlay_type.interlocks if item.name not in own]
    check_behaviors(behaviors, place, findings)
    in_effect = behaviors_in_effect(world, overlay)
    check_suppression(_placed(overlay.behaviors), in_effect, findings)
    check_fillers_are_reached(world, overlay, named, _placed(overlay.behaviors), in_effect.values(), findings)
    check_interlocks(interlocks, place, findings)
