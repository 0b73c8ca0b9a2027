"""All behaviors of the plant, by owner and name."""

from collections.abc import Iterator, Sequence

from app.api.context import Context
from app.api.types.behavior import definitions_of
from app.api.walks import Walk
from app.api.wheres import BehaviorFilter
from app.model.plan import BehaviorKey, OwnerKey


class Behaviors(Walk):
    """Those that are wanted: `kind/id/name`."""

    def __init__(self, context: Context, wanted: BehaviorFilter) -> None:
        self._context = context
        self._wanted = wanted
        self.owners = self._who()

    def owner(self, key: str) -> str:
        return key.rpartition("/")[0]

    def of(self, owner: str) -> Iterator[str]:
        context, wanted = self._context, self._wanted
        kind, _, id = owner.partition("/")
        key = OwnerKey("twin" if kind == "twin" else "overlay", id)
        items = {
            name: item
            for name, item in definitions_of(context.catalogue, key).items()
            if wanted.called(name, item.description)
        }
        live = wanted.states is not None or wanted.evidence is not None
        views = {view.key.name: view for view in context.live.behaviors(key)} if live and items else {}
        faults = wanted.faulty is not None or wanted.faults is not None
        for name in sorted(items):
            fault = context.live.fault(BehaviorKey(key, name)) if faults else None
            if wanted.stands(views.get(name), fault):
                yield f"{owner}/{name}"

    def _who(self) -> Sequence[str]:
        """Sorted owners that may have one."""
        context, wanted = self._context, self._wanted
        if wanted.owner is not None:
            found = [wanted.owner]
        elif wanted.faulty or wanted.faults is not None:
            found = [fault.key.owner for fault in context.live.faults()]
        elif wanted.about is not None:
            found = wanted.about.owners()
        else:
            ids = context.order.ids
            return [f"{kind}/{id}" for kind in ("overlay", "twin") for id in ids(context.catalogue, kind)]
        return [f"{key.kind}/{key.id}" for key in sorted({key for key in found if wanted.owned(key)}, key=_place)]


def _place(key: OwnerKey) -> tuple[str, str]:
    return key.kind, key.id
