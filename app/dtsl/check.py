"""A script against the catalogue: the definitions it makes, or everything that is wrong with it.

Declarations may stand in any order, and an overlay type of the script goes before one of the same id in the catalogue,
because saving the script will replace that one.
"""

from contextlib import suppress
from dataclasses import dataclass

from app.dtsl import diagnostics
from app.dtsl.ast import InstanceDeclaration, OverlayDeclaration, Script
from app.dtsl.check_instance import RoleNeed, check_instance
from app.dtsl.check_overlay import check_overlay
from app.dtsl.declared import Checking
from app.dtsl.diagnostics import Diagnostic, Findings
from app.dtsl.parse import parse_script
from app.dtsl.source import Source
from app.dtsl.spelling import dtsl_type
from app.model.catalogue import Catalogue
from app.model.definitions import Definition

MAX_PROBLEMS = 200


@dataclass(frozen=True, slots=True)
class Checked:
    definitions: tuple[Definition, ...]
    """Overlay types and overlays in the order of the script; none where there is any error."""
    diagnostics: tuple[Diagnostic, ...]
    """All of them, by place."""


def check_script(source: str, catalogue: Catalogue, file: str = "script.dtsl") -> Checked:
    """Never raises: any text gives definitions or diagnostics."""
    script, unreadable = parse_script(source, file)
    findings = Findings(Source.of(source, file), MAX_PROBLEMS, diagnostics.too_many_problems(MAX_PROBLEMS))
    definitions: list[Definition] = []
    checking = Checking(catalogue, findings, script.lost, failed=bool(unreadable))
    with suppress(diagnostics.TooMany):
        definitions = _check(script, checking)
    found = sorted([*unreadable, *findings.sorted()], key=lambda item: (item.line, item.column))
    failed = any(item.severity == "error" for item in found)
    return Checked(() if failed else tuple(definitions), tuple(found))


def _check(script: Script, checking: Checking) -> list[Definition]:
    overlays = [item for item in script.declarations if isinstance(item, OverlayDeclaration)]
    instances = [item for item in script.declarations if isinstance(item, InstanceDeclaration)]
    checking.once("overlay", [item.name for item in overlays], dtsl_type)
    checking.once("instance", [item.name for item in instances], dtsl_type)
    needs = {item.name.id: _needs(item) for item in reversed(overlays)}
    made: list[Definition | None] = [
        check_overlay(item, checking)
        if isinstance(item, OverlayDeclaration)
        else check_instance(item, needs.get(item.overlay_type.id), list(needs), checking)
        for item in script.declarations
    ]
    return [definition for definition in made if definition is not None]


def _needs(overlay: OverlayDeclaration) -> dict[str, RoleNeed]:
    return {role.name.id: RoleNeed(role.twin_type.id, not role.optional) for role in overlay.roles}
