"""What the behaviors of a script's declaration can name, as they are checked and lowered by the language."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from app.commands.check_behaviors import Seen
from app.commands.draft import World
from app.commands.overlay_names import names_in_overlay, names_in_type
from app.dtsl.scope import Owner, Scope
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.model.definitions import Overlay, OverlayType, Twin, TwinType

_NOTHING = Owner({}, {}, known=False)


class _Partly(Mapping[str, Owner]):
    """With names that nothing is known of but how many may fill them: whatever is said of those is let pass."""

    def __init__(self, seen: Mapping[str, Owner], unknown: Mapping[str, Owner]) -> None:
        self._seen = seen
        self._unknown = unknown

    def __getitem__(self, path: str) -> Owner:
        role, within, _ = path.partition("/")
        if role in self._unknown:
            return _NOTHING if within else self._unknown[role]
        return self._seen[path]

    def __iter__(self) -> Iterator[str]:
        return iter({**dict.fromkeys(self._seen), **dict.fromkeys(self._unknown)})

    def __len__(self) -> int:
        return len({*self._seen, *self._unknown})


def scope_of_type(world: World, item: OverlayType, unknown: Collection[str], lost: frozenset[str]) -> Scope:
    """`unknown` are the roles whose type there is not."""
    owners = _Partly(Seen(names_in_type(world, item)), _nothing_of(unknown, item))
    return Scope(None, owners, where=f"overlay {dtsl_type(item.type_id)}", spell=dtsl_member, lost=lost)


def scope_of_overlay(world: World, item: Overlay, unknown: Collection[str], lost: frozenset[str]) -> Scope:
    """`unknown` are the roles and ids that nobody fills whom one knows."""
    overlay_type = world.overlay_type(item.overlay_type) if item.overlay_type is not None else None
    owners = _Partly(Seen(names_in_overlay(world, item)), _nothing_of(unknown, overlay_type))
    return Scope(None, owners, where=f"instance {dtsl_type(item.overlay_id)}", spell=dtsl_member, lost=lost)


def _nothing_of(names: Collection[str], overlay_type: OverlayType | None) -> dict[str, Owner]:
    roles = {role.role: role for role in overlay_type.twin_roles} if overlay_type is not None else {}
    return {
        name: replace(_NOTHING, many=roles[name].many, optional=not roles[name].required) if name in roles else _NOTHING
        for name in names
    }


def scope_of_twin(world: World, item: TwinType | Twin, lost: frozenset[str]) -> Scope | None:
    """None where its type is not known, and so neither is what it has."""
    if isinstance(item, Twin):
        if world.twin_type(item.twin_type) is None:
            return None
        offered, what = world.capabilities(item.twin_id), f"twin {dtsl_type(item.twin_id)}"
    else:
        if item.extends is not None and world.twin_type(item.extends) is None:
            return None
        offered, what = world.type_capabilities(item.type_id), f"twin type {dtsl_type(item.type_id)}"
    return Scope(offered.properties, {}, what, dtsl_member, lost, offered.methods, offered.events)
