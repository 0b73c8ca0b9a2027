"""Scripts against the catalogue: the definitions they make, or everything that is wrong with them.

Declarations may stand in any order and in any of the scripts that are checked together, and one of theirs goes before
one of the same id in the catalogue, because saving the scripts will replace that one. What a declaration means is a
document, which is looked at like any other (documents.py, checks.py), with its pointers turned into places of the
script; what a script says in its own way (behaviors, who fills a role, guards) is checked by the language.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, TypeVar

from app.commands.checks import check
from app.commands.documents import read_document
from app.commands.draft import Draft, Key, World
from app.commands.pointers import parts_of
from app.commands.script_scopes import scope_of_overlay, scope_of_twin, scope_of_type
from app.dtsl import diagnostics
from app.dtsl.ast import Behavior, Binding, Declaration, Expression, Name, Script
from app.dtsl.build_declarations import CALLED
from app.dtsl.check_behavior import check_behavior
from app.dtsl.check_instance import check_bindings, check_free_bindings, needs_of
from app.dtsl.check_interlocks import check_interlocks
from app.dtsl.check_overlay_type import check_role_relationships, check_role_types
from app.dtsl.declared import Checking
from app.dtsl.diagnostics import Message, Severity
from app.dtsl.diagnostics_conditions import ACROSS
from app.dtsl.findings import Diagnostic, Findings, TooMany
from app.dtsl.lower import Lowered, lowered
from app.dtsl.parse import Parsed, parse_scripts
from app.dtsl.places import place_of
from app.dtsl.scope import Scope
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.errors import Problem
from app.model.behaviors import BehaviorDefinition
from app.model.definitions import (
    Definition,
    Kind,
    Overlay,
    OverlayType,
    RoleBinding,
    RoleDefinition,
    Twin,
    TwinType,
)
from app.model.document import Document
from app.model.units import USUAL

_PATH = re.compile(r"((?:.*[/\\])?)([^/\\]*)", re.DOTALL)
_INTERLOCKED = re.compile(r"/interlocks/(\d+)/while")
"""The condition of an interlock."""
MAX_PROBLEMS = 200
"""Of one script."""
_ONCE = {
    "properties": "property",
    "methods": "method",
    "events": "event",
    "interlocks": "interlock",
    "twin_roles": "role",
    "relationship_types": "relationship",
    "relationships": "relationship",
}
"""Lists of named parts, and what a script calls one."""
_SAID_BY_THE_LANGUAGE: Mapping[Kind, frozenset[str]] = {
    "relationship_type": frozenset(),
    "twin_type": frozenset(),
    "twin": frozenset(),
    "overlay_type": frozenset({"UNKNOWN_TWIN_TYPE", "UNKNOWN_OVERLAY_TYPE", "UNKNOWN_ROLE"}),
    "overlay": frozenset(
        {"UNKNOWN_OVERLAY_TYPE", "UNKNOWN_TWIN", "UNKNOWN_OVERLAY", "UNKNOWN_ROLE", "ROLE_TYPE_MISMATCH"}
        | {"DUPLICATE_NAME"}
    ),
}
"""What the checks of documents find too, and the language has said already."""


@dataclass(frozen=True, slots=True)
class Checked:
    definitions: tuple[Definition, ...]
    """In the order of the script; none where there is any error."""
    diagnostics: tuple[Diagnostic, ...]
    """All of them, by place."""
    declared: frozenset[Key] = frozenset()
    """What it declares, errors or not."""
    places: tuple[Mapping[str, Span], ...] = ()
    """Where the parts of each definition stand, by pointer."""


def check_script(source: str, catalogue: World, file: str = "script.dtsl") -> Checked:
    """Never raises: any text gives definitions or diagnostics."""
    return check_scripts([(file, source)], catalogue)[0]


def check_scripts(scripts: Sequence[tuple[str, str]], catalogue: World) -> list[Checked]:
    """Names and texts of scripts that belong together; an answer for each. Never raises."""
    return check_parsed(parse_scripts(scripts), catalogue)


def check_parsed(scripts: Sequence[Parsed], catalogue: World, kept: Sequence[str] | None = None) -> list[Checked]:
    """`kept` are the names under which scripts are kept, where these come from there and not from a folder."""
    check = CheckInTurns(scripts, catalogue, kept)
    for _ in check.turns():
        pass
    return check.answers


def _has_quantities(script: Script) -> bool:
    """Numbers with a unit in conditions, which may have to be converted."""
    tokens = script.written.tokens if script.written is not None else ()
    numbers = ("INTEGER", "FLOAT")
    return any(one.type in numbers and two.type in ("NAME", "STRING") for one, two in pairwise(tokens))


def names_units(scripts: Sequence[Parsed]) -> bool:
    """Whether a unit is named that takes the library to know: setting that up is not for the event loop."""
    if any(_has_quantities(script.script) for script in scripts):
        return True
    waiting: list[Any] = [item.document for script in scripts for item in script.script.declarations]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if "unit" in value and value["unit"] not in USUAL:
                return True
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return False


# ---------------------------------------------------------------------------------------------------- what is checked


@dataclass(slots=True)
class _Item:
    """One declaration on its way to a definition."""

    script: "_Script"
    declared: Declaration
    checking: Checking
    lowered: Lowered
    definition: Definition | None = None
    """Without its behaviors at first; None where the form is wrong."""
    whole: bool = True
    """Whether all of its behaviors are in it."""
    in_words: bool = False
    """Whether they are written in the language, which has checked them."""

    @property
    def key(self) -> Key:
        return self.declared.kind, self.declared.name.id

    def place(self, pointer: str) -> Span:
        return place_of(self.lowered.places, pointer)


@dataclass(slots=True)
class _Script:
    parsed: Parsed
    findings: Findings
    items: list[_Item] = field(default_factory=list)
    full: bool = False
    """Whether nothing more is said of it."""

    @contextmanager
    def up_to_the_limit(self) -> Iterator[None]:
        try:
            yield
        except TooMany:
            self.full = True


class CheckInTurns:
    """`check_parsed` a declaration at a time, for whoever has else to do: `answers` is whole once `turns` has ended.
    The catalogue must be the same all the while."""

    def __init__(self, scripts: Sequence[Parsed], catalogue: World, kept: Sequence[str] | None) -> None:
        self._catalogue = catalogue
        self._kept = kept
        self._lost = frozenset(name for item in scripts for name in item.script.lost)
        beyond = diagnostics.too_many_problems(MAX_PROBLEMS)
        self._scripts = [_Script(item, Findings(item.source, MAX_PROBLEMS, beyond)) for item in scripts]
        self._declared = {(item.kind, item.name.id) for script in scripts for item in script.script.declarations}
        self._world: World = catalogue
        self.answers: list[Checked] = []

    def turns(self) -> Iterator[None]:
        for script in self._scripts:
            with script.up_to_the_limit():
                self._check_imports(script)
        self._say_who_stands_twice()
        yield
        yield from self._read()
        for item in self._items():
            with item.script.up_to_the_limit():
                self._check_what_is_said(item)
            yield
        self._world = self._laid_over()
        yield
        for item in self._items():
            with item.script.up_to_the_limit():
                self._check_what_is_meant(item)
            yield
        for script in self._scripts:
            self.answers.append(self._answer(script))
            script.items.clear()  # each knows its script: a circle, 8 MB of 10,000 lines for the collector to find
            yield

    def _items(self) -> Iterator[_Item]:
        for script in self._scripts:
            for item in script.items:
                if not script.full:
                    yield item

    def _answer(self, script: _Script) -> Checked:
        found = sorted([*script.parsed.unreadable, *script.findings.sorted()], key=lambda one: (one.line, one.column))
        failed = any(one.severity == "error" for one in found)
        made = [item.definition for item in script.items if item.definition is not None]
        declared = frozenset((item.kind, item.name.id) for item in script.parsed.script.declarations)
        if failed:
            return Checked((), tuple(found), declared)
        places = tuple(item.lowered.places for item in script.items if item.definition is not None)
        return Checked(tuple(made), tuple(found), declared, places)

    # ------------------------------------------------------------ names

    def _check_imports(self, script: _Script) -> None:
        """What is imported is checked along: whoever reads files reads those too. Here it is only looked for."""
        files = [_file(other.parsed.source.file) for other in self._scripts]
        here = _file(script.parsed.source.file)[0]
        beside = {name for folder, name in files if folder == here}
        for item in script.parsed.script.imports:
            if _file(item.file)[0] or item.file in ("", ".", ".."):
                script.findings.report(diagnostics.no_import(item.file, "it is not in this folder"), item.span)
            elif item.file not in beside:
                script.findings.report(diagnostics.not_beside(item.file, beside, self._kept), item.span)

    def _say_who_stands_twice(self) -> None:
        earlier: dict[Key, str] = {}
        for script in self._scripts:
            here: dict[Key, Name] = {}
            with script.up_to_the_limit():
                for item in script.parsed.script.declarations:
                    key = (item.kind, item.name.id)
                    called, shown = CALLED[item.kind], _spelled(item)
                    first = here.setdefault(key, item.name)
                    if first is not item.name:
                        message = diagnostics.declared_twice(called, shown, script.findings.line(first.span))
                        script.findings.report(message, item.name.span)
                    elif key in earlier:
                        message = diagnostics.declared_elsewhere(called, shown, earlier[key])
                        script.findings.report(message, item.name.span)
            for key, name in here.items():
                earlier.setdefault(key, f"{script.parsed.source.file}:{script.findings.line(name.span)}")

    # ------------------------------------------------------------ documents

    def _read(self) -> Iterator[None]:
        """The form of everything, kind by kind: what a role or a filler is, only the kinds before can tell."""
        for kinds in (("relationship_type", "twin_type"), ("overlay_type", "twin"), ("overlay",)):
            for script in self._scripts:
                for declared in script.parsed.script.declarations:
                    if declared.kind in kinds and not script.full:
                        with script.up_to_the_limit():
                            self._read_one(script, declared)
                        yield
            self._world = self._laid_over()
            yield
        self._lost |= {item.key[1] for script in self._scripts for item in script.items if item.definition is None}
        for script in self._scripts:
            script.items.sort(key=lambda item: item.declared.name.span.start)

    def _read_one(self, script: _Script, declared: Declaration) -> None:
        meant = lowered(declared, self._is_overlay_type, lambda role, name: self._is_overlay(declared, role, name))
        checking = Checking(self._world, script.findings, self._lost)
        item = _Item(script, declared, checking, meant)
        script.items.append(item)
        once = _said_once(item)
        definition, problems = read_document(declared.kind, meant.document)
        for problem in problems:
            said = problem.code == "DUPLICATE_NAME" and problem.path in once
            if not said and not _named_lost(meant.document, problem, self._lost):
                checking.report(_message(problem, "error", meant.document, self._world), item.place(problem.path))
        item.definition = definition if definition is not None else _salvaged(declared.kind, meant.document)
        item.whole = definition is not None

    def _is_overlay_type(self, name: str) -> bool:
        if self._world.twin_type(name) is not None or ("twin_type", name) in self._declared:
            return False
        return ("overlay_type", name) in self._declared or self._world.overlay_type(name) is not None

    def _is_overlay(self, declared: Declaration, role: str, name: str) -> bool:
        type_id = declared.document.get("overlay_type")
        overlay_type = self._world.overlay_type(type_id) if isinstance(type_id, str) else None
        for found in overlay_type.twin_roles if overlay_type is not None else ():
            if found.role == role:
                return found.overlay_type is not None
        if self._world.twin(name) is not None or ("twin", name) in self._declared:
            return False
        return ("overlay", name) in self._declared or self._world.overlay(name) is not None

    def _laid_over(self) -> World:
        made = {item.key: item.definition for script in self._scripts for item in script.items if item.definition}
        return Draft(self._catalogue, made) if made else self._catalogue

    # ------------------------------------------------------------ what a script says in its own way

    def _check_what_is_said(self, item: _Item) -> None:
        item.checking.catalogue, item.checking.lost = self._world, self._lost
        scope: Scope | None = None
        match item.definition:
            case OverlayType() as made:
                scope = self._check_overlay_type(item, made)
            case Overlay() as made:
                scope = self._check_overlay(item, made)
            case TwinType() | Twin() as made:
                scope = scope_of_twin(self._world, made, self._lost)
        if scope is not None:
            check_interlocks(item.declared.document.get("interlocks"), scope, item.checking)
        behaviors = item.declared.document.get("behaviors")
        if not isinstance(behaviors, list) or not all(isinstance(each, Behavior) for each in behaviors):
            return  # written out in a `with`: a part of the document like any other
        item.in_words = True
        item.checking.once("behavior", [behavior.name for behavior in behaviors])
        made_of = [
            check_behavior(behavior, scope, item.checking, item.lowered.places, f"/behaviors/{index}")
            for index, behavior in enumerate(behaviors)
            if scope is not None
        ]
        good = [behavior for behavior in made_of if behavior is not None]
        if len(good) == len(behaviors) and item.definition is not None:
            item.definition = _with_behaviors(item.definition, good)
        else:
            item.whole = False

    def _check_overlay_type(self, item: _Item, made: OverlayType) -> Scope:
        unknown = check_role_types(item.lowered, item.checking)
        scope = scope_of_type(self._world, made, unknown, self._lost)
        written = item.declared.document.get("relationship_types", [])
        check_role_relationships(written, item.lowered, scope, item.checking)
        return scope

    def _check_overlay(self, item: _Item, made: Overlay) -> Scope | None:
        declared, checking = item.declared, item.checking
        type_id = made.overlay_type
        overlay_type = self._world.overlay_type(type_id) if type_id is not None else None
        if type_id is None:
            check_free_bindings(declared, checking)
        elif overlay_type is not None:
            check_bindings(declared, type_id, needs_of(overlay_type), checking)
        elif type_id not in self._lost:
            known = map(dtsl_type, self._world.ids("overlay_type"))
            span = item.place("/overlay_type")
            checking.report(diagnostics.unknown_overlay_type(dtsl_type(type_id), known), span)
        if type_id is not None and overlay_type is None:
            return None
        unknown = {
            name
            for binding in declared.document.get("twins", ())
            if isinstance(binding, Binding)
            for filler in binding.fillers
            if self._world.twin(filler.name.id) is None and self._world.overlay(filler.name.id) is None
            for name in (binding.role.id, filler.name.id)
        }
        return scope_of_overlay(self._world, made, unknown, self._lost)

    # ------------------------------------------------------------ what it means

    def _check_what_is_meant(self, item: _Item) -> None:
        if item.definition is None:
            self._check_type(item)
            return
        found = check(self._world, item.definition)
        said = _SAID_BY_THE_LANGUAGE[item.declared.kind]
        told: tuple[tuple[Severity, Sequence[Problem]], ...] = (("error", found.problems), ("warning", found.warnings))
        for severity, problems in told:
            for problem in problems:
                if _said_by_the_language(item, problem):
                    continue
                if problem.code in said and not problem.path.startswith("/interlocks/"):
                    continue
                if not item.whole and problem.code == "MISSING_FIELD":
                    continue  # of what was left out because its form is wrong
                if problem.code == "ROLE_UNBOUND" and severity == "error":
                    continue
                if _named_lost(item.lowered.document, problem, self._lost):
                    continue
                message = _message(problem, severity, item.lowered.document, self._world)
                item.checking.report(message, item.place(problem.path))

    def _check_type(self, item: _Item) -> None:
        """Of something whose form is wrong the type that it names, at least."""
        for part in ("extends", "twin_type"):
            name = item.lowered.document.get(part)
            if isinstance(name, str) and self._world.twin_type(name) is None and name not in self._lost:
                known = map(dtsl_type, self._world.ids("twin_type"))
                item.checking.report(diagnostics.unknown_twin_type(dtsl_type(name), known), item.place(f"/{part}"))


# ---------------------------------------------------------------------------------------------------- parts of it


def _file(path: str) -> tuple[str, str]:
    """Its folder and its name; either kind of slash parts them."""
    folder, name = _PATH.fullmatch(path).groups()  # type: ignore[union-attr]
    return folder, name


def _spelled(item: Declaration) -> str:
    return (dtsl_member if item.kind == "relationship_type" else dtsl_type)(item.name.id)


def _said_once(item: _Item) -> set[str]:
    """Reports names that stand twice, and gives the pointers that the form would report for them again."""
    pointers: set[str] = set()
    for part, called in _ONCE.items():
        items = item.lowered.document.get(part)
        if not isinstance(items, list) or (item.declared.kind == "twin" and part == "relationships"):
            continue
        name_field = "role" if part == "twin_roles" else "name"
        names: list[Name] = []
        for index, each in enumerate(items):
            pointer = f"/{part}/{index}/{name_field}"
            if isinstance(each, Mapping) and isinstance(each.get(name_field), str):
                names.append(Name(each[name_field], item.place(pointer)))
                pointers.add(pointer)
        item.checking.once(called, names)
    return pointers


def _salvaged(kind: Kind, document: Mapping[str, Any]) -> Definition | None:
    """Of a document whose form is wrong the roles, and who fills them: enough to check what names them."""
    if kind == "overlay_type":
        roles = {role.role: role for role in _each(RoleDefinition, document.get("twin_roles"))}
        written: dict[str, Any] = {"type_id": document["type_id"], "twin_roles": [*roles.values()]}
        return OverlayType.model_construct({*written}, **written)
    if kind == "overlay":
        type_id = document.get("overlay_type")
        written = {"overlay_id": document["overlay_id"], "twins": [*_each(RoleBinding, document.get("twins"))]}
        written |= {"overlay_type": type_id} if isinstance(type_id, str) else {}
        return Overlay.model_construct({*written}, **written)
    return None


_Part = TypeVar("_Part", bound=Document)


def _each(model: type[_Part], items: Any) -> Iterator[_Part]:
    for item in items if isinstance(items, list) else ():
        try:
            yield model.model_validate(item)
        except ValueError:
            continue


def _with_behaviors(definition: Definition, behaviors: Sequence[BehaviorDefinition]) -> Definition:
    return definition.model_copy(update={"behaviors": list(behaviors)})


def _said_by_the_language(item: _Item, problem: Problem) -> bool:
    """Of behaviors, and of conditions of interlocks; without all behaviors in it, indices mean others."""
    found_there = problem.code.startswith("DTSL") and problem.code not in ACROSS
    if problem.path.startswith("/behaviors/"):
        return item.in_words and (found_there or not item.whole)
    interlock = _INTERLOCKED.fullmatch(problem.path) if found_there else None
    written = item.declared.document["interlocks"][int(interlock[1])] if interlock is not None else {}
    return isinstance(written.get("while"), Expression)


def _named_lost(document: Mapping[str, Any], problem: Problem, lost: frozenset[str]) -> bool:
    """Whether it is about a name whose declaration could not be read."""
    value = _value_at(document, problem.path)
    return problem.code.startswith(("UNKNOWN_", "BAD_IDENTIFIER")) and isinstance(value, str) and value in lost


def _message(problem: Problem, severity: Severity, document: Mapping[str, Any], world: World) -> Message:
    """Names as scripts spell them, where the document's spelling would be told."""
    value = _value_at(document, problem.path)
    match problem.code, value:
        case "UNKNOWN_TWIN_TYPE", str():
            return diagnostics.unknown_twin_type(dtsl_type(value), map(dtsl_type, world.ids("twin_type")))
        case "MISSING_TARGET", _:
            told = replace(problem, hint="write the role before it, as in 'pump.start'")
            return diagnostics.of_document(told, severity)
        case "UNKNOWN_RELATIONSHIP_TYPE", str():
            known = map(dtsl_member, world.ids("relationship_type"))
            return diagnostics.unknown_relationship_type(dtsl_member(value), known, problem.hint)
    return diagnostics.of_document(problem, severity)


def _value_at(document: Any, pointer: str) -> Any:
    for part in parts_of(pointer):
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
