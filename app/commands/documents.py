"""A JSON document to a definition, or every problem of its form.

Form only: whether the names in it exist is checks.py's question. The problems come from three places (limits, repeated
names, the models), and each place in the document is reported once.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from app.commands.form import form_problems, told_apart_by, type_problems, unique_parts
from app.commands.json_limits import MAX_PROBLEMS, limit_problems
from app.commands.pointers import found, pointer, shown
from app.errors import Invalid, Problem
from app.model.definitions import MODELS, Definition, Kind

KINDS: dict[Kind, tuple[str, str]] = {
    "relationship_type": ("relationship type", "relationship_type"),
    "twin_type": ("twin type", "type_id"),
    "twin": ("twin", "twin_id"),
    "overlay_type": ("overlay type", "type_id"),
    "overlay": ("overlay", "overlay_id"),
}
"""What people call each kind, and the field that holds its id."""


def definition_of(kind: Kind, document: Mapping[str, Any]) -> Definition:
    """Raises Invalid (DOCUMENT_INVALID) with every problem."""
    definition, problems = read_document(kind, document)
    if definition is None:
        raise Invalid.of(problems, named(kind, document), code="DOCUMENT_INVALID")
    return definition


def read_document(kind: Kind, document: Any) -> tuple[Definition | None, list[Problem]]:
    """The definition, or None and what is wrong with the document (at most about 1,000 problems, the rest counted)."""
    if not isinstance(document, Mapping):
        name = KINDS[kind][0]
        return None, [Problem("WRONG_TYPE", f"{found(document)} is no {name}", "", "give an object")]
    problems, sound = limit_problems(document)
    if not sound:
        return None, _capped(problems)
    model = MODELS[kind]
    problems += _repeated(kind, document) + type_problems(document)
    if kind == "overlay":
        problems += _bound_twice(document.get("twins"))
    try:
        definition = model.model_validate(dict(document))
    except ValidationError as error:
        problems += form_problems(model, document, error)
    else:
        if not problems:
            return definition, []
    return None, _capped(_once(problems))


def kind_in(document: Mapping[str, Any]) -> Kind | None:
    """Which kind of definition it is by its fields; None where it is none. A bare overlay type looks like a twin
    type."""
    if "overlay_id" in document:
        return "overlay"
    if "twin_id" in document:
        return "twin"
    if "type_id" not in document:
        return "relationship_type" if "relationship_type" in document else None
    return "overlay_type" if "twin_roles" in document or "relationship_types" in document else "twin_type"


def named(kind: Kind, document: Any) -> str:
    """`twin 'pump_123'`, or `the twin` where it does not say which."""
    name, field = KINDS[kind]
    id = document.get(field) if isinstance(document, Mapping) else None
    return f"{name} {shown(id)}" if isinstance(id, str) and id else f"the {name}"


def _repeated(kind: Kind, document: Mapping[str, Any]) -> list[Problem]:
    """Looked for here too, because the models look only at parts that are right otherwise."""
    problems: list[Problem] = []
    for part, field in unique_parts(kind).items():
        items = document.get(part)
        beside = told_apart_by(kind, part)
        fields = (field, beside) if beside else (field,)
        seen: set[tuple[str, ...]] = set()
        for index, item in enumerate(items if isinstance(items, list) else ()):
            given = [item.get(each) if isinstance(item, Mapping) else None for each in fields]
            names = tuple(name for name in given if isinstance(name, str))
            if len(names) != len(fields):
                continue
            if names in seen:
                problems.append(
                    Problem(
                        "DUPLICATE_NAME",
                        f"{part} has {' to '.join(map(shown, names))} twice",
                        pointer((part, index, fields[-1])),
                        "give each its own name",
                    )
                )
            seen.add(names)
    return problems


def _bound_twice(bindings: Any) -> list[Problem]:
    """A role may be there more than once (where it is `many`, checks.py), but not with the same twin or overlay."""
    problems: list[Problem] = []
    seen: set[tuple[str, str, str]] = set()
    for index, item in enumerate(bindings if isinstance(bindings, list) else ()):
        for field in ("twin_id", "overlay_id") if isinstance(item, Mapping) else ():
            role, filler = item.get("role"), item.get(field)
            if isinstance(role, str) and isinstance(filler, str):
                if (role, field, filler) in seen:
                    message = f"role {shown(role)} has {shown(filler)} twice"
                    where = pointer(("twins", index, field))
                    problems.append(Problem("DUPLICATE_NAME", message, where, "leave one of them out"))
                seen.add((role, field, filler))
    return problems


def _once(problems: list[Problem]) -> list[Problem]:
    return list({(problem.code, problem.path): problem for problem in reversed(problems)}.values())[::-1]


def _capped(problems: list[Problem]) -> list[Problem]:
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem("MORE_PROBLEMS", f"and at least {more} more", "", "correct these first")]
