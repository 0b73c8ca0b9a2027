"""Reading, checking and formatting a generated script beside lark's bare LALR parse of the same text.

make bench SUITE=dtsl
"""

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.resources import files
from typing import TypeVar

from lark import Lark

from app.commands.check_scripts import check_parsed
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_scripts
from app.model.catalogue import Catalogue
from tests.bench import dtsl_fuzz
from tests.bench.figures import LEAST_ROUNDS, Beside, Curve, Figure, Report, Suite, alternated, growth
from tests.dtsl.plant import catalogue

Result = TypeVar("Result")
LINES = (1_000, 2_000, 5_000, 10_000, 20_000)
SPLIT = 10_000
"""Of so many lines each step is shown."""
MUTANTS = 3_000
_LINEAR = 1.3
STATION = """\
// Station {n}: a pump, its spare, and what is around them
overlay Station{n} {{
  twins {{
    CentrifugalPump primaryPump;
    CentrifugalPump? backupPump; // not everywhere
    Valve inletValve;
    Valve outletValve;
    Pipe inletPipe;
    FlowSensor flowSensor;
    PressureSensor pressureSensor;
  }}

  relationships {{
    inletPipe -> primaryPump as inletConnection;
    inletPipe -> backupPump as backupInletConnection if backupPump != null;
    inletValve -> inletPipe as inletValveConnection;
    flowSensor -> inletPipe as flowMonitoring;
  }}

  behaviors {{
    behavior normalOperation {{
      when {{
        primaryPump.status == "running" &&
        inletValve.status == "open" &&
        flowSensor.flowRate > 0.0 &&
        (pressureSensor.pressure > 0.5 || pressureSensor.pressure * 2 + 1 > 2.5)
      }}
    }}

    /* The spare takes over: what the operators of
       station {n} asked for. */
    behavior primaryPumpFailure {{
      when {{
        primaryPump.status == "fault" &&
        backupPump != null &&
        backupPump.status != "running"
      }}
      then {{
        alert(critical, "Primary pump of station {n} failed");
        backupPump.setSpeed(1450);
        backupPump.start();
        outletValve.position = 35.5;
      }}
    }}
  }}

  metadata {{
    tags = ["pumping", "water", {n}];
  }}
}}

instance Station{n}North of Station{n} {{
  twins {{
    primaryPump = Pump123;
    backupPump = "P-101A";
    inletValve = Valve234;
    outletValve = Valve235;
    inletPipe = Pipe456;
    flowSensor = Sensor567;
    pressureSensor = Sensor678;
  }}
}}
"""


def run(quick: bool) -> Report:
    rounds, lines, mutants = (1, LINES[:2], 100) if quick else (LEAST_ROUNDS, LINES, MUTANTS)
    plant, bare = catalogue(), _bare()
    _steps(script(100), plant)  # what is made at the first use
    bare.parse(script(100))
    figures: list[Figure] = []
    whole: dict[int, list[float]] = {}
    for count in lines:
        steps, floor = _alternated(script(count), rounds, plant, bare)
        whole[count] = [sum(each) for each in steps]
        figures += _of_one_size(count, steps, floor)
    small, large = lines[0], lines[-1]
    per_line = {count: [took / count for took in whole[count]] for count in (small, large)}
    grown = growth(
        "growth", f"what a line of {large:,} costs over a line of {small:,}", per_line[small], per_line[large]
    )
    figures.append(grown)
    figures += _mutants(plant, mutants)
    beside = {figure.what: figure for figure in figures if figure.key.startswith("lines_")}
    curve = Curve(
        key="lines",
        title="Reading, checking and formatting by length",
        x="lines",
        y="seconds of one core",
        lines={
            "read, checked and formatted": tuple(zip(lines, (one.median for one in beside.values()), strict=True)),
            "bare LALR parse": tuple(zip(lines, (_median(one) for one in beside.values()), strict=True)),
        },
        said=(
            f"{'No knee: ' if grown.median <= _LINEAR else ''}{large / small:.0f} times the lines take "
            f"{large / small * grown.median:.1f} times as long."
        ),
    )
    return Report(figures=tuple(figures), curves=(curve,))


def script(lines: int) -> str:
    """A valid script, formatted, of just over so many lines."""
    parts: list[str] = []
    count = 0
    while count < lines:
        parts.append(STATION.format(n=len(parts) + 1))
        count += parts[-1].count("\n") + 1
    return "\n".join(parts)


def _alternated(text: str, rounds: int, plant: Catalogue, bare: Lark) -> tuple[list[tuple[float, ...]], list[float]]:
    steps, floor = alternated(rounds, lambda _: _steps(text, plant), lambda _: _timed(partial(bare.parse, text))[1])
    return steps, floor


def _of_one_size(count: int, steps: Sequence[tuple[float, ...]], floor: Sequence[float]) -> list[Figure]:
    beside = (Beside(what="bare LALR parse", rounds=tuple(floor)),)
    whole = Figure(
        key=f"lines_{count}",
        what=f"a script of {count:,} lines read, checked and formatted",
        unit="s",
        rounds=tuple(sum(each) for each in steps),
        beside=beside,
    )
    if count != SPLIT:
        return [whole]
    parts = [
        Figure(key=step, what=f"of {count:,} lines: to {step}", unit="s", rounds=tuple(each[at] for each in steps))
        for at, step in enumerate(("read", "check", "format"))
    ]
    return [whole, *parts]


def _steps(text: str, plant: Catalogue) -> tuple[float, float, float]:
    """Seconds to read, to check, to format."""
    parsed, reading = _timed(partial(parse_scripts, [("bench.dtsl", text)]))
    (checked,), checking = _timed(partial(check_parsed, parsed, plant))
    formatted, formatting = _timed(partial(format_script, parsed[0].script))
    assert checked.diagnostics == ()
    assert formatted == text
    return reading, checking, formatting


def _mutants(plant: Catalogue, count: int) -> list[Figure]:
    examined = dtsl_fuzz.examine(count, 1, plant)
    for failure in examined.failures:
        print(failure)
    said = f"of {count:,} mutated scripts (words, characters and bytes)"
    return [
        Figure(key="mutants_failed", what=f"{said}: how many crash", unit="", rounds=(float(len(examined.failures)),)),
        Figure(
            key="mutants_slowest", what=f"{said}: the slowest, read and checked", unit="s", rounds=(examined.slowest,)
        ),
    ]


def _median(figure: Figure) -> float:
    return statistics.median(figure.beside[0].rounds)


def _bare() -> Lark:
    grammar = files("app.dtsl").joinpath("dtsl.lark").read_text(encoding="utf-8")
    return Lark(grammar + "\n%ignore COMMENT\n", start="script", parser="lalr", lexer="basic")


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


SUITE = Suite(
    title="DTSL",
    about=(
        "A pumping station's script with comments, over and over, until it has so many lines: read (with positions, "
        "comments and the repair of what is wrong), checked against a catalogue, and formatted; processor seconds of "
        "one core. Beside it lark's bare LALR parse of the same text: the least that any parser made of this grammar "
        "costs, without positions, names, repair or comments. Then mutated scripts, of which none may crash or take "
        "long; `python -m tests.bench.dtsl_fuzz 100000` examines more."
    ),
    run=run,
)
