"""The engine's meaning as scenarios: every script under tests/corpus/behaviors holds, and its journal reads back.

A new case is a `scenario` in a script of its theme's folder; nothing here has to be told of it.
"""

from functools import cache
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from app.bulk.reading import SCENARIOS, Fault, texts_of
from app.engine.cells import VERDICT
from app.engine.codes import CASCADE_LIMIT
from app.engine.engine import Engine
from app.explain.english import deciding, paragraph
from app.model.definitions import Definition
from app.model.events import Entry
from app.model.plan import BehaviorKey
from app.model.time import SECOND
from app.scenarios.parse import parse
from app.scenarios.report import problems
from app.scenarios.run import definitions_of, run
from app.scenarios.script import Scenario, Script
from app.scenarios.sources import Sources
from app.test import Files

CORPUS = Path(__file__).parents[1] / "corpus" / "behaviors"
FILES = Files()


@cache
def _script(file: Path, text: str) -> tuple[Script, list[Definition], dict[str, Sources]]:
    script, found = parse(text, str(file))
    assert [item.render(text) for item in found] == []
    library = FILES.library(script)
    return script, definitions_of(script, library), library


def _cases() -> list[ParameterSet]:
    found: list[ParameterSet] = []
    faults: list[Fault] = []
    for file, text in texts_of([CORPUS], SCENARIOS, faults):
        script, _ = parse(text, str(file))
        name = file.relative_to(CORPUS).with_suffix("").as_posix()
        found += [pytest.param(file, text, item, id=f"{name}: {item.name}") for item in script.scenarios]
    assert faults == []
    return found


CASES = _cases()


@pytest.mark.parametrize(("file", "text", "scenario"), CASES)
def test_a_scenario_holds_and_its_journal_reads_back(file: Path, text: str, scenario: Scenario) -> None:
    script, definitions, library = _script(file, text)

    result = run(script, scenario, definitions, library)

    assert list(problems(result, text)) == []
    assert result.timeline, "a scenario says something"
    assert any(item.expects for item in result.timeline), "a scenario expects something"
    _reads_back(result.entries)


def _reads_back(entries: list[Entry]) -> None:
    """Decided again from its inputs it is the same, and folding what was decided gives the state that deciding gave."""
    decided, folded = Engine(), Engine()
    for entry in entries:
        assert decided.decide(entry.input, entry.now) == entry.outcome
        folded.fold(entry)
        assert folded.state_digest() == decided.state_digest()
        decided.live.sequence = entry.sequence
        for turned in entry.outcome.behaviors:
            _explains(decided, turned.key)
    restored = Engine()
    restored.restore(decided.snapshot())
    assert restored.state_digest() == decided.state_digest()
    assert restored.next_due() == decided.next_due()
    assert entries[-1].now < entries[0].now + 3600 * 24 * 366 * SECOND


def _explains(engine: Engine, key: BehaviorKey) -> None:
    """What is told of a behavior comes to what the engine took it for, and says why it is not known."""
    told = engine.live.explain(key)
    if told is None or told.error is not None:
        return
    if engine.live.open_alert(key.owner, key.name, CASCADE_LIMIT) is not None:
        return  # it was cut off before it could take notice of what it reads
    whole = told.nodes[0]
    assert whole.value is VERDICT[told.evidence], (key, whole)
    assert whole.value is not None or any(node.value is None and node.why for node in told.nodes), key
    assert list(deciding(told.nodes))
    assert f"'{key.name}'" in paragraph(told)


def test_every_theme_has_its_cases() -> None:
    themes = {path.name for path in CORPUS.iterdir() if any(path.glob("*.twins"))}
    assert themes >= {
        *(
            "alerts",
            "behaviors",
            "calls",
            "computed",
            "conditions",
            "connection",
            "explain",
            "lifecycle",
            "loading",
            "logic",
        ),
        *("overrides", "quality", "restart", "roles", "samples", "timers"),
    }
    assert len(CASES) >= 200
