"""Who fills the roles of an instance: every required role filled, by one of the role's type or a subtype of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.dtsl import diagnostics
from app.dtsl.ast import Binding, Declaration, Filler
from app.dtsl.declared import Checking
from app.dtsl.source import Span
from app.dtsl.spelling import dtsl_member, dtsl_type
from app.model.definitions import Overlay, OverlayType, RoleDefinition
from app.model.lineage import is_a


@dataclass(frozen=True, slots=True)
class RoleNeed:
    filled_by: str
    """A twin type; of an overlay's role its overlay type."""
    required: bool
    overlay: bool = False
    """An overlay fills it."""
    many: bool = False


def needs_of(overlay_type: OverlayType) -> dict[str, RoleNeed]:
    return {role.role: _need(role) for role in overlay_type.twin_roles}


def _need(role: RoleDefinition) -> RoleNeed:
    filled_by = role.twin_type or role.overlay_type or ""
    return RoleNeed(filled_by, role.required, role.overlay_type is not None, role.many)


def check_bindings(declared: Declaration, type_name: str, needs: Mapping[str, RoleNeed], checking: Checking) -> None:
    """`needs` are the roles of its overlay type."""
    shown = dtsl_type(type_name)
    bindings: Sequence[Binding] = [item for item in declared.document.get("twins", ()) if isinstance(item, Binding)]
    filled: dict[str, str] = {}
    seen: set[str] = set()
    for binding in bindings:
        need = needs.get(binding.role.id)
        if need is None and binding.role.id not in checking.lost:
            where, known = f"overlay {shown}", map(dtsl_member, needs)
            checking.report(diagnostics.unknown_role(dtsl_member(binding.role.id), where, known), binding.role.span)
        if need is not None and not need.many and (binding.role.id in seen or len(binding.fillers) > 1):
            checking.report(diagnostics.filled_twice(dtsl_member(binding.role.id)), binding.role.span)
        seen.add(binding.role.id)
        for filler in binding.fillers:
            if need is not None:
                _check_filler(binding, filler, need, checking)
                if need.many:  # `pumps` has the leading one too
                    continue
            first = filled.setdefault(filler.name.id, binding.role.id)
            if first != binding.role.id:
                names = dtsl_type(filler.name.id), dtsl_member(first), dtsl_member(binding.role.id)
                checking.report(diagnostics.twin_in_two_roles(*names), filler.name.span)
    if declared.document.get("lifecycle") in ("draft", "retired"):
        return
    for role, need in needs.items():
        if need.required and role not in seen and role not in checking.lost:
            message = diagnostics.unbound_role(dtsl_member(role), dtsl_type(need.filled_by), shown)
            if need.overlay:
                message = diagnostics.filled_by_overlay(dtsl_member(role), dtsl_type(need.filled_by))
            checking.report(message, declared.name.span)


def check_free_bindings(declared: Declaration, checking: Checking) -> None:
    """Of an instance without a type: whoever fills its roles is there, and none is filled twice."""
    seen: set[str] = set()
    for binding in declared.document.get("twins", ()):
        if not isinstance(binding, Binding):
            continue
        if binding.role.id in seen or len(binding.fillers) > 1:
            checking.report(diagnostics.filled_twice(dtsl_member(binding.role.id)), binding.role.span)
        seen.add(binding.role.id)
        for filler in binding.fillers:
            if filler.kind == "overlay":
                _is_overlay(filler, checking)
            elif not _is_somebody(filler, checking):
                known = map(dtsl_type, checking.catalogue.ids("twin"))
                _unknown_twin(filler.name.id, "", known, filler.name.span, checking)


def _is_somebody(filler: Filler, checking: Checking) -> bool:
    name, catalogue = filler.name.id, checking.catalogue
    if name in checking.lost or catalogue.twin(name) is not None:
        return True
    return filler.kind is None and catalogue.overlay(name) is not None


def _check_filler(binding: Binding, filler: Filler, need: RoleNeed, checking: Checking) -> None:
    shown, role, wanted = dtsl_type(filler.name.id), dtsl_member(binding.role.id), dtsl_type(need.filled_by)
    if filler.name.id in checking.lost:
        return
    if filler.kind is not None and (filler.kind == "overlay") != need.overlay:
        wrong = diagnostics.filled_by_overlay if need.overlay else diagnostics.filled_by_twin
        checking.report(wrong(role, wanted), filler.name.span)
        return
    if need.overlay:
        _check_overlay(filler, role, need, checking)
        return
    catalogue = checking.catalogue
    twin = catalogue.twin(filler.name.id)
    if twin is None:
        known = map(dtsl_type, checking.twins_of_type(need.filled_by))
        _unknown_twin(filler.name.id, wanted, known, filler.name.span, checking)
    elif not is_a(catalogue, twin.twin_type, need.filled_by) and catalogue.twin_type(need.filled_by) is not None:
        fitting = map(dtsl_type, checking.twins_of_type(need.filled_by))
        message = diagnostics.wrong_twin_type(shown, dtsl_type(twin.twin_type), role, wanted, fitting)
        checking.report(message, filler.name.span)


def _unknown_twin(twin_id: str, wanted: str, known: "map[str]", span: Span, checking: Checking) -> None:
    solid = twin_id.replace("_", "")  # `Pump1` means pump_1; where only pump1 exists, say so
    meant = dtsl_type(solid) if checking.catalogue.twin(solid) else None
    checking.report(diagnostics.unknown_twin(dtsl_type(twin_id), meant, wanted, known), span)


def _check_overlay(filler: Filler, role: str, need: RoleNeed, checking: Checking) -> None:
    overlay = _is_overlay(filler, checking)
    if overlay is not None and overlay.overlay_type != need.filled_by:
        of = dtsl_type(overlay.overlay_type) if overlay.overlay_type else ""
        message = diagnostics.wrong_overlay_type(dtsl_type(filler.name.id), of, role, dtsl_type(need.filled_by))
        checking.report(message, filler.name.span)


def _is_overlay(filler: Filler, checking: Checking) -> Overlay | None:
    found = checking.catalogue.overlay(filler.name.id)
    if found is None and filler.name.id not in checking.lost:
        known = map(dtsl_type, checking.catalogue.ids("overlay"))
        checking.report(diagnostics.unknown_overlay(dtsl_type(filler.name.id), known), filler.name.span)
    return found
