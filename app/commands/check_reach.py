"""Calls that nobody would hear: on a twin without connectivity, to a behavior's method as to a person's.

It is a warning, because a plant is often written down before its devices are there; until then such a call is left out
and recorded with that reason.
"""

from collections.abc import Iterable

from app.commands.bound import behind
from app.commands.draft import World
from app.commands.findings import Findings
from app.commands.overlay_names import Names
from app.model.behaviors import BehaviorDefinition, MethodCallAction, action_lists
from app.model.connectivity import part_of_twin, takes_template
from app.model.definitions import Overlay, Twin

_CODE = "CALL_WITHOUT_CONNECTIVITY"
_HINT = "give the twin, or its type, a connectivity"


def check_twin_is_reached(
    world: World, twin: Twin, own: Iterable[tuple[str, BehaviorDefinition]], findings: Findings
) -> None:
    """`own` with the pointer of each. What it inherits is its type's: of 10,000 twins that wait for their devices, each
    would say the same."""
    for path, method in _calls(own) if not _is_connected(world, twin) else ():
        findings.warn(_CODE, f"'{method}' can't be called: '{twin.twin_id}' has no connectivity", path, _HINT)


def check_fillers_are_reached(
    world: World,
    overlay: Overlay,
    names: Names,
    own: Iterable[tuple[str, BehaviorDefinition]],
    everything: Iterable[BehaviorDefinition],
    findings: Findings,
) -> None:
    """The same of who fills the roles that behaviors call; one warning for each of them and method."""
    places = {behavior.name: path for path, behavior in own}
    bindings = {item.twin_id: f"/twins/{index}/twin_id" for index, item in enumerate(overlay.twins)}
    told: set[tuple[str, str]] = set()
    for behavior in everything:
        for where, actions in action_lists(behavior):
            for index, action in enumerate(actions):
                target = names.target(action) if isinstance(action, MethodCallAction) else None
                if target is None or not isinstance(action, MethodCallAction):
                    continue
                for _, named in behind(world, overlay, names, target):
                    twin = world.twin(named.twin_id) if named.twin_id is not None else None
                    if twin is None or (twin.twin_id, action.method) in told or _is_connected(world, twin):
                        continue
                    told.add((twin.twin_id, action.method))
                    place = places.get(behavior.name)
                    path = f"{place}/{where}/{index}" if place is not None else bindings.get(twin.twin_id, "")
                    message = (
                        f"behavior '{behavior.name}' can't call '{action.method}': '{twin.twin_id}' has no connectivity"
                    )
                    findings.warn(_CODE, message, path, _HINT)


def _calls(behaviors: Iterable[tuple[str, BehaviorDefinition]]) -> Iterable[tuple[str, str]]:
    for path, behavior in behaviors:
        for where, actions in action_lists(behavior):
            for index, action in enumerate(actions):
                if isinstance(action, MethodCallAction):
                    yield f"{path}/{where}/{index}", action.method


def _is_connected(world: World, twin: Twin) -> bool:
    template = world.template(twin.twin_type)
    return template is not None if takes_template(twin) else part_of_twin(template, twin) is not None
