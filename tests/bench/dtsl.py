"""Reading, checking and formatting a generated script beside lark's bare LALR parse of the same text, in the same run.

The bare parse is the least that any parser made of this grammar costs: no positions, no names, no repair, no comments.
Processor seconds of one core, the best of several; the script is a pumping station's with comments, over and over.

    python -m tests.bench.dtsl
"""

import time
from collections.abc import Callable
from functools import partial
from importlib.resources import files
from typing import TypeVar

from lark import Lark

from app.commands.check_scripts import check_parsed
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_scripts
from app.model.catalogue import Catalogue
from tests.dtsl.plant import catalogue

Result = TypeVar("Result")
LINES = (1_000, 2_000, 5_000, 10_000, 20_000)
ROUNDS = 3
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


def script(lines: int) -> str:
    """A valid script, formatted, of just over so many lines."""
    parts: list[str] = []
    count = 0
    while count < lines:
        parts.append(STATION.format(n=len(parts) + 1))
        count += parts[-1].count("\n") + 1
    return "\n".join(parts)


def run(lines: int, plant: Catalogue, bare: Lark) -> dict[str, float]:
    """Seconds of each step, the best of the rounds; the steps alternate, so that a slow moment falls on all."""
    text = script(lines)
    best: dict[str, float] = {}
    for _ in range(ROUNDS):
        parsed, reading = _timed(partial(parse_scripts, [("bench.dtsl", text)]))
        (checked,), checking = _timed(partial(check_parsed, parsed, plant))
        formatted, formatting = _timed(partial(format_script, parsed[0].script))
        _, parsing = _timed(partial(bare.parse, text))
        assert checked.diagnostics == ()
        assert formatted == text
        for name, seconds in (
            ("parse", reading),
            ("check", checking),
            ("format", formatting),
            ("all", reading + checking + formatting),
            ("bare", parsing),
        ):
            best[name] = min(seconds, best.get(name, seconds))
    return best


def main() -> None:
    plant, bare = catalogue(), _bare()
    run(100, plant, bare)  # what is made at the first use
    for lines in LINES:
        row = run(lines, plant, bare)
        print(
            f"{lines:>6} lines: parse {row['parse']:.2f} s, check {row['check']:.2f} s, format {row['format']:.2f} s, "
            f"together {row['all']:.2f} s ({row['all'] / lines * 1e6:.0f} us a line); bare LALR parse "
            f"{row['bare']:.2f} s, ratio {row['all'] / row['bare']:.1f}"
        )


def _bare() -> Lark:
    grammar = files("app.dtsl").joinpath("dtsl.lark").read_text(encoding="utf-8")
    return Lark(grammar + "\n%ignore COMMENT\n", start="script", parser="lalr", lexer="basic")


def _timed(work: Callable[[], Result]) -> tuple[Result, float]:
    started = time.process_time()
    result = work()
    return result, time.process_time() - started


if __name__ == "__main__":
    main()
