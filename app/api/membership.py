"""What a subscription is about: all twins, or those that a list, a type and an overlay have in common. What is inside
an overlay, at any depth, is its own.

A type or an overlay is looked at again whenever the catalogue has changed: who joins is followed from then on, who
leaves is not. Unknown ids are refused at the start; one that is deleted later goes quiet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import Invalid, NotFound
from app.model.catalogue import Catalogue
from app.model.composition import overlays_within, twins_within
from app.model.plan import OwnerKey

MAX_TWIN_IDS = 10_000


@dataclass(frozen=True, slots=True)
class About:
    """The three filters as they were given; None where one was left out."""

    twin_ids: frozenset[str] | None
    twin_type: str | None
    overlay_id: str | None

    @classmethod
    def checked(
        cls, catalogue: Catalogue, twin_ids: Sequence[str] | None, twin_type: str | None, overlay_id: str | None
    ) -> "About":
        """Raises NotFound with a suggestion for the first id that nothing carries."""
        if twin_ids is not None and len(twin_ids) > MAX_TWIN_IDS:
            raise Invalid(
                f"{len(twin_ids)} twin ids were given; the most is {MAX_TWIN_IDS}",
                code="TOO_MANY_IDS",
                hint="filter by twinType or overlayId, or leave twinIds out",
                path="/twinIds",
            )
        for index, twin_id in enumerate(twin_ids or ()):
            if catalogue.twin(twin_id) is None:
                raise NotFound.named("twin", twin_id, catalogue.ids("twin"), path=f"/twinIds/{index}")
        if twin_type is not None and catalogue.twin_type(twin_type) is None:
            raise NotFound.named("twin type", twin_type, catalogue.ids("twin_type"), path="/twinType")
        if overlay_id is not None and catalogue.overlay(overlay_id) is None:
            raise NotFound.named("overlay", overlay_id, catalogue.ids("overlay"), path="/overlayId")
        return cls(frozenset(twin_ids) if twin_ids is not None else None, twin_type, overlay_id)

    @property
    def everything(self) -> bool:
        return self.twin_ids is None and self.twin_type is None and self.overlay_id is None


class Membership:
    """`About` against the catalogue as it stands."""

    def __init__(self, catalogue: Catalogue, about: About) -> None:
        self._catalogue = catalogue
        self.about = about
        self._revision = catalogue.revision
        self._twins = self._look()

    def twins(self) -> frozenset[str]:
        """Every twin it is about now."""
        if self._catalogue.revision != self._revision:
            self._revision = self._catalogue.revision
            self._twins = self._look()
        return self._twins

    def has(self, twin_id: str) -> bool:
        return self.about.everything or twin_id in self.twins()

    def owners(self) -> list[OwnerKey]:
        """Who the behaviors it is about belong to: its twins and, unless only twins were asked for, overlays."""
        found = [OwnerKey("twin", twin_id) for twin_id in sorted(self.twins())]
        return found + [OwnerKey("overlay", overlay_id) for overlay_id in sorted(self._overlays())]

    def owns(self, owner: OwnerKey) -> bool:
        if owner.kind == "twin":
            return self.has(owner.id)
        return self.about.everything or owner.id in self._overlays()

    def concerns(self, owner: OwnerKey, twin_ids: Sequence[str]) -> bool:
        """Whether it is about an alert: one of its owners raised it, or it is about one of its twins."""
        return self.owns(owner) or any(self.has(twin_id) for twin_id in twin_ids)

    def index(self) -> frozenset[str] | None:
        """The fixed twins that the bus may index by; None where the twins can change."""
        about = self.about
        return about.twin_ids if about.twin_type is None and about.overlay_id is None else None

    def _overlays(self) -> set[str]:
        if self.about.everything:
            return set(self._catalogue.ids("overlay"))
        alone = self.about.twin_ids is None and self.about.twin_type is None
        if not alone or self.about.overlay_id is None:
            return set()
        return set(overlays_within(self._catalogue, self.about.overlay_id))

    def _look(self) -> frozenset[str]:
        about = self.about
        if about.everything:
            return frozenset(self._catalogue.ids("twin"))
        groups: list[set[str]] = []
        if about.twin_ids is not None:
            groups.append({twin_id for twin_id in about.twin_ids if self._catalogue.twin(twin_id) is not None})
        if about.twin_type is not None:
            groups.append(set(self._catalogue.twins_of_type(about.twin_type)))
        if about.overlay_id is not None:
            groups.append(set(twins_within(self._catalogue, about.overlay_id)))
        return frozenset(set.intersection(*groups))
