"""An instance declaration to an overlay: every required role filled, each by a twin of the role's type or a subtype."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.dtsl import diagnostics
from app.dtsl.ast import Binding, InstanceDeclaration
from app.dtsl.declared import Checking
from app.dtsl.spelling import dtsl_member, dtsl_type, title
from app.model.definitions import Overlay, OverlayType, RoleBinding, RoleDefinition
from app.model.lineage import is_a


@dataclass(frozen=True, slots=True)
class RoleNeed:
    twin_type: str
    """Of an overlay's role its overlay type."""
    required: bool
    overlay: bool = False
    """An overlay fills it, which a script can't say."""


def check_instance(
    declared: InstanceDeclaration, needs: Mapping[str, RoleNeed] | None, in_script: Iterable[str], checking: Checking
) -> Overlay | None:
    """`needs` are the roles of its overlay type where the script declares that. None after any error in the script."""
    checking.once("role", [binding.role for binding in declared.bindings])
    type_name = declared.overlay_type
    if needs is None:
        stored = checking.catalogue.overlay_type(type_name.id)
        needs = _needs(stored) if stored else None
    if needs is not None:
        _check_bindings(declared, needs, checking)
    elif type_name.id not in checking.lost:
        known = map(dtsl_type, {*in_script, *checking.catalogue.ids("overlay_type")})
        checking.report(diagnostics.unknown_overlay_type(dtsl_type(type_name.id), known), type_name.span)
    metadata = checking.metadata(declared.metadata)

    def build() -> Overlay:
        return Overlay(
            overlay_id=declared.name.id,
            overlay_type=type_name.id,
            name=title(declared.name.id),
            twins=[RoleBinding(twin_id=item.twin.id, role=item.role.id) for item in declared.bindings],
            **metadata,
        )

    return checking.make(f"instance {dtsl_type(declared.name.id)}", declared.name.span, build)


def _needs(overlay_type: OverlayType) -> dict[str, RoleNeed]:
    return {role.role: _need(role) for role in overlay_type.twin_roles}


def _need(role: RoleDefinition) -> RoleNeed:
    return RoleNeed(role.twin_type or role.overlay_type or "", role.required, role.overlay_type is not None)


def _check_bindings(declared: InstanceDeclaration, needs: Mapping[str, RoleNeed], checking: Checking) -> None:
    type_name = dtsl_type(declared.overlay_type.id)
    filled: dict[str, str] = {}
    for binding in declared.bindings:
        need = needs.get(binding.role.id)
        if need is not None and need.overlay:
            message = diagnostics.filled_by_overlay(dtsl_member(binding.role.id), dtsl_type(need.twin_type))
            checking.report(message, binding.role.span)
        elif need is not None:
            _check_twin(binding, need, checking)
        elif binding.role.id not in checking.lost:
            where, known = f"overlay {type_name}", map(dtsl_member, needs)
            checking.report(diagnostics.unknown_role(dtsl_member(binding.role.id), where, known), binding.role.span)
        first = filled.setdefault(binding.twin.id, binding.role.id)
        if first != binding.role.id:
            names = dtsl_type(binding.twin.id), dtsl_member(first), dtsl_member(binding.role.id)
            checking.report(diagnostics.twin_in_two_roles(*names), binding.twin.span)
    bound = {binding.role.id for binding in declared.bindings}
    for role, need in needs.items():
        if need.required and role not in bound and role not in checking.lost:
            message = diagnostics.unbound_role(dtsl_member(role), dtsl_type(need.twin_type), type_name)
            if need.overlay:
                message = diagnostics.filled_by_overlay(dtsl_member(role), dtsl_type(need.twin_type))
            checking.report(message, declared.name.span)


def _check_twin(binding: Binding, need: RoleNeed, checking: Checking) -> None:
    catalogue = checking.catalogue
    twin = catalogue.twin(binding.twin.id)
    shown = dtsl_type(binding.twin.id)
    if binding.twin.id in checking.lost:
        return
    if twin is None:
        solid = binding.twin.id.replace("_", "")  # `Pump1` means pump_1; where only pump1 exists, say so
        meant = dtsl_type(solid) if catalogue.twin(solid) else None
        known = map(dtsl_type, checking.twins_of_type(need.twin_type))
        message = diagnostics.unknown_twin(shown, meant, dtsl_type(need.twin_type), known)
        checking.report(message, binding.twin.span)
        return
    if not is_a(catalogue, twin.twin_type, need.twin_type) and catalogue.twin_type(need.twin_type) is not None:
        types = dtsl_type(twin.twin_type), dtsl_member(binding.role.id), dtsl_type(need.twin_type)
        fitting = map(dtsl_type, checking.twins_of_type(need.twin_type))
        checking.report(diagnostics.wrong_twin_type(shown, *types, fitting), binding.twin.span)
