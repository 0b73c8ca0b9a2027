"""Scripts against the catalogue: the definitions they make, or everything that is wrong with them.

Declarations may stand in any order and in any of the scripts that are checked together, and an overlay type of theirs
goes before one of the same id in the catalogue, because saving the scripts will replace that one.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.dtsl import diagnostics
from app.dtsl.ast import InstanceDeclaration, Name, OverlayDeclaration, Script
from app.dtsl.check_instance import RoleNeed, check_instance
from app.dtsl.check_overlay_type import check_overlay_type
from app.dtsl.declared import Checking, Known
from app.dtsl.findings import Diagnostic, Findings, TooMany
from app.dtsl.parse import Parsed, parse_scripts
from app.dtsl.spelling import dtsl_type
from app.model.definitions import Definition

MAX_PROBLEMS = 200
"""Of one script."""


@dataclass(frozen=True, slots=True)
class Checked:
    definitions: tuple[Definition, ...]
    """Overlay types and overlays in the order of the script; none where there is any error."""
    diagnostics: tuple[Diagnostic, ...]
    """All of them, by place."""
    declared: frozenset[str] = frozenset()
    """Ids of the overlay types that it declares, errors or not."""


def check_script(source: str, catalogue: Known, file: str = "script.dtsl") -> Checked:
    """Never raises: any text gives definitions or diagnostics."""
    return check_scripts([(file, source)], catalogue)[0]


def check_scripts(scripts: Sequence[tuple[str, str]], catalogue: Known) -> list[Checked]:
    """Names and texts of scripts that belong together; an answer for each. Never raises."""
    return check_parsed(parse_scripts(scripts), catalogue)


def check_parsed(scripts: Sequence[Parsed], catalogue: Known) -> list[Checked]:
    needs: dict[str, RoleNeeds] = {}
    for item in scripts:
        for overlay in _overlays(item.script):
            needs.setdefault(overlay.name.id, _needs(overlay))
    lost = frozenset(name for item in scripts for name in item.script.lost)
    earlier: dict[tuple[str, str], str] = {}
    """Where the scripts before declare what: `pumps.dtsl:3`."""
    answers: list[Checked] = []
    for item in scripts:
        findings = Findings(item.source, MAX_PROBLEMS, diagnostics.too_many_problems(MAX_PROBLEMS))
        definitions: list[Definition] = []
        checking = Checking(catalogue, findings, lost, failed=bool(item.unreadable))
        with suppress(TooMany):
            definitions = _check(item.script, needs, earlier, checking)
        found = sorted([*item.unreadable, *findings.sorted()], key=lambda one: (one.line, one.column))
        failed = any(one.severity == "error" for one in found)
        declared = frozenset(overlay.name.id for overlay in _overlays(item.script))
        answers.append(Checked(() if failed else tuple(definitions), tuple(found), declared))
        for kind, name in _names(item.script):
            earlier.setdefault((kind, name.id), f"{item.source.file}:{findings.line(name.span)}")
    return answers


RoleNeeds = Mapping[str, RoleNeed]


def _check(
    script: Script, needs: Mapping[str, RoleNeeds], earlier: Mapping[tuple[str, str], str], checking: Checking
) -> list[Definition]:
    names = _names(script)
    for kind in ("overlay", "instance"):
        checking.once(kind, [name for found, name in names if found == kind], dtsl_type)
    for kind, name in names:
        if (kind, name.id) in earlier:
            message = diagnostics.declared_elsewhere(kind, dtsl_type(name.id), earlier[(kind, name.id)])
            checking.report(message, name.span)
    made: list[Definition | None] = [
        check_overlay_type(item, checking)
        if isinstance(item, OverlayDeclaration)
        else check_instance(item, needs.get(item.overlay_type.id), list(needs), checking)
        for item in script.declarations
    ]
    return [definition for definition in made if definition is not None]


def _overlays(script: Script) -> list[OverlayDeclaration]:
    return [item for item in script.declarations if isinstance(item, OverlayDeclaration)]


def _names(script: Script) -> list[tuple[str, Name]]:
    return [
        ("instance" if isinstance(item, InstanceDeclaration) else "overlay", item.name) for item in script.declarations
    ]


def _needs(overlay: OverlayDeclaration) -> RoleNeeds:
    return {role.name.id: RoleNeed(role.twin_type.id, not role.optional) for role in overlay.roles}
