"""Kept renderings: a twin as it was answered to a selection, in bytes, and answered again while it still is that.

Kept is only what is read from the definition, the catalogue, the live values and the states of its behaviors, of which
each change is noticed: FIELDS names it, and a selection with any other field (what ages, what the graph is asked) is
read each time. What stands for those four is compared with every answer: the definition's revision, the catalogue's,
the engine's mark, the states themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from graphql import GraphQLObjectType, ValueNode, VariableNode, get_named_type
from graphql.execution.collect_fields import FieldDetailsList

from app.api.renderings import Renderings, Shelf
from app.api.selections import still
from app.api.selections.still import named
from app.errors import TwinOverlayError

if TYPE_CHECKING:
    from app.api.context import Context
    from app.api.selections.run import Run
    from app.ports import LiveView


ROOT = "Twin"
FIELDS: Mapping[str, frozenset[str]] = {
    ROOT: still.FIELDS["Twin"] | named("properties property behaviors"),
    "TwinType": named("id typeId name version description revision"),
    "Property": named(
        "id twinId name description dataType unit minValue maxValue enumValues maxItems access computed staleAfter "
        "deadband mapped value"
    ),
    "Value": named("json number text boolean unit quality timestamp reportedAt known reason path override reported"),
    "Behavior": named("id name description ownerKind ownerId state evidence since error"),
    "Override": named("kind by at reason value"),
}
_LARGE = frozenset({"document", "metadata"})
"""Fields that are as much as objects."""
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True, eq=False)
class Keeping:
    """A selection of a twin, in one document with one choice of its directives, that may be kept."""

    variables: tuple[str, ...]
    """Those that it depends on."""
    behaviors: bool
    """Whether it shows how they stand."""


class Kept:
    """A shelf in the hands of one execution: `found`, and where that gives nothing, `keep` right after."""

    __slots__ = ("_before", "_entries", "_mark", "_mark_of", "_renderings", "_run", "_shelf")

    def __init__(self, renderings: Renderings, shelf: Shelf, run: "Run", *, behaviors: bool) -> None:
        self._renderings = renderings
        self._shelf = shelf
        self._entries = shelf.entries
        self._run = run
        live: LiveView = run.executor.context_value.live
        self._mark_of = live.mark_with_behaviors if behaviors else live.mark_of
        self._mark: object | None = None
        self._before = 0

    def found(self, twin: Any) -> msgspec.Raw | None:
        mark = self._mark_of(twin.twin_id)
        entry = self._entries.get(twin.twin_id)
        if entry is not None and entry[0] == mark and entry[1] == twin.stored.revision:
            self._renderings.given += 1
            return entry[2]
        self._mark, self._before = mark, self._run.unusual
        return None

    def keep(self, twin: Any, answer: dict[str, Any]) -> msgspec.Raw | dict[str, Any]:
        """What is out of the ordinary is not kept: an answer in which something failed tells its errors each time."""
        if self._mark is None or self._run.unusual != self._before:
            return answer
        raw = msgspec.Raw(msgspec.json.encode(answer))
        self._renderings.put(self._shelf, twin.twin_id, (self._mark, twin.stored.revision, raw))
        return raw


def kept(run: "Run", keeping: Keeping) -> Kept | None:
    """None where nothing is kept: what is answered is to be looked at before it is sent, or depends on more than can be
    told."""
    if not run.in_bytes:
        return None
    context: Context = run.executor.context_value
    renderings = context.services.renderings
    if not renderings.most:
        return None
    given = run.executor.variable_values.coerced
    variables = {name: given[name] for name in keeping.variables if name in given}
    if not all(map(_is_plain, variables.values())):
        return None
    try:
        viewer = context.viewer
    except TwinOverlayError:
        return None
    key = keeping, msgspec.json.encode(variables) if variables else b"", viewer
    return Kept(renderings, renderings.shelf(key, context.catalogue), run, behaviors=keeping.behaviors)


def keeping(run: "Run", kind: GraphQLObjectType, details: FieldDetailsList) -> Keeping | None:
    """None where the selection must be read each time, or is so small that to read it is as quick."""
    if kind.name != ROOT:
        return None
    asked = _Asked()
    deep = _collect(run, kind, details, asked)
    return Keeping(tuple(asked.variables), "Behavior" in asked.kinds) if deep else None


@dataclass(slots=True)
class _Asked:
    variables: dict[str, None] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    """The types of the objects in it."""


def _collect(run: "Run", kind: GraphQLObjectType, details: FieldDetailsList, asked: _Asked) -> bool | None:
    """Whether there are objects in it; None where any of it may not be kept."""
    may, deep = FIELDS.get(kind.name), False
    if may is None:
        return None
    asked.kinds.add(kind.name)
    for found in run.executor.collect_subfields(kind, details).grouped_field_set.values():
        name = found[0].node.name.value
        if name == "__typename":
            continue
        definition = kind.fields.get(name)
        if name not in may or definition is None or found[0].fragment_variable_values is not None:
            return None
        for argument in found[0].node.arguments or ():
            asked.variables.update(dict.fromkeys(_variables(argument.value)))
        deep = deep or name in _LARGE
        inner = get_named_type(definition.type)
        if isinstance(inner, GraphQLObjectType):
            deep = True
            if _collect(run, inner, found, asked) is None:
                return None
    return deep


def _variables(value: ValueNode) -> list[str]:
    if isinstance(value, VariableNode):
        return [value.name.value]
    inside = getattr(value, "values", None) or [item.value for item in getattr(value, "fields", None) or ()]
    return [name for item in inside for name in _variables(item)]


def _is_plain(value: object) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, list) and all(map(_is_plain, value)))
