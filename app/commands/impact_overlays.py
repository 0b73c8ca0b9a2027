"""Which overlays miss somebody: a role is lost once everybody who fills it is, and an overlay with a required role.

An overlay that is lost is missed in turn by those whose roles it fills.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from app.model.catalogue import Catalogue
from app.model.definitions import Overlay, RoleBinding


@dataclass(frozen=True, slots=True)
class RoleLoss:
    role: str
    required: bool
    twins: tuple[str, ...]
    """Lost ones that filled it, by id."""
    overlays: tuple[str, ...]
    remaining: int
    """Neither among those nor gone already."""

    @property
    def died(self) -> bool:
        return not self.remaining


@dataclass(frozen=True, slots=True)
class OverlayLoss:
    overlay_id: str
    state: Literal["lost", "degraded"]
    """`lost`: of a required role nobody is left."""
    roles: tuple[RoleLoss, ...]
    """Those that have lost somebody, lost required ones first, then by name."""

    @property
    def required_lost(self) -> int:
        return sum(role.required and role.died for role in self.roles)


class OverlaySearch:
    """Among those in place (active or suspended)."""

    def __init__(
        self,
        catalogue: Catalogue,
        twins: Collection[str],
        gone: Callable[[str], bool] = lambda _: False,
        before: Collection[str] = (),
    ) -> None:
        """`twins` are told of as lost; whoever else is `gone` fills no role either, nor do the overlays that were lost
        `before`, and nothing more is lost for those."""
        self.found: dict[str, OverlayLoss] = {}
        self._catalogue = catalogue
        self._twins = twins
        self._gone = gone
        self._before = before
        self._lost: set[str] = set()

    @property
    def lost(self) -> Collection[str]:
        return self._lost

    def look(self) -> Iterator[None]:
        """A twin or an overlay at a time."""
        catalogue, lost = self._catalogue, self._lost
        waiting: dict[str, None] = {}
        for twin_id in self._twins:
            waiting.update(dict.fromkeys(catalogue.overlays_of_twin(twin_id)))
            yield
        while waiting:
            overlay_id = next(iter(waiting))
            del waiting[overlay_id]
            overlay = catalogue.overlay(overlay_id)
            loss = self._loss(overlay) if overlay is not None and overlay.in_place else None
            if loss is not None:
                self.found[overlay_id] = loss
                if loss.state == "lost" and overlay_id not in lost and overlay_id not in self._before:
                    lost.add(overlay_id)
                    waiting.update(dict.fromkeys(catalogue.overlays_of_overlay(overlay_id)))
            yield

    def _loss(self, overlay: Overlay) -> OverlayLoss | None:
        kind = self._catalogue.overlay_type(overlay.overlay_type) if overlay.overlay_type is not None else None
        required = {role.role for role in kind.twin_roles if role.required} if kind is not None else set()
        fillers: dict[str, list[RoleBinding]] = {}
        for binding in overlay.twins:
            fillers.setdefault(binding.role, []).append(binding)
        roles = []
        for role, bound in fillers.items():
            missing = [item for item in bound if item.twin_id in self._twins or item.overlay_id in self._lost]
            if missing:
                lost_twins = tuple(sorted(item.twin_id for item in missing if item.twin_id is not None))
                lost_overlays = tuple(sorted(item.overlay_id for item in missing if item.overlay_id is not None))
                remaining = sum(not self._missed(item) for item in bound)
                roles.append(RoleLoss(role, role in required, lost_twins, lost_overlays, remaining))
        if not roles:
            return None
        roles.sort(key=lambda item: (not (item.required and item.died), item.role))
        state: Literal["lost", "degraded"] = "lost" if roles[0].required and roles[0].died else "degraded"
        return OverlayLoss(overlay.overlay_id, state, tuple(roles))

    def _missed(self, item: RoleBinding) -> bool:
        if item.twin_id is not None:
            return item.twin_id in self._twins or self._gone(item.twin_id)
        return item.overlay_id in self._lost or item.overlay_id in self._before


def by_severity(found: Mapping[str, OverlayLoss]) -> list[OverlayLoss]:
    """Lost ones first, those with most required roles lost before others, then by id."""
    return sorted(found.values(), key=lambda item: (item.state != "lost", -item.required_lost, item.overlay_id))


def required_roles(found: Mapping[str, OverlayLoss]) -> dict[str, int]:
    """By twin, in how many roles that are required and lost it is missed."""
    counts: dict[str, int] = {}
    for overlay in found.values():
        for role in overlay.roles:
            if role.required and role.died:
                for id in role.twins:
                    counts[id] = counts.get(id, 0) + 1
    return counts
