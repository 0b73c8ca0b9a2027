"""A plan becomes live objects: owners are built, bound and given what their predecessors knew.

An owner of the same revision and shape is not touched at all. A rebuilt twin has new cells, so every overlay that binds
it is bound anew; nothing is evaluated here (`load.py` decides what the new rules mean, a fold reads it in the facts).
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from app.engine import faults, interlocks, limits
from app.engine.asides import NO_ASIDES, Aside
from app.engine.cells import PATH_SILENT, Cell, OverlayState, Owner, RuleState, ShapeState, TwinState
from app.engine.computed import compute
from app.engine.gathered import Gathered
from app.engine.live import LiveState
from app.engine.memory import Memory
from app.errors import Invalid, Problem
from app.model.events import PropertyChanged, Timer
from app.model.plan import OverlayPlan, OwnerKey, Plan, PropertyKey, TwinPlan
from app.model.values import Override


@dataclass(slots=True)
class Replaced:
    """What became of one owner. Without `after` it is gone; with `reborn` it is another of the same id."""

    key: OwnerKey
    before: Mapping[str, RuleState]
    after: Mapping[str, RuleState] | None
    reborn: bool = False


@dataclass(slots=True)
class Loading:
    owners: list[Replaced] = field(default_factory=list)
    changed: list[Cell] = field(default_factory=list)
    """Cells that went on and don't show what they did."""
    dropped: list[tuple[PropertyKey, Override, str]] = field(default_factory=list)
    """Overrides that ended with what they stood over, each with why."""
    stopped: list[Timer] = field(default_factory=list)
    """What rules waited for that are gone, or wait for something else now."""
    past: list[Cell] = field(default_factory=list)
    """Cells that took over what was kept of their past, or whose readers ask for it."""
    gone: set[RuleState] = field(default_factory=set)
    """Rules of overlays."""
    readers: dict[Cell, list[RuleState]] = field(default_factory=dict)
    """Of every cell that other rules of overlays read than before, those that are new."""
    own: dict[Cell, None] = field(default_factory=dict)
    """Cells that rules of their own twin read."""

    def rules(self) -> list[RuleState]:
        """All rules that were built, in the order of their owners."""
        return [rule for owner in self.owners if owner.after is not None for rule in owner.after.values()]

    def let_go(self) -> None:
        """What rules that are replaced asked beside their conditions: an edit compares it, then nobody does."""
        for owner in self.owners:
            for rule in owner.before.values():
                rule.asides = NO_ASIDES

    def attach(self, rule: RuleState) -> None:
        if rule.memory is not None:
            self.past += rule.memory.everything()
        for cell in rule.watched():
            if isinstance(rule.owner, TwinState):
                cell.readers = (*cell.readers, rule)  # of its own twin, which is new: they come in order
                self.own[cell] = None
            else:
                self.readers.setdefault(cell, []).append(rule)

    def detach(self, rules: Iterable[RuleState]) -> None:
        for rule in rules:
            self.gone.add(rule)
            if rule.memory is not None:
                self.past += rule.memory.everything()
            for cell in rule.watched():
                self.readers.setdefault(cell, [])

    def wire(self) -> None:
        """Each cell gets its readers in overlays once, however many come and go: thousands may read the same."""
        alike: dict[tuple[RuleState, ...], tuple[RuleState, ...]] = {}
        for cell, new in self.readers.items():
            rules = [rule for rule in cell.readers if rule not in self.gone] if self.gone else [*cell.readers]
            readers = tuple(sorted([*rules, *new], key=_order))
            cell.readers = alike.setdefault(readers, readers)  # the members of a role have the same: one object, near
        for cell in self.own | self.readers:
            cell.combine()
        marked: dict[tuple[Gathered, ...], tuple[Gathered, ...]] = {}
        for cell in dict.fromkeys(self.past):
            cell.arrange(marked)


def load(live: LiveState, plan: Plan) -> Loading:
    """Raises Invalid, before anything has changed, where an owner's shape is nowhere."""
    shapes = {shape.shape_id: shape for shape in plan.shapes}
    wanted = dict.fromkeys([twin.shape_id for twin in plan.twins] + [overlay.shape_id for overlay in plan.overlays])
    problems = [
        Problem("PLAN_SHAPE_MISSING", f"shape '{shape_id}' is neither in the plan nor loaded")
        for shape_id in wanted
        if shape_id not in shapes and shape_id not in live.shapes
    ]
    if problems:
        raise Invalid.of(problems, "the plan", code="PLAN_INVALID")
    for shape_id, shape in shapes.items():
        if shape_id not in live.shapes:
            live.shapes[shape_id] = ShapeState(shape)
    loading = Loading()
    rebind: dict[str, None] = {}
    for twin_id in plan.removed_twins:
        live.raises.forget(OwnerKey("twin", twin_id))
        if (old := live.twins.pop(twin_id, None)) is not None:
            _drop_overrides(live, old, loading, "TwinRemoved")
            loading.owners.append(Replaced(old.key, _retire(old), None))
            rebind.update(dict.fromkeys(sorted(live.overlays_of.get(twin_id, ()))))
    for overlay_id in plan.removed_overlays:
        live.raises.forget(OwnerKey("overlay", overlay_id))
        if (gone := live.overlays.pop(overlay_id, None)) is not None:
            loading.owners.append(Replaced(gone.key, _unbind(live, gone, loading), None))
    fresh_twins = [_twin(live, twin, loading) for twin in plan.twins if _differs(live.twins.get(twin.twin_id), twin)]
    for twin_state, _, _ in fresh_twins:
        rebind.update(dict.fromkeys(sorted(live.overlays_of.get(twin_state.key.id, ()))))
    for twin_state, before, reborn in fresh_twins:
        _give_rules(live, twin_state, {} if reborn else before, loading)
        loading.owners.append(Replaced(twin_state.key, before, twin_state.rules, reborn))
    for overlay in plan.overlays:
        if _differs(live.overlays.get(overlay.overlay_id), overlay):
            rebind.pop(overlay.overlay_id, None)
            _overlay(live, overlay, loading)
    for overlay_id in rebind:
        if (bound := live.overlays.get(overlay_id)) is not None:
            _overlay(live, bound.plan, loading)
    loading.wire()
    live.built += sum(owner.after is not None for owner in loading.owners)
    for owner in loading.owners:
        _stop(live, owner, loading)
    live.shapes = {shape_id: state for shape_id, state in live.shapes.items() if state.users}
    live.catalogue_revision = plan.catalogue_revision
    return loading


def _differs(old: TwinState | OverlayState | None, new: TwinPlan | OverlayPlan) -> bool:
    return old is None or old.plan != new


def _twin(live: LiveState, plan: TwinPlan, loading: Loading) -> tuple[TwinState, Mapping[str, RuleState], bool]:
    old = live.twins.pop(plan.twin_id, None)
    shape = live.shapes[plan.shape_id]
    new = live.twins[plan.twin_id] = TwinState(shape.shared(plan), shape)
    new.shape.users += 1
    reborn = old is not None and old.plan.life != plan.life
    shown: dict[str, PropertyChanged] = {}
    if old is not None and reborn:
        _drop_overrides(live, old, loading, "TwinReplaced")
    elif old is not None:
        shown = {name: cell.changed() for name, cell in old.cells.items()}
        _drop_overrides(live, old, loading, "PropertyRemoved", but=new.cells)
        if old.plan.connected and plan.connected:
            new.alive, new.contact, new.reason = old.alive, old.contact, old.reason
            new.path, new.fallback = old.path, old.fallback
            new.gap, new.gaps = old.gap, old.gaps
        new.last_contact, new.clock, new.events = old.last_contact, old.clock, old.events
        new.source = old.source
        new.acted = old.acted
        new.sends = {
            name: limits.kept(sends, method)
            for name, sends in old.sends.items()
            if (method := new.shape.methods.get(name)) is not None and limits.limited(method)
        }
        for name, cell in new.cells.items():
            if (known := old.cells.get(name)) is not None:
                _carry(live, known, cell, loading)
    for computed in new.computed:
        compute(computed)
    loading.changed += [cell for name, cell in new.cells.items() if _is_news(shown.get(name), cell)]
    if old is None:
        return new, {}, False
    return new, _retire(old), reborn


def _is_news(shown: PropertyChanged | None, cell: Cell) -> bool:
    """A property that was not there before has something to tell only where it is computed already."""
    return cell.reporting() if shown is None else cell.changed() != shown


def _carry(live: LiveState, old: Cell, new: Cell, loading: Loading) -> None:
    """The value goes on where the data type is the same and still has it."""
    if old.override is not None:
        if why := _why_dropped(old, old.override, new):
            _drop(live, old, old.override, loading, why)
        else:
            live.override(new, old.override)
    if new.spec.plan.name in new.twin.shape.computed.unusable:
        return
    kept, why = new.spec.accept(old.value) if old.value is not None else (None, "NoReading")
    if old.spec.plan.data_type == new.spec.plan.data_type and (not why or old.value is None):
        new.value, new.quality, new.reason = kept, old.quality, old.reason
        new.timestamp, new.reported_at, new.source = old.timestamp, old.reported_at, old.source
        if old.mapped and not new.mapped:
            new.lose("Unmapped")
        elif new.pathed and not old.pathed:
            new.lose(PATH_SILENT)
        new.refresh()
        live.stale.watch(new)
        if old.past is not None:
            new.past = old.past
            new.past.record(new)
            loading.past.append(new)


def _why_dropped(old: Cell, override: Override, new: Cell) -> str:
    """ "" where the override goes on: the property has the data type it had, which still has the forced value."""
    if old.spec.plan.data_type != new.spec.plan.data_type:
        return "DataTypeChanged"
    return "ValueNotAllowed" if override.kind == "forced" and new.spec.accept(override.value)[1] else ""


def _drop_overrides(live: LiveState, twin: TwinState, loading: Loading, why: str, but: Container[str] = ()) -> None:
    for name, cell in twin.cells.items() if live.overridden else ():
        if cell.override is not None and name not in but:
            _drop(live, cell, cell.override, loading, why)


def _drop(live: LiveState, cell: Cell, override: Override, loading: Loading, why: str) -> None:
    loading.dropped.append((PropertyKey(cell.twin.plan.twin_id, cell.spec.plan.name), override, why))
    live.override(cell, None)


def _overlay(live: LiveState, plan: OverlayPlan, loading: Loading) -> None:
    old = live.overlays.pop(plan.overlay_id, None)
    new = live.overlays[plan.overlay_id] = OverlayState(plan, live.shapes[plan.shape_id])
    new.shape.users += 1
    before = _unbind(live, old, loading) if old is not None else {}
    for twin_id in plan.bindings.values():
        live.overlays_of.setdefault(twin_id, set()).add(plan.overlay_id)
    _give_rules(live, new, before, loading)
    loading.owners.append(Replaced(new.key, before, new.rules))


def _give_rules(live: LiveState, owner: Owner, before: Mapping[str, RuleState], loading: Loading) -> None:
    for index, plan in enumerate(owner.shape.shape.rules):
        rule = owner.rules[plan.name] = RuleState(owner, index, plan, live.twins)
        _remember(live, rule)
        loading.attach(rule)
        if faults.may_have(rule):
            live.suspects[rule.key] = None
        else:
            live.suspects.pop(rule.key, None)
        old = before.get(plan.name)
        rule.unknown_since = old.unknown_since if old is not None else 0
        if old is not None and old.error is None and rule.error is None:
            rule.active, rule.evidence, rule.since, rule.cause = old.active, old.evidence, old.since, old.cause
            rule.settled = old.settled and rule.continues(old)
            rule.turned_at, rule.loops, rule.follows = old.turned_at, old.loops, old.follows
        if rule.memory is not None:
            for twin_id in rule.memory.hears():
                if (heard := live.twins.get(twin_id)) is not None:
                    heard.listeners = tuple(sorted((*heard.listeners, rule), key=_order))
    owner.guards = interlocks.made(owner, live.twins)
    for guard in owner.guards:
        _remember(live, guard, keeps=False)
    if isinstance(owner, OverlayState):
        for guard in owner.guards:
            for twin_id in guard.covers:
                if (twin := live.twins.get(twin_id)) is not None:
                    twin.guards = tuple(sorted((*twin.guards, guard), key=_order))


def _remember(live: LiveState, rule: RuleState, *, keeps: bool = True) -> None:
    """Gives it a memory where its condition needs one."""
    reads = rule.reads()
    compiled = rule.compiled(live.twins) if reads is not None and reads.timed else None
    if compiled is not None:
        rule.memory = Memory(live, rule, compiled, rule.cells, keeps=keeps)
        rule.test = rule.memory.read if rule.memory.counts else rule.memory.glance
    if any(aside.compiled.timed for aside in rule.asides.values()):
        rule.asides = {name: _looking(live, rule, aside) for name, aside in rule.asides.items()}


def _looking(live: LiveState, rule: RuleState, aside: Aside) -> Aside:
    if not aside.compiled.timed:
        return aside
    memory = Memory(live, rule, aside.compiled, aside.cells, keeps=False)
    return aside._replace(test=memory.read, memory=memory)


def _stop(live: LiveState, owner: Replaced, loading: Loading) -> None:
    """What its rules waited for ends with them, unless the new ones wait for the same."""
    for name, old in owner.before.items():
        if old.memory is None:
            continue
        new = owner.after.get(name) if owner.after is not None and not owner.reborn else None
        if new is None or not new.waits_on(old):
            for key in old.memory.timer_keys():
                if (timer := live.timers.get(key)) is not None:
                    live.timers.drop(key)
                    loading.stopped.append(timer)
        old.let_go()


def _retire(twin: TwinState) -> Mapping[str, RuleState]:
    """The rules it had, which wake no more; its cells leave the stale queue as they come up. Nothing in it leads back
    to it then, so that it is free once it is let go: what a start made is never searched for cycles (serve.py)."""
    twin.shape.users -= 1
    rules = twin.rules
    for cell in twin.cells.values():
        cell.feeds = cell.readers = cell.operands = ()  # the overlays that read it are bound anew in the same load
        cell.marks = ()
        cell.together = cell.verdicts = None
    for computed in twin.computed:
        computed.inputs = ()
    for guard in twin.guards:
        if guard.owner is twin:
            guard.let_go()
    twin.cells, twin.rules, twin.computed, twin.guards, twin.listeners = {}, {}, (), (), ()
    return rules


def _unbind(live: LiveState, overlay: OverlayState, loading: Loading) -> Mapping[str, RuleState]:
    """The rules it had, which wake no more."""
    overlay.shape.users -= 1
    rules, overlay.rules = overlay.rules, {}
    loading.detach(rules.values())
    for rule in rules.values():
        for twin_id in rule.memory.hears() if rule.memory is not None else ():
            if (heard := live.twins.get(twin_id)) is not None:
                heard.listeners = tuple(item for item in heard.listeners if item is not rule)
    for guard in overlay.guards:
        guard.let_go()
        for twin_id in guard.covers:
            if (twin := live.twins.get(twin_id)) is not None:
                twin.guards = tuple(item for item in twin.guards if item.owner is not overlay)
    for twin_id in overlay.plan.bindings.values():
        bound = live.overlays_of.get(twin_id)
        if bound is not None:
            bound.discard(overlay.key.id)
            if not bound:
                del live.overlays_of[twin_id]
    return rules


def _order(rule: RuleState) -> tuple[bool, str, int]:
    return rule.order
