"""What a subscription is about: all twins, or those that a list, a type, an overlay, a filter and what is downstream or
upstream of others have in common. What is inside an overlay, at any depth, is its own.

All of it is looked at again whenever the catalogue has changed: who joins is followed from then on, who leaves is not.
What a filter says of live values holds for each push as it is made. Unknown ids are refused at the start; one that is
deleted later goes quiet.
"""

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass

from app.errors import Invalid, NotFound
from app.find.matching import Matching
from app.model.catalogue import Catalogue
from app.model.composition import overlays_within, twins_within
from app.model.definitions import Kind
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
        cls,
        catalogue: Catalogue,
        twin_ids: Sequence[str] | None,
        twin_type: str | None,
        overlay_id: str | None,
        above: str = "",
    ) -> "About":
        """Raises NotFound with a suggestion for the first id that nothing carries; `above` is where the three stand."""
        if twin_ids is not None and len(twin_ids) > MAX_TWIN_IDS:
            raise Invalid(
                f"{len(twin_ids)} twin ids were given; the most is {MAX_TWIN_IDS}",
                code="TOO_MANY_IDS",
                hint="filter by twinType or overlayId, or leave twinIds out",
                path=f"{above}/twinIds",
            )
        for index, twin_id in enumerate(twin_ids or ()):
            if catalogue.twin(twin_id) is None:
                raise NotFound.named("twin", twin_id, catalogue.ids("twin"), path=f"{above}/twinIds/{index}")
        if twin_type is not None and catalogue.twin_type(twin_type) is None:
            raise NotFound.named("twin type", twin_type, catalogue.ids("twin_type"), path=f"{above}/twinType")
        if overlay_id is not None and catalogue.overlay(overlay_id) is None:
            raise NotFound.named("overlay", overlay_id, catalogue.ids("overlay"), path=f"{above}/overlayId")
        return cls(frozenset(twin_ids) if twin_ids is not None else None, twin_type, overlay_id)

    @property
    def everything(self) -> bool:
        return self.twin_ids is None and self.twin_type is None and self.overlay_id is None


class Membership:
    """`About` against the catalogue as it stands."""

    def __init__(
        self,
        catalogue: Catalogue,
        about: About,
        matching: Matching | None = None,
        reached: Sequence[Callable[[], Set[str]]] = (),
    ) -> None:
        """`reached` are further sets of twins, each as it is when it is asked for."""
        self._catalogue = catalogue
        self.about = about
        self._matching = matching
        self._reached = reached
        self._narrowed = matching is not None or bool(reached)
        self._everything = about.everything and not self._narrowed
        self._revision = catalogue.revision
        self._twins = self._before = self._look()

    def twins(self) -> frozenset[str]:
        """Every twin it is about now."""
        if self._catalogue.revision != self._revision:
            self._revision = self._catalogue.revision
            self._before, self._twins = self._twins, self._look()
        return self._twins

    def has(self, twin_id: str) -> bool:
        return self._everything or (twin_id in self.twins() and self.holds(twin_id))

    def holds(self, twin_id: str) -> bool:
        """Of one of `twins`: whether what the filter says of live values holds for it now."""
        return self._matching is None or self._matching.holds(twin_id)

    def owners(self) -> list[OwnerKey]:
        """Who the behaviors it is about belong to: its twins and, unless only twins were asked for, overlays."""
        found = [OwnerKey("twin", twin_id) for twin_id in sorted(self.twins()) if self.holds(twin_id)]
        return found + [OwnerKey("overlay", overlay_id) for overlay_id in sorted(self._overlays())]

    def owns(self, owner: OwnerKey) -> bool:
        if owner.kind == "twin":
            return self.has(owner.id)
        return self._everything or owner.id in self._overlays()

    def concerns(self, owner: OwnerKey, twin_ids: Sequence[str]) -> bool:
        """Whether it is about an alert: one of its owners raised it, or it is about one of its twins."""
        return self.owns(owner) or any(self.has(twin_id) for twin_id in twin_ids)

    def defines(self, kind: Kind, id: str) -> bool:
        """Whether it is about a definition: a twin of its twins, also one that has just gone, an overlay or type that
        it names or has inside."""
        if self._everything:
            return True
        if kind == "twin":
            return id in self.twins() or id in self._before or id in (self.about.twin_ids or ())
        if kind == "overlay":
            return id == self.about.overlay_id or id in self._overlays()
        return kind == "twin_type" and id == self.about.twin_type

    def index(self) -> frozenset[str] | None:
        """The fixed twins that the bus may index by; None where the twins can change."""
        about = self.about
        changes = about.twin_type is not None or about.overlay_id is not None or self._narrowed
        return None if changes else about.twin_ids

    def _overlays(self) -> set[str]:
        if self._everything:
            return set(self._catalogue.ids("overlay"))
        alone = self.about.twin_ids is None and self.about.twin_type is None and not self._narrowed
        if not alone or self.about.overlay_id is None:
            return set()
        return set(overlays_within(self._catalogue, self.about.overlay_id))

    def _look(self) -> frozenset[str]:
        about = self.about
        if self._everything:
            return frozenset(self._catalogue.ids("twin"))
        groups: list[Set[str]] = [reached() for reached in self._reached]
        if about.twin_ids is not None:
            groups.append({twin_id for twin_id in about.twin_ids if self._catalogue.twin(twin_id) is not None})
        if about.twin_type is not None:
            groups.append(set(self._catalogue.twins_of_type(about.twin_type)))
        if about.overlay_id is not None:
            groups.append(set(twins_within(self._catalogue, about.overlay_id)))
        if self._matching is not None:
            groups.append(self._matching.members())
        groups.sort(key=len)
        return frozenset(groups[0]).intersection(*groups[1:])
