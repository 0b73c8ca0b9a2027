"""Code: a selection as the Python functions that answer it.

One function for each list and each choice of types, with the objects in it written out in place. Every field is tried
on its own, as by graphql-core, so that an error stands where it belongs and its neighbours are answered; a `try` that
nothing fails in costs nothing. What comes out for a list of twins looks like this:

    def items_3(run, items, chain):
     info = run.info
     out = []
     for x in items:
      if not (x.__class__ is k_4): out.append(k_5.complete(run, x, (chain, len(out), None))); continue
      try:
       v_6 = x.twin_id
       r_7 = v_6 if v_6.__class__ is str else k_8.complete(run, v_6, ((chain, len(out), None), 'twinId', 'Twin'))
      except Exception as error:
       r_7 = k_8.failed(run, x, ((chain, len(out), None), 'twinId', 'Twin'), error)
      out.append({'twinId': r_7})
     return out

A client decides about nothing in it but the names of the answer, which are written as Python literals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import permutations
from types import FunctionType
from typing import Any, cast

from graphql import (
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    Undefined,
    is_leaf_type,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from strawberry.types.base import StrawberryObjectDefinition

from app.api.selections.inline import EACH, SELF, Inline, Made, inline
from app.api.selections.kept import keeping, kept
from app.api.selections.leaves import leaf, words_of
from app.api.selections.place import Place
from app.api.selections.resolvers import Resolver, arguments, resolver_of, unchanging
from app.api.selections.run import OutOfTurn, Run
from app.api.selections.still import is_still

MOST_NAMES = 6_000
"""Written for one answer, about four a field; fragments count as often as they are spread."""
_ITEMS_A_LOOK = 8
"""Of a list that is answered in turns, between two looks at the time."""
_IN_PLACE = 3
"""Objects within objects before a function of their own: Python nests twenty blocks."""
Answer = Callable[[Run, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Source:
    """An object whose fields are asked for."""

    text: str
    """An expression that gives it."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """The names of its fields where it has not been made; the expression would make it."""


class NotCompiled(Exception):
    """Something of the selection is left to graphql-core: what is awaited, what is not of our types, or too much."""


class Code:
    """What one answer needs. Everything here raises NotCompiled."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._schema = run.executor.schema
        self._names: dict[str, Any] = {"Undefined": Undefined, "kept": kept, "OutOfTurn": OutOfTurn}
        self._constants: dict[int, str] = {}
        self._lines: list[str] = []
        self._count = 0
        self._lists = 0
        """Those that what is written just now lies in."""
        self.still = False
        """Whether a field's value is answered alike in any turn (still.py)."""

    def fields(self, parent: GraphQLObjectType, grouped: GroupedFieldSet) -> Answer:
        """Of an object: (run, source, its chain) -> dict."""
        return self._done(self.write(parent, grouped))

    def value(self, place: Place) -> Answer:
        """Of a field: (run, what was resolved, its chain) -> what is answered."""
        name, self.still = self._name("value"), is_still(self._run, place.parent, place.details)
        self._function(name, "x", [*self._complete(place, self._constant(place), "x", "r", "chain", 0), "return r"])
        return self._done(name)

    # ------------------------------------------------------------ functions

    def _done(self, name: str) -> Answer:
        exec(compile("\n".join(self._lines), "<selection>", "exec"), self._names)  # noqa: S102 - the text is ours
        return cast(Answer, self._names[name])

    def _function(self, name: str, parameter: str, body: list[str]) -> None:
        self._lines += [f"def {name}(run, {parameter}, chain):", " info = run.info", *_deeper(body)]

    def write(self, parent: GraphQLObjectType, grouped: GroupedFieldSet) -> str:
        """The name of that function, of which there is only the text yet."""
        name = self._name("fields")
        lines, made = self._object(parent, grouped, Source("x"), "chain", 0)
        self._function(name, "x", [*lines, f"return {made}"])
        return name

    def _items(self, place: Place) -> str:
        """Of a list of objects: (run, the items, the list's chain) -> list."""
        name, p, kind, here = (
            self._name("items"),
            self._constant(place),
            _nullable(place.type),
            "(chain, len(out), None)",
        )
        head, rest = ["out = []"], "items"
        breaks: list[str] = []
        item = "out.append({})"
        if self.still and not self._lists:
            head, rest = ["out = run.so_far(chain)"], "items[len(out):]"
            breaks = [f"if not len(out) & {_ITEMS_A_LOOK - 1} and run.over(): raise OutOfTurn"]
            item = "out.append(run.item({}))"
        self._lists += 1
        if isinstance(kind, GraphQLObjectType):
            body, made = self._object(kind, self._grouped(kind, place.details), Source("x"), here, 1)
            otherwise = f"if not ({self._is(kind, 'x')}): out.append({p}.complete(run, x, {here})); continue"
            if not self.still and (k := self._kept(kind, place.details)) is not None:
                head.insert(0, f"s = kept(run, {k})")
                found = [
                    "r = None if s is None else s.found(x)",
                    "if r is not None: out.append(r); continue",
                    "if s is not None and run.over(): raise OutOfTurn",
                ]
                body, made = [*found, *body, f"r = {made}"], "r if s is None else s.keep(x, r)"
            lines = [otherwise, *body, item.format(made)]
        else:
            answers = self._answers(kind, place.details)
            lines = [f"out.append({answers}.get(x.__class__, {p}.complete)(run, x, {here}))"]
        self._lists -= 1
        if not isinstance(place.type, GraphQLNonNull):
            failed = [f"out.append({p}.failed(run, None, {here}, error))"]
            lines = ["try:", *_deeper(lines), "except Exception as error:", *_deeper(failed)]
        loop = [f"for x in {rest}:", *_deeper([*breaks, *lines])]
        self._function(name, "items", [*head, *loop, "return out"])
        return name

    def _answers(self, kind: GraphQLOutputType, details: FieldDetailsList) -> str:
        """Of objects whose class decides, and of those too deep to be written in place: class -> function."""
        found = []
        for item in self._possible(kind):
            name = self.write(item, self._grouped(item, details))
            found += [f"{self._constant(origin)}: {name}" for origin in _origins(item)]
        answers = self._name("answers")
        self._lines.append(f"{answers} = {{{', '.join(found)}}}")
        return answers

    def _possible(self, kind: GraphQLOutputType) -> list[GraphQLObjectType]:
        if isinstance(kind, GraphQLObjectType):
            return [kind]
        abstract = cast(GraphQLAbstractType, kind)
        found = list(self._schema.get_possible_types(abstract))
        classes = [origin for item in found for origin in _origins(item)]
        if getattr((abstract.extensions or {}).get("strawberry-definition"), "resolve_type", None) is not None:
            raise NotCompiled
        if any(issubclass(one, other) for one, other in permutations(classes, 2)):
            raise NotCompiled  # which of them it is depends on how the choice is declared
        return found

    # ------------------------------------------------------------ lines

    def _name(self, kind: str) -> str:
        self._count += 1
        if self._count > MOST_NAMES:
            raise NotCompiled
        return f"{kind}_{self._count}"

    def _constant(self, value: Any) -> str:
        name = self._constants.get(id(value))
        if name is None:
            name = self._constants[id(value)] = self._name("k")
            self._names[name] = value
        return name

    def _grouped(self, kind: GraphQLObjectType, details: FieldDetailsList) -> GroupedFieldSet:
        return self._run.executor.collect_subfields(kind, details).grouped_field_set

    def _kept(self, kind: GraphQLObjectType, details: FieldDetailsList) -> str | None:
        """Where such an object may be answered as it was before: by what."""
        found = keeping(self._run, kind, details)
        return None if found is None else self._constant(found)

    def _is(self, kind: GraphQLObjectType, x: str) -> str:
        return " or ".join(f"{x}.__class__ is {self._constant(origin)}" for origin in _origins(kind))

    def _object(
        self, parent: GraphQLObjectType, grouped: GroupedFieldSet, source: Source, chain: str, depth: int
    ) -> tuple[list[str], str]:
        """Lines for the fields of an object, and the dict of them."""
        lines: list[str] = []
        made: list[str] = []
        for name, details in grouped.items():
            if details[0].node.name.value == "__typename":
                made.append(f"{name!r}: {parent.name!r}")
                continue
            place, resolver = resolved(self._run, parent, details)
            if resolver is None or resolver.awaited:
                raise NotCompiled
            p, r = self._constant(place), self._name("r")
            here = f"({chain}, {name!r}, {parent.name!r})"
            tried = self._field(place, p, resolver, source, r, here, depth)
            failed = f"{r} = {p}.failed(run, {source.text}, {here}, error)"
            lines += ["try:", *_deeper(tried), "except Exception as error:", *_deeper([failed])]
            made.append(f"{name!r}: {r}")
        return lines, "{" + ", ".join(made) + "}"

    def _field(
        self, place: Place, p: str, resolver: Resolver, source: Source, r: str, chain: str, depth: int
    ) -> list[str]:
        """From an object to the answer `r`."""
        v = self._name("v")
        written = self._inline(place, resolver, source, self._constant)
        if written is None:
            return [*self._call(place, p, resolver, v, source), *self._complete(place, p, v, r, chain, depth)]
        if written.made is not None and (lines := self._made(place, resolver, written.made, source, r, chain, depth)):
            return lines
        if not written.text:
            return [*self._call(place, p, resolver, v, source), *self._complete(place, p, v, r, chain, depth)]
        lines = [f"{v} = {written.text}", *self._complete(place, p, v, r, chain, depth)]
        if written.word is None or not (words := words_of(_nullable(place.type))):
            return lines
        known = f"{r} = {self._constant(words)}.get(w) if w.__class__ is str else None"
        return [f"w = {written.word}", known, f"if {r} is None:", *_deeper(lines)]

    def _inline(
        self, place: Place, resolver: Resolver, source: Source, constant: Callable[[Any], str]
    ) -> Inline | None:
        if not isinstance(resolver.function, FunctionType):
            return None
        given = {name: source.text if name == SELF else "info" for name in (*resolver.first, resolver.info) if name}
        if resolver.field.arguments:
            same = unchanging(resolver, place, self._run)
            if same is None:
                return None
            given |= {name: constant(value) for name, value in same.items()}
        return inline(resolver.function, given, source.parts, constant)

    def _made(
        self, place: Place, resolver: Resolver, made: Made, source: Source, r: str, chain: str, depth: int
    ) -> list[str]:
        """Without making what a resolver makes; no lines where it is needed as a whole."""
        kind = _nullable(place.type)
        if not made.over:
            if not isinstance(kind, GraphQLObjectType) or depth >= _IN_PLACE or not self._reads(kind, place, made):
                return []
            lines, inner = self._parts(made, {})
            fields, answer = self._object(kind, self._grouped(kind, place.details), inner, chain, depth + 1)
            return [*lines, *fields, f"{r} = {answer}"]
        item = kind.of_type if isinstance(kind, GraphQLList) else None
        if not isinstance(item, GraphQLNonNull) or source.parts:
            return []
        kind = item.of_type
        if not isinstance(kind, GraphQLObjectType) or not self._reads(kind, place, made):
            return []
        of_its_own = self._inline(
            place, resolver, Source("x"), self._constant
        )  # in a function of which x is the source
        assert of_its_own is not None
        assert of_its_own.made is not None
        made = of_its_own.made
        name, each = self._name("items"), self._name("each")
        lines, inner = self._parts(made, {EACH: each})
        here = "(chain, len(out), None)"
        fields, answer = self._object(kind, self._grouped(kind, place.details), inner, here, 1)
        loop = [f"for {each} in items:", *_deeper([*fields, f"out.append({answer})"])]
        self._function(name, "x", [f"items = list({made.over})", *lines, "out = []", *loop, "return out"])
        return [f"{r} = {name}(run, {source.text}, {chain})"]

    def _reads(self, kind: GraphQLObjectType, place: Place, made: Made) -> bool:
        """Whether all that is asked of such an object can be read from what it would be made of."""
        if made.kind not in _origins(kind):
            return False
        source = Source("", {name: name for name in made.parts})
        for details in self._grouped(kind, place.details).values():
            if details[0].node.name.value == "__typename":
                continue
            inner, resolver = resolved(self._run, kind, details)
            if resolver is None or resolver.awaited or resolver.field.is_subscription:
                return False
            if resolver.function is None:
                if resolver.field.python_name not in made.parts:
                    return False
                continue
            written = self._inline(inner, resolver, source, lambda _: "k")
            if written is None or written.whole:
                return False
        return True

    def _parts(self, made: Made, known: Mapping[str, str]) -> tuple[list[str], Source]:
        """Lines that hold the parts of an object, and the object as a source."""
        names = {name: known.get(text) or self._name("m") for name, text in made.parts.items()}
        lines = [f"{names[name]} = {text}" for name, text in made.parts.items() if text not in known]
        given = ", ".join(f"{name}={local}" for name, local in names.items())
        return lines, Source(f"{self._constant(made.kind)}({given})", names)

    def _call(self, place: Place, p: str, resolver: Resolver, v: str, source: Source) -> list[str]:
        """From an object to the value `v` of its field."""
        x = source.text
        if resolver.function is None:
            name = resolver.field.python_name
            return [
                f"{v} = {x}" if resolver.field.is_subscription else f"{v} = {source.parts.get(name, f'{x}.{name}')}"
            ]
        before: list[str] = []
        given = [x if name == SELF else "info" for name in resolver.first]
        if resolver.info is not None:
            given.append(f"{resolver.info}=info")
        if resolver.field.arguments:
            same = unchanging(resolver, place, self._run)
            if same is not None:
                given += [f"{name}={self._constant(value)}" for name, value in same.items()]
            else:
                made = self._constant(lambda run: arguments(resolver, place, run))
                before = [f"a = run.arguments.get({p})", f"if a is None: a = run.arguments[{p}] = {made}(run)"]
                given.append("**a")
        return [*before, f"{v} = {self._constant(resolver.function)}({', '.join(given)})"]

    def _complete(self, place: Place, p: str, v: str, r: str, chain: str, depth: int) -> list[str]:
        """From the value `v`, whose place is at `chain`, to the answer `r`."""
        kind, required = _nullable(place.type), isinstance(place.type, GraphQLNonNull)
        left = f"{p}.complete(run, {v}, {chain})"
        null = [] if required else [f"elif {v} is None: {r} = None"]
        if is_leaf_type(kind):
            return self._leaf(kind, v, r, left, required)
        if isinstance(kind, GraphQLList):
            lines = self._list(place, kind.of_type, v, r, chain, left)
            return [
                f"if {v}.__class__ is list or {v}.__class__ is tuple:",
                *_deeper(lines),
                *null,
                f"else: {r} = {left}",
            ]
        if isinstance(kind, GraphQLObjectType) and depth < _IN_PLACE:
            lines, made = self._object(kind, self._grouped(kind, place.details), Source(v), chain, depth + 1)
            lines.append(f"{r} = {made}")
            if (k := self._kept(kind, place.details)) is not None:
                s = self._name("s")
                lines = [
                    f"{s} = kept(run, {k})",
                    f"{r} = None if {s} is None else {s}.found({v})",
                    f"if {r} is None:",
                    *_deeper([*lines, f"if {s} is not None: {r} = {s}.keep({v}, {r})"]),
                ]
            return [f"if {self._is(kind, v)}:", *_deeper(lines), *null, f"else: {r} = {left}"]
        answers = self._answers(kind, place.details)
        return [f"{r} = {answers}.get({v}.__class__, {p}.complete)(run, {v}, {chain})"]

    def _leaf(self, kind: GraphQLLeafType, v: str, r: str, left: str, required: bool) -> list[str]:
        found = leaf(kind, self._constant)
        if found is None:
            return [f"{r} = {left}"]
        given, test = found.given.format(v=v), found.test.format(v=v)
        otherwise = left if required else f"None if {v} is None else {left}"
        lines = [f"{r} = {given} if {test} else {otherwise}"]
        if not found.sure:
            lines.append(f"if ({r} is None or {r} is Undefined) and {v} is not None: {r} = {left}")
        return lines

    def _list(self, place: Place, item: GraphQLOutputType, v: str, r: str, chain: str, left: str) -> list[str]:
        kind = _nullable(item)
        if isinstance(kind, GraphQLList):
            raise NotCompiled
        if not is_leaf_type(kind):
            items = self._items(Place(place.parent, place.definition, place.details, item))
            return [f"{r} = {items}(run, {v}, {chain})"]
        found = leaf(kind, self._constant)
        if found is None or not found.sure:
            return [f"{r} = {left}"]
        test, given = found.test.format(v="y"), found.given.format(v="y")
        if not isinstance(item, GraphQLNonNull):
            test, given = f"y is None or {test}", f"None if y is None else {given}"
        return [f"{r} = []", f"for y in {v}:", f" if {test}: {r}.append({given})", f" else: {r} = {left}; break"]


def resolved(run: Run, parent: GraphQLObjectType, details: FieldDetailsList) -> tuple[Place, Resolver | None]:
    """Where a field goes and how it is resolved; None where that is left to graphql-core. Raises NotCompiled."""
    schema = run.executor.schema
    definition = schema.get_field(parent, details[0].node.name.value)
    if definition is None:
        raise NotCompiled
    return Place(parent, definition, details), resolver_of(definition, schema)


def _origins(kind: GraphQLObjectType) -> list[type]:
    """The classes that values of a type are of. Raises NotCompiled where more than the class decides."""
    definition = (kind.extensions or {}).get("strawberry-definition")
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of is not None:
        raise NotCompiled
    generic = definition.concrete_of
    return list(dict.fromkeys([definition.origin, *([generic.origin] if generic else [])]))


def _nullable(kind: GraphQLOutputType) -> GraphQLOutputType:
    return kind.of_type if isinstance(kind, GraphQLNonNull) else kind


def _deeper(lines: list[str]) -> list[str]:
    return [f" {line}" for line in lines]
