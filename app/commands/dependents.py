"""Whom a change reaches: definitions that were not sent but must still hold, owners to load again, users of what goes.

A twin type reaches the types below it and their twins, the overlay types with a role for one of them, and through them
every overlay; an overlay type reaches its overlays and the types with a role for them; a twin or an overlay reaches the
overlays it is in, at any depth. A twin that comes, goes or becomes another kind of thing reaches whoever relates to it.
Checking is skipped where what they see is the same object.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from app.commands.checks import check
from app.commands.documents import KINDS
from app.commands.draft import Draft, Key
from app.errors import Conflict, Problem
from app.model.catalogue import Catalogue
from app.model.composition import overlays_around
from app.model.definitions import Definition, Kind, Overlay, Twin, id_of, kind_of
from app.model.lineage import family, kind_in_effect, lineage
from app.model.relationship_types import BUILT_IN

_LISTED = 50


@dataclass(slots=True)
class Reach:
    """Twins and overlays whose plan may differ after the change, those sent included."""

    twin_types: set[str] = field(default_factory=set)
    twins: set[str] = field(default_factory=set)
    overlays: set[str] = field(default_factory=set)
    overlay_types: set[str] = field(default_factory=set)
    aiming: set[str] = field(default_factory=set)
    """Twin types whose rules ask for one of those types."""
    related: set[Key] = field(default_factory=set)
    """Twins and overlays that name one of those twins in a relationship: their edges may differ, never their plan."""


def reach(base: Catalogue, draft: Draft, changed: Iterable[Key]) -> Reach:
    """What was removed is in it too; the caller asks the catalogue what is still there."""
    found = Reach()
    moved: set[str] = set()
    """Overlays that others may see another inside of."""
    for kind, id in changed:
        match kind:
            case "relationship_type":
                pass  # whoever names it reads it where it stands
            case "twin_type":
                found.twin_types.update(family(draft, id))
            case "twin":
                found.twins.add(id)
            case "overlay_type":
                found.overlay_types.add(id)
            case "overlay":
                found.overlays.add(id)
                if _moved(base.overlay(id), draft.overlay(id)):
                    moved.add(id)
    for type_id in found.twin_types:
        found.twins.update(draft.twins_of_exactly(type_id))
        found.overlay_types.update(draft.overlay_types_of_twin_type(type_id))
    found.overlay_types = _types_around(draft, found.overlay_types)
    found.aiming.update(_aiming_at(draft, found.twin_types))
    for twin_id in found.twins:
        if _differs(base, draft, twin_id):
            moved.update(draft.overlays_of_twin(twin_id))
        if _is_another(base, draft, twin_id):
            found.related.update(("twin", other) for other in base.twins_relating_to(twin_id))
            found.related.update(("overlay", other) for other in base.overlays_relating_to(twin_id))
    for type_id in found.overlay_types:
        moved.update(draft.overlays_of_type(type_id))
    found.overlays.update(overlays_around(draft, moved))
    return found


def _types_around(draft: Draft, type_ids: set[str]) -> set[str]:
    """These and every overlay type with a role for one of them, at any depth."""
    found, waiting = set(type_ids), list(type_ids)
    while waiting:
        outer = set(draft.overlay_types_of_overlay_type(waiting.pop())) - found
        found |= outer
        waiting += outer
    return found


def _moved(before: Overlay | None, after: Overlay | None) -> bool:
    """Whether it looks different to those around it: who fills which role of which type."""
    if before is None or after is None:
        return True
    return before.overlay_type != after.overlay_type or before.twins != after.twins


def broken(base: Catalogue, draft: Draft, reached: Reach, changed: Sequence[Key]) -> list[Problem]:
    """Faults that the change causes in definitions that were not sent, each naming its definition."""
    sent = set(changed)
    rules = _Rules(base, draft, reached)
    problems: list[Problem] = []
    for kind, id, definition in _unsent(draft, reached, sent):
        if isinstance(definition, Twin) and not (_needs_check(definition) or rules.may_break(definition)):
            continue
        name = KINDS[kind][0]
        problems += [
            Problem(item.code, f"{name} '{id}' would break: {item.message}", "", item.hint)
            for item in check(draft, definition).problems
        ]
    return problems


def _unsent(draft: Draft, reached: Reach, sent: set[Key]) -> Iterator[tuple[Kind, str, Definition]]:
    for id in sorted(reached.twin_types | reached.aiming):
        if ("twin_type", id) not in sent and (twin_type := draft.twin_type(id)):
            yield "twin_type", id, twin_type
    for id in sorted(reached.twins.union(id for kind, id in reached.related if kind == "twin")):
        if ("twin", id) not in sent and (twin := draft.twin(id)):
            yield "twin", id, twin
    for id in sorted(reached.overlay_types):
        if ("overlay_type", id) not in sent and (overlay_type := draft.overlay_type(id)):
            yield "overlay_type", id, overlay_type
    for id in sorted(reached.overlays):
        if ("overlay", id) not in sent and (overlay := draft.overlay(id)):
            yield "overlay", id, overlay


def _needs_check(twin: Twin) -> bool:
    """Whether its type's change can touch what it adds; a twin that adds nothing is as right as its type."""
    return bool(twin.properties or twin.methods or twin.behaviors or twin.interlocks or twin.connectivity)


class _Rules:
    """Where a twin's relationships may be against its type's rules though nothing of its own has changed."""

    def __init__(self, base: Catalogue, draft: Draft, reached: Reach) -> None:
        self._base = base
        self._draft = draft
        self._related = reached.related
        self._of_type: dict[str, tuple[bool, bool]] = {}

    def may_break(self, twin: Twin) -> bool:
        type_id = twin.twin_type
        if type_id not in self._of_type:
            before = self._base.type_capabilities(type_id).relationships
            after = self._draft.type_capabilities(type_id).relationships
            self._of_type[type_id] = before != after, bool(after)
        changed, ruled = self._of_type[type_id]
        return changed or (ruled and ("twin", twin.twin_id) in self._related)


def _is_another(base: Catalogue, draft: Draft, twin_id: str) -> bool:
    """Whether it comes, goes, or is another kind of thing than before."""
    before, after = base.twin(twin_id), draft.twin(twin_id)
    if before is None or after is None:
        return before is not after
    old, new = before.twin_type, after.twin_type
    return lineage(base, old) != lineage(draft, new) or kind_in_effect(base, old) != kind_in_effect(draft, new)


def _aiming_at(draft: Draft, type_ids: set[str]) -> Iterator[str]:
    """Twin types whose own rules ask for one of these."""
    for id in draft.ids("twin_type") if type_ids else ():
        twin_type = draft.twin_type(id)
        if twin_type is not None and any(rule.target_type in type_ids for rule in twin_type.relationships):
            yield id


def _differs(base: Catalogue, draft: Draft, twin_id: str) -> bool:
    before, after = base.twin(twin_id), draft.twin(twin_id)
    if before is None or after is None or before.twin_type != after.twin_type:
        return True
    if lineage(base, before.twin_type) != lineage(draft, after.twin_type):
        return True  # it may not be of a role's type any more
    old, new = base.capabilities(twin_id), draft.capabilities(twin_id)
    return old is not new and (old.properties != new.properties or old.methods != new.methods)


def in_use(draft: Draft, kind: Kind, id: str) -> list[Problem]:
    """Those that need what is to be deleted."""
    users: list[tuple[str, str]] = []
    match kind:
        case "relationship_type":
            users += [] if id in BUILT_IN else _naming(draft, id)
        case "twin_type":
            users += [("twin type", user) for user in draft.subtypes_of(id)]
            users += [("twin", user) for user in draft.twins_of_exactly(id)]
            users += [("overlay type", user) for user in draft.overlay_types_of_twin_type(id)]
            users += [("twin type", user) for user in _aiming_at(draft, {id})]
        case "twin":
            users += [("overlay", user) for user in draft.overlays_of_twin(id)]
        case "overlay_type":
            users += [("overlay type", user) for user in draft.overlay_types_of_overlay_type(id) if user != id]
            users += [("overlay", user) for user in draft.overlays_of_type(id)]
        case "overlay":
            users += [("overlay", user) for user in draft.overlays_of_overlay(id)]
    return [Problem("IN_USE", f"{name} '{user}' uses it") for name, user in users]


def _naming(draft: Draft, relationship_type: str) -> Iterator[tuple[str, str]]:
    """Looked for in every document: relationship types go so rarely that an index of their users would cost more."""
    for id in draft.ids("twin_type"):
        twin_type = draft.twin_type(id)
        if twin_type and any(item.relationship_type == relationship_type for item in twin_type.relationships):
            yield "twin type", id
    for id in draft.ids("twin"):
        if (twin := draft.twin(id)) and any(item.relationship_type == relationship_type for item in twin.relationships):
            yield "twin", id
    for id in draft.ids("overlay_type"):
        overlay_type = draft.overlay_type(id)
        if overlay_type and any(
            item.relationship_type == relationship_type for item in overlay_type.relationship_types
        ):
            yield "overlay type", id
    for id in draft.ids("overlay"):
        overlay = draft.overlay(id)
        if overlay and any(item.relationship_type == relationship_type for item in overlay.relationships):
            yield "overlay", id


def misfits(draft: Draft, definitions: Iterable[Definition]) -> list[Problem]:
    """Faults of definitions that are changed for the sake of another's deletion, each naming its definition."""
    return [
        Problem(
            item.code,
            f"{KINDS[kind_of(definition)][0]} '{id_of(definition)}' would break: {item.message}",
            "",
            item.hint,
        )
        for definition in definitions
        for item in check(draft, definition).problems
    ]


def listed(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first 50, the rest counted."""
    more = len(problems) - _LISTED
    return (*problems[:_LISTED], Problem(problems[-1].code, f"and {more} more")) if more > 0 else tuple(problems)


def refusal(kind: Kind, id: str, problems: Sequence[Problem]) -> Conflict:
    """IN_USE, with what stands in the way."""
    count = "1 other" if len(problems) == 1 else f"{len(problems)} others"
    return Conflict(
        f"{KINDS[kind][0]} '{id}' is used by {count}: {problems[0].message}",
        code="IN_USE",
        hint="delete or change these first",
        problems=listed(problems),
    )
