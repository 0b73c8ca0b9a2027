"""Roles of overlay types and who fills them: types that exist, one filler unless many, nothing inside itself, and not
more edges than can be kept."""

from collections import Counter
from collections.abc import Sequence

from app.commands.draft import World
from app.commands.findings import Findings
from app.model.composition import chain_to, edges_made, overlays_in, role_path
from app.model.definitions import Overlay, OverlayType, RoleBinding, RoleDefinition
from app.model.lineage import is_a

MAX_EDGES = 20_000
"""Between the roles of one overlay: two roles with 10,000 each would otherwise make a hundred million."""


def check_role_types(world: World, overlay_type: OverlayType, findings: Findings) -> None:
    for index, role in enumerate(overlay_type.twin_roles):
        if role.twin_type is not None and world.twin_type(role.twin_type) is None:
            path = f"/twin_roles/{index}/twin_type"
            findings.unknown("twin type", role.twin_type, "", path, world.ids("twin_type"))
        if role.overlay_type is None:
            continue
        path = f"/twin_roles/{index}/overlay_type"
        if world.overlay_type(role.overlay_type) is None:
            findings.unknown("overlay type", role.overlay_type, "", path, world.ids("overlay_type"))
        elif role.required:
            chain = chain_to(role.overlay_type, overlay_type.type_id, lambda type_id: _needed(world, type_id))
            if chain:
                findings.fault(
                    "OVERLAY_TYPE_CYCLE",
                    f"no overlay could ever fill role '{role.role}': {_shown([overlay_type.type_id, *chain])}",
                    path,
                    "let one of these roles be optional",
                )


def check_role_ends(world: World, overlay_type: OverlayType, findings: Findings) -> None:
    """Of the relationships between roles."""
    what = f"in overlay type '{overlay_type.type_id}'"
    roles = [role.role for role in overlay_type.twin_roles]
    for index, relationship in enumerate(overlay_type.relationship_types):
        for field in ("source_role", "target_role"):
            written, path = getattr(relationship, field), f"/relationship_types/{index}/{field}"
            found = role_path(world, overlay_type, written)
            if not found:
                findings.unknown("role", written, what, path, roles)
            elif found[-1].overlay_type is not None:
                findings.fault(
                    "ROLE_IS_OVERLAY",
                    f"role '{written}' is filled by an overlay; an edge leads from twin to twin",
                    path,
                    _one_inside(world, written, found[-1].overlay_type),
                )


def check_fillers(world: World, overlay: Overlay, findings: Findings) -> None:
    """Everyone bound exists, and the overlay is not inside itself."""
    for index, binding in enumerate(overlay.twins):
        if binding.twin_id is not None and world.twin(binding.twin_id) is None:
            findings.unknown("twin", binding.twin_id, "", f"/twins/{index}/twin_id", world.ids("twin"))
        if binding.overlay_id is None:
            continue
        path = f"/twins/{index}/overlay_id"
        if world.overlay(binding.overlay_id) is None:
            findings.unknown("overlay", binding.overlay_id, "", path, world.ids("overlay"))
            continue
        chain = chain_to(binding.overlay_id, overlay.overlay_id, lambda id: _inner(world, id))
        if chain:
            message = f"overlay '{overlay.overlay_id}' would be inside itself: {_shown([overlay.overlay_id, *chain])}"
            findings.fault("OVERLAY_CYCLE", message, path, "bind another overlay to this role")


def check_roles(world: World, overlay: Overlay, overlay_type: OverlayType | None, findings: Findings) -> None:
    roles = {role.role: role for role in overlay_type.twin_roles} if overlay_type else {}
    of_type = f"in overlay type '{overlay_type.type_id}'" if overlay_type else ""
    times = Counter(binding.role for binding in overlay.twins)
    seen: set[str] = set()
    for index, binding in enumerate(overlay.twins):
        role = roles.get(binding.role)
        if role is not None:
            _check_filler(world, binding, role, f"/twins/{index}", findings)
        elif overlay_type is not None:
            findings.unknown("role", binding.role, of_type, f"/twins/{index}/role", roles)
        if binding.role in seen and not (role is not None and role.many):
            message = f"role '{binding.role}' is filled {times[binding.role]} times; it takes one"
            hint = f"bind one, or make the role many {of_type}" if of_type else "give each a role of its own"
            findings.fault("DUPLICATE_NAME", message, f"/twins/{index}/role", hint)
        seen.add(binding.role)
    for role in roles.values():
        if role.required and role.role not in seen:
            say = findings.fault if overlay.in_place else findings.warn
            say(
                "ROLE_UNBOUND",
                f"role '{role.role}' is required {of_type} and has no {'overlay' if role.overlay_type else 'twin'}",
                "/twins",
                f"bind {'an overlay' if role.overlay_type else 'a twin'} of type "
                f"'{role.overlay_type or role.twin_type}' to it",
            )


def check_edges(world: World, overlay: Overlay, findings: Findings) -> None:
    count = edges_made(world, overlay)
    if count > MAX_EDGES:
        findings.fault(
            "TOO_MANY_EDGES",
            f"the relationships between the roles of overlay '{overlay.overlay_id}' would be {count:,} edges, "
            "one from each twin to each",
            "/twins",
            f"at most {MAX_EDGES:,} are made: let a twin in between stand for the many of one side",
        )


def _check_filler(world: World, binding: RoleBinding, role: RoleDefinition, path: str, findings: Findings) -> None:
    takes = f"role '{role.role}' takes {role.filled_by}"
    if role.twin_type is not None:
        hint = f"bind a twin of type '{role.twin_type}' or of one that extends it"
        twin = world.twin(binding.twin_id) if binding.twin_id is not None else None
        if binding.overlay_id is not None:
            message = f"{takes}; '{binding.overlay_id}' is an overlay"
            findings.fault("ROLE_TYPE_MISMATCH", message, f"{path}/overlay_id", hint)
        elif twin is not None and not is_a(world, twin.twin_type, role.twin_type):
            message = f"{takes}; '{binding.twin_id}' is a {twin.twin_type}"
            findings.fault("ROLE_TYPE_MISMATCH", message, f"{path}/twin_id", hint)
        return
    hint = f"bind an overlay of exactly the type '{role.overlay_type}'"
    overlay = world.overlay(binding.overlay_id) if binding.overlay_id is not None else None
    if binding.twin_id is not None:
        findings.fault("ROLE_TYPE_MISMATCH", f"{takes}; '{binding.twin_id}' is a twin", f"{path}/twin_id", hint)
    elif overlay is not None and overlay.overlay_type != role.overlay_type:
        kind = f"of type '{overlay.overlay_type}'" if overlay.overlay_type else "of no type"
        message = f"{takes}; '{binding.overlay_id}' is {kind}"
        findings.fault("ROLE_TYPE_MISMATCH", message, f"{path}/overlay_id", hint)


def _needed(world: World, type_id: str) -> list[str]:
    """The overlay types that every overlay of this one contains."""
    overlay_type = world.overlay_type(type_id)
    roles = overlay_type.twin_roles if overlay_type is not None else []
    return [role.overlay_type for role in roles if role.overlay_type is not None and role.required]


def _inner(world: World, overlay_id: str) -> list[str]:
    overlay = world.overlay(overlay_id)
    return overlays_in(overlay) if overlay is not None else []


def _one_inside(world: World, written: str, type_id: str) -> str:
    overlay_type = world.overlay_type(type_id)
    inside = [role.role for role in overlay_type.twin_roles if role.twin_type is not None] if overlay_type else []
    return f"name a role inside it, such as '{written}.{inside[0]}'" if inside else "name a role that a twin fills"


def _shown(chain: Sequence[str]) -> str:
    return " -> ".join(chain)
