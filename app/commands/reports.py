"""Samples that people and programs report of properties that no connector feeds, answered once they are durable.

The form is judged as a whole: one fault refuses all of it before anything is taken. What only the engine knows (late,
of the wrong type) is told sample by sample, and the others stand. The same sample again is a report and no change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from app.commands.actor import Actor
from app.commands.json_limits import MAX_PROBLEMS, limit_problems
from app.commands.noting import MAX_SUBJECTS, Noting
from app.commands.part_plans import property_plan
from app.commands.pointers import shown
from app.engine.values import Spec
from app.errors import Invalid, Problem
from app.model.catalogue import Catalogue
from app.model.events import Reading, ReportSamples, Sample, SampleRejected
from app.model.near import near
from app.model.time import Micros
from app.model.values import Quality, Value
from app.ports import Clock, Inbox

MAX_SAMPLES = 10_000
SOURCE = "api"
"""What counters and rejections call whoever reports."""


@dataclass(frozen=True, slots=True)
class Given:
    """One sample as it was written; `path` leads to it."""

    twin_id: str
    property: str
    value: Value
    path: str
    timestamp: Micros | None = None
    """None for the moment of receipt."""
    quality: Quality = "good"
    name_path: str = ""
    """Where the property's name stands; "" for `property` below `path`."""


@dataclass(frozen=True, slots=True)
class Rejected:
    index: int
    given: Given
    reason: str


@dataclass(frozen=True, slots=True)
class Reported:
    sequence: int | None
    """None where it was only tried out."""
    accepted: int
    rejected: tuple[Rejected, ...]


class ReportCommands:
    def __init__(self, catalogue: Catalogue, inbox: Inbox, clock: Clock) -> None:
        self._catalogue = catalogue
        self._inbox = inbox
        self._clock = clock
        self._noting = Noting(inbox)

    async def report(
        self, given: Sequence[Given], actor: Actor, problems: Iterable[Problem] = (), *, dry_run: bool = False
    ) -> Reported:
        """`problems` are those that the face has found already. A dry run tells which values could be taken; what is
        late, only the moment of the report itself can tell. Raises Invalid (SAMPLES_INVALID with every fault:
        UNKNOWN_TWIN, UNKNOWN_PROPERTY, PROPERTY_MAPPED, PROPERTY_COMPUTED, MISSING_FIELD, ...; TOO_MANY_SAMPLES),
        Unavailable (INGEST_FULL)."""
        about = dict.fromkeys(f"twin/{item.twin_id}" for item in islice(given, MAX_SUBJECTS))
        async with self._noting.refusals("report", actor, about, dry_run=dry_run):
            refuse_too_many(len(given))
            found = [*problems, *self._problems(given)]
            if not given and not found:
                found.append(Problem("MISSING_FIELD", "there is no sample in it", "", "give at least one"))
            if found:
                raise Invalid.of(found[:MAX_PROBLEMS], "the report", code="SAMPLES_INVALID")
        if dry_run:
            unfit = tuple(self._rehearsed(given))
            return Reported(None, len(given) - len(unfit), unfit)
        readings, order = _steps(given, self._clock.now())
        sequence, outcome = await self._inbox.submit(ReportSamples(readings, actor.name, actor.origin))
        rejected = sorted((_rejected(item, given, order) for item in outcome.rejected), key=lambda item: item.index)
        return Reported(sequence, len(given) - len(rejected), tuple(rejected))

    def _rehearsed(self, given: Sequence[Given]) -> Iterable[Rejected]:
        specs: dict[tuple[str, str], Spec] = {}
        for index, item in enumerate(given):
            key = item.twin_id, item.property
            spec = specs.get(key)
            if spec is None:
                definition = self._catalogue.capabilities(item.twin_id).properties[item.property]
                spec = specs[key] = Spec(property_plan(definition))
            _, reason = spec.accept(item.value) if item.quality != "bad" else (None, "")
            if reason:
                yield Rejected(index, item, reason)

    def _problems(self, given: Sequence[Given]) -> Iterable[Problem]:
        known: dict[tuple[str, str], Problem | None] = {}
        for item in given:
            key = item.twin_id, item.property
            if key not in known:
                known[key] = self._unfit(item)
            if (unfit := known[key]) is not None:
                twin = unfit.code == "UNKNOWN_TWIN"
                where = f"{item.path}/twinId" if twin else item.name_path or f"{item.path}/property"
                yield Problem(unfit.code, unfit.message, where, unfit.hint)
            if item.value is None and item.quality != "bad":
                yield Problem("MISSING_FIELD", "there is no value", f"{item.path}/value", "only a bad one has none")
            elif not isinstance(item.value, float | bool):
                for wrong in limit_problems(item.value)[0]:
                    yield Problem(wrong.code, wrong.message, f"{item.path}/value{wrong.path}", wrong.hint)

    def _unfit(self, item: Given) -> Problem | None:
        """Why nobody may report this property."""
        if self._catalogue.twin(item.twin_id) is None:
            hint = near(item.twin_id, self._catalogue.ids("twin"))
            return Problem("UNKNOWN_TWIN", f"there is no twin {shown(item.twin_id)}", "", hint)
        properties = self._catalogue.capabilities(item.twin_id).properties
        definition = properties.get(item.property)
        name = f"property {shown(item.property)} of twin '{item.twin_id}'"
        if definition is None:
            return Problem("UNKNOWN_PROPERTY", f"there is no {name}", "", near(item.property, properties))
        if definition.computed is not None:
            return Problem("PROPERTY_COMPUTED", f"{name} is computed", "", "report what it is computed from")
        if item.property in (self._catalogue.mapped(item.twin_id) or ()):
            hint = "take it out of the mapping, or force it (forceValue) for a while"
            return Problem("PROPERTY_MAPPED", f"{name} is fed by its device: two sources would fight", "", hint)
        return None


def refuse_too_many(count: int) -> None:
    """Raises Invalid (TOO_MANY_SAMPLES)."""
    if count > MAX_SAMPLES:
        raise Invalid(
            f"{count} samples were given; the most in one request is {MAX_SAMPLES}",
            code="TOO_MANY_SAMPLES",
            hint="send them in parts",
        )


def _steps(given: Sequence[Given], now: Micros) -> tuple[tuple[Reading, ...], list[int]]:
    """One reading per twin; a property that comes again begins its twin's next one, so that conditions see every
    sample. And the places in `given` in the order of the readings."""
    steps: list[dict[str, int]] = []
    """Property -> place in `given`."""
    open_steps: dict[str, dict[str, int]] = {}
    for place, item in enumerate(given):
        step = open_steps.get(item.twin_id)
        if step is None or item.property in step:
            step = open_steps[item.twin_id] = {}
            steps.append(step)
        step[item.property] = place
    order = [place for step in steps for place in step.values()]
    readings = (tuple(_sample(given[place], now) for place in step.values()) for step in steps)
    return tuple(Reading(SOURCE, now, samples) for samples in readings), order


def _sample(item: Given, now: Micros) -> Sample:
    timestamp = now if item.timestamp is None else item.timestamp
    return Sample(item.twin_id, item.property, item.value, timestamp, item.quality)


def _rejected(item: SampleRejected, given: Sequence[Given], order: Sequence[int]) -> Rejected:
    assert item.index is not None, "the engine numbers what it rejects of a report"
    place = order[item.index]
    return Rejected(place, given[place], item.reason)
