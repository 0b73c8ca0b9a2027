"""What a restart would lose is found, and time stops at every moment something is due."""

from app.commands.documents import definition_of
from app.dtsl.source import NOWHERE
from app.engine.engine import Engine
from app.model.events import Entry, Outcome, Samples, Tick
from app.model.time import SECOND
from app.scenarios.parse import BEGINS
from app.scenarios.perform import perform
from app.scenarios.plant import Plant
from app.scenarios.script import At, Given, Member, Name, Set
from app.scenarios.sources import Sources
from app.scenarios.stage import Stage

PUMP = {
    "type_id": "pump",
    "properties": [{"name": "level", "data_type": "float", "stale_after": 10.0}],
    "behaviors": [
        {
            "name": "high",
            "conditions": ["level > 5.0"],
            "actions": [{"type": "alert", "severity": "error", "message": "!"}],
        }
    ],
}


class Forgetful(Engine):
    """Loses the alerts of its journal."""

    def fold(self, entry: Entry) -> None:
        outcome = entry.outcome
        super().fold(
            Entry(entry.sequence, entry.now, entry.input, Outcome(outcome.changes, behaviors=outcome.behaviors))
        )


def _stage(engine: type[Engine] = Engine) -> Stage:
    plant = Plant()
    documents = [definition_of("twin_type", PUMP), definition_of("twin", {"twin_id": "p1", "twin_type": "pump"})]
    return Stage(plant, plant.save_definitions(documents, BEGINS), BEGINS, engine)


def _set(stage: Stage, level: float) -> None:
    target = Member(Name("p1", NOWHERE), Name("level", NOWHERE))
    perform(stage, Set((Given(target, level, None, None),)), lambda edit: Sources())


def test_a_restart_that_loses_nothing_is_silent() -> None:
    stage = _stage()
    _set(stage, 6.0)
    assert stage.restart(0) == []
    assert len(list(stage.engine.live.open_alerts())) == 1


def test_a_restart_that_loses_something_is_told_with_what() -> None:
    stage = _stage(Forgetful)
    _set(stage, 6.0)
    first, *_ = stage.restart(0)
    assert first.startswith("the state read from the journal is not the one that was: ")
    assert "became" in first


def test_every_moment_at_which_something_is_due_gets_its_tick() -> None:
    stage = _stage()
    _set(stage, 1.0)
    perform(stage, At(60 * SECOND, "beginning"), lambda edit: Sources())
    ticks = [entry for entry in stage.entries if isinstance(entry.input, Tick)]
    assert [entry.now - BEGINS for entry in ticks] == [10 * SECOND]
    assert stage.now == BEGINS + 60 * SECOND


def test_what_is_done_is_journaled_as_the_server_would() -> None:
    stage = _stage()
    _set(stage, 6.0)
    assert [entry.sequence for entry in stage.entries] == list(range(1, len(stage.entries) + 1))
    assert stage.engine.live.sequence == len(stage.entries)
    assert not any(isinstance(entry.input, Samples) for entry in stage.entries), "no device feeds it: it is reported"
