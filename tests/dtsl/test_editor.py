"""Completion and hover, as an editor asks: `|` is where the writer stands, and what is behind may be anything."""

import random
import time
from collections.abc import Sequence

import pytest

from app.commands.check_scripts import check_script
from app.dtsl.complete import Completions, complete
from app.dtsl.functions import FUNCTIONS
from app.dtsl.hover import Hover, hover
from app.dtsl.spelling import dtsl_member
from tests.dtsl.corpus import CORPUS
from tests.dtsl.mutants import mutants
from tests.dtsl.plant import catalogue

PLANT = catalogue()
FUNCTION_NAMES = [dtsl_member(name) for name in FUNCTIONS]
LOOP = (CORPUS / "cooling_loop" / "script.dtsl").read_text(encoding="utf-8")
STATION = """overlay Station {
  twins { CentrifugalPump pump; CentrifugalPump? spare; Valve valve; }
  behaviors {
    behavior hot {
%s
    }
  }
}
"""


def _complete(marked: str) -> tuple[str, Completions]:
    before, mark, behind = marked.partition("|")
    assert mark
    return before + behind, complete(before + behind, len(before), PLANT)


def _texts(marked: str) -> list[str]:
    return [item.text for item in _complete(marked)[1].items]


OF_PLANT = ["CentrifugalPump", "Controller", "FlowSensor", "Pipe", "PressureSensor", "Recorder", "Valve"]
OF_PROPERTIES = [*("deadband", "from", "in", "readonly", "stale", "to", "with", "writable", "writeonly")]
OF_VALVE = sorted(map(dtsl_member, PLANT.type_capabilities("valve").properties))
OF_OVERLAYS = ["behaviors", "interlocks", "name", "relationships", "version", "visualization", "with"]


@pytest.mark.parametrize(
    ("marked", "texts"),
    [
        ("|", ["import", "instance", "overlay", "relationship", "twin"]),
        ("ov|", ["overlay"]),
        ("overlay X {} |", ["import", "instance", "overlay", "relationship", "twin"]),
        (
            "overlay X { | }",
            [
                "behaviors",
                "interlocks",
                "metadata",
                "name",
                "relationships",
                "twins",
                "version",
                "visualization",
                "with",
            ],
        ),
        ("overlay X { twins {} me|", ["metadata"]),
        (
            "overlay X { twins {} | metadata {} }",
            ["behaviors", "interlocks", "name", "relationships", "version", "visualization", "with"],
        ),
        ("overlay X { twins { Va| } }", ["Valve"]),
        ("overlay X { twins { Valve v| } }", []),
        ("overlay X { behaviors { | } }", ["behavior"]),
        ("overlay X { interlocks { | } }", ["never"]),
        ("overlay X { interlocks { never | } }", ["call", "write"]),
        ("overlay X { twins { Valve v; } interlocks { never write | } }", ["v"]),
        ("overlay X { twins { Valve v; } interlocks { never write v.| } }", ["position"]),
        ("overlay X { twins { CentrifugalPump p; } interlocks { never call p.st| } }", ["start", "stop"]),
        ("overlay X { twins { CentrifugalPump p; } interlocks { never call p.stop while p.temp| } }", ["temperature"]),
        ("overlay X { twins { Pipe p; } interlocks { never call p.x while true a| } }", ["as"]),
        ("overlay X { behaviors { behavior y { | } } }", ["let", "on", "suppressed", "when"]),
        ("overlay X { behaviors { behavior y { on load | } } }", ["act", "withhold"]),
        ("overlay X { behaviors { behavior y { when { true } | } } }", ["escalate", "otherwise", "then"]),
        ("overlay X { behaviors { behavior y { when { true } escalate after 5m | } } }", ["unless"]),
        (STATION % "let x = pump.te| }", ["temperature"]),
        ("overlay X { twins { Pipe a; Pipe b; } relationships { | } }", ["a", "b"]),
        ("overlay X { twins { Pipe a; Pipe b; } relationships { a -> | } }", ["a", "b"]),
        ("overlay X { twins { Pipe a; Pipe b; } relationships { a -> b | } }", ["as"]),
        ("overlay X { twins { Pipe a; Pipe b; } relationships { a -> b as c | } }", ["if", "with"]),
        ("overlay X { twins { Pipe a; Pipe b; } relationships { a -> b as c if | } }", ["a", "b"]),
        (STATION % "when { | }", ["pump", "spare", "valve", *FUNCTION_NAMES, "every", "on"]),
        (STATION % "when { pump.remote && ra| }", ["rate"]),
        (STATION % "when { pump.temperature | }", ["between", "for", "in", "within"]),
        (STATION % "when { pump.temperature between 1 | }", ["and"]),
        (STATION % "when { pump.remote within 5s | }", ["of"]),
        (STATION % "when { quality(pump.speed) == | }", ['"good"', '"uncertain"', '"bad"', "pump", "spare", "valve"]),
        (STATION % "when { every week| }", ["weekday", "weekend"]),
        (STATION % "when { every weekday | }", ["at"]),
        (STATION % "when { on | }", ["pump", "spare", "valve"]),
        (STATION % "when { on pump.| }", ["tripped"]),
        (STATION % "when { pump.te| }", ["temperature"]),
        (STATION % "when { pump.temperature > 80.0 && valve.| }", ["position", "status"]),
        (STATION % "when { valve.status == | }", ['"open"', '"closed"', '"moving"', "pump", "spare", "valve"]),
        (STATION % 'when { valve.status == "cl| }', ['"closed"']),
        (STATION % 'when { valve.status != "cl|" }', ['"closed"']),
        (STATION % "when { pump.remote == | }", ["true", "false", "pump", "spare", "valve"]),
        (STATION % "when { spare != n| }", ["null"]),
        (
            STATION % "when { pump.remote } then { | }",
            ["alert", "pump", "spare", "valve", "emit", "required", "within"],
        ),
        (STATION % "when { pump.remote } then { } otherwise { val| }", ["valve"]),
        (STATION % "when { pump.remote } escalate after 5m { pump.st| }", ["start", "stop"]),
        (STATION % "when { pump.remote } then { emit pump.| }", ["tripped"]),
        (STATION % "when { pump.remote } then { required valve.| }", ["close", "open", "position"]),
        (STATION % "when { pump.remote } then { within 5s | }", ["expect"]),
        (STATION % 'when { pump.remote } then { within 5s expect valve.status == "c| }', ['"closed"']),
        (STATION % "when { pump.remote } then { within 5s expect pump.remote else { va| }", ["valve"]),
        (STATION % 'when { pump.remote } then { alert(info, "x", de| }', ["delayOn", "delayOff", "deadband"]),
        (STATION % 'when { pump.remote } then { alert(info, "x", delayOn 5s, delay| }', ["delayOff"]),
        (STATION % "when { pump.remote } then { pump.schedule(mode = | }", ['"eco"', '"full"']),
        (STATION % "when { pump.remote } then { alert(| }", ["info", "warning", "error", "critical"]),
        (STATION % "when { pump.remote } then { valve.| }", ["close", "open", "position"]),
        (STATION % "when { pump.remote } then { pump.start(); valve.po| }", ["position"]),
        (STATION % "when { pump.remote } then { pump.schedule(| }", ['"eco"', '"full"']),
        (STATION % 'when { pump.remote } then { pump.schedule("eco", | }', []),
        (STATION % "when { pump.remote } then { // va|", []),
        (STATION % "when { pump.remote /* va|", []),
        ("instance A of C|", []),
        ("overlay Cellar {} instance A of C|", ["Cellar"]),
        ("overlay C { twins { Valve v; Pipe p; } } instance A of C { twins { | } }", ["p", "v"]),
        ("overlay C { twins { Valve v; Pipe p; } } instance A of C { twins { v = Valve234; | } }", ["p"]),
        (
            "overlay C { twins { Valve v; Pipe p; } } instance A of C { twins { v = | } }",
            ["Valve234", "Valve235", "Valve334", "Valve335", "overlay", "twin"],
        ),
        ("instance A of C { metadata { a = | } }", ["true", "false"]),
        ("twin X of Va|", ["Valve"]),
        ("twin type Va {} twin type X extends Va|", ["Va", "Valve"]),
        ("twin type X { kind | }", ["equipment", "sensor", "controller"]),
        ("instance X { lifecycle d| }", ["draft"]),
        ("twin type X { properties { fl| } }", ["float"]),
        ("twin type X { properties { float a | } }", sorted(OF_PROPERTIES)),
        ("twin type X { relationships { | } }", ["this", *OF_PLANT, "X"]),
        ("twin type X { relationships { this -> V| } }", ["Valve"]),
        ("twin type X { relationships { this -> Valve as a : phys| } }", ["physicalConnection"]),
        ("twin X of Valve { relationships { this -> Pump1| } }", ["Pump123", "Pump124"]),
        ("twin X of Valve { behaviors { behavior a { when { po| } } } }", ["position"]),
        ('twin X of Valve { behaviors { behavior a { when { status == "o| } } } }', ['"open"']),
        ("twin X of Valve { connectivity { end| } }", ["endpoint"]),
        ("twin X of Valve { connectivity { protocol = | } }", ['"opc-ua"', '"mqtt"']),
        ("twin X of Valve { connectivity { mapping { | } } }", ["properties", "methods", "events"]),
        ("twin X of Valve { connectivity { mapping { properties { | } } } }", OF_VALVE),
        ("twin X of Valve { connectivity { mapping { properties { position { to| } } } } }", ["topic"]),
        (
            "twin X of Valve { connectivity { mapping { methods { reset { | } } } } }",
            ["nodeId", "topic", "qos", "units"],
        ),
        ("twin X of Valve { connectivity { availability { o| } } }", ["online", "offline"]),
        ("twin X of Valve { connectivity { authentication { | } } }", []),
        ("twin X of Valve { connectivity { heartbeat { | } } }", ["interval", "property"]),
        ("twin X of Valve { connectivity { fallbacks = [{ end| }]; } }", ["endpoint"]),
        ("twin X of Valve { connectivity { fallbacks = [{ a = 1; }, { protocol = | }]; } }", ['"opc-ua"', '"mqtt"']),
        (
            "twin X of Valve { connectivity { fallbacks = [{}, { mapping { properties { position { to| } } } }]; } }",
            ["topic"],
        ),
        ("overlay A {} overlay B { twins { overlay | } }", ["A", "B"]),
    ],
)
def test_what_fits_is_offered(marked: str, texts: Sequence[str]) -> None:
    assert _texts(marked) == list(texts)


def test_faults_before_and_behind_do_not_matter() -> None:
    broken = STATION % "when { = = } then { ) alert(; valve.| } behavior } overlay {{"

    assert _texts(broken) == ["close", "open", "position"]


def test_a_completion_replaces_the_word_that_is_being_written() -> None:
    text, found = _complete(STATION % "when { pump.temp|rature > 80.0 }")

    assert text[found.start : found.end] == "temprature"
    text, found = _complete(STATION % 'when { valve.status == "cl|osd" }')
    assert text[found.start : found.end] == '"closd"'
    text, found = _complete(STATION % "when { | }")
    assert found.start == found.end


def test_an_offer_says_what_it_is() -> None:
    (item,) = _complete(STATION % "when { pump.fl| }")[1].items
    assert (item.text, item.kind, item.detail) == ("flowRate", "property", "float in m3/h, 0.0 to 100.0")
    (item,) = _complete(STATION % "when { pump.remote } then { pump.sche| }")[1].items
    assert (item.kind, item.detail) == ("method", '(mode: enum: "eco", "full", cycles: integer, 1.0 to 10.0)')
    (item,) = _complete(STATION % "when { spa| }")[1].items
    assert (item.kind, item.detail) == ("role", "CentrifugalPump?")


@pytest.mark.parametrize(
    ("marked", "unknown"),
    [
        (STATION % "when { |.remote }", "DTSL204"),
        (STATION % "when { pump.| == 1 }", "DTSL205"),
        (STATION % "when { pump.remote } then { pump.|(); }", "DTSL206"),
        (STATION % 'when { pump.remote } then { alert(|, "x"); }', "DTSL207"),
        (STATION % "when { pump.status == | }", "DTSL302"),
        ("overlay X { twins { | x; } }", "DTSL201"),
    ],
)
def test_what_is_offered_is_known(marked: str, unknown: str) -> None:
    before, _, behind = marked.partition("|")
    kinds = {"DTSL204": ["role"], "DTSL206": ["method"]}.get(unknown)
    items = [item for item in _complete(marked)[1].items if kinds is None or item.kind in kinds]
    assert len(items) >= 3
    for item in items:
        codes = {found.code for found in check_script(before + item.text + behind, PLANT).diagnostics}
        assert unknown not in codes
    wrong = '"qzx"' if unknown == "DTSL302" else "qzx"
    assert unknown in {found.code for found in check_script(before + wrong + behind, PLANT).diagnostics}


# ---------------------------------------------------------------------------------------------------- hover


def _hover(marked: str) -> Hover | None:
    before, mark, behind = marked.partition("|")
    assert mark
    return hover(before + behind, len(before), PLANT)


@pytest.mark.parametrize(
    ("marked", "title"),
    [
        (STATION % "when { pump.t|emperature > 80.0 }", "pump.temperature: float in celsius, 0.0 to 100.0"),
        (STATION % "when { valve.st|atus == 1 }", 'valve.status: enum: "open", "closed", "moving"'),
        (STATION % "when { sp|are != null }", "role spare: CentrifugalPump, optional"),
        (
            STATION % "when { true } then { pump.set|Speed(1); }",
            "pump.setSpeed(speed: float, 0.0 to 3000.0) -> boolean",
        ),
        (STATION % "when { true } then { pump.spe|ed = 1; }", "pump.speed: float in rpm, 0.0 to 3000.0, writable"),
        (STATION % 'when { true } then { al|ert(info, "x"); }', "alert(severity, message)"),
        (STATION % 'when { true } then { alert(info, "x", delay|On 5s); }', "delayOn length"),
        (STATION % 'when { true } then { alert(info, "x", lat|ched); }', "latched"),
        (STATION % 'when { true } then { emit pump.tri|pped(1, "x"); }', "pump.tripped(code: integer, reason: string)"),
        (STATION % "when { true } otherwise { val|ve.close(); }", "role valve: Valve"),
        (STATION % "when { true } escalate after 5m { required pump.sta|rt(); }", "pump.start() -> boolean"),
        (
            STATION % "when { true } then { within 5s expect pump.remote else { valve.st|atus; } }",
            'valve.status: enum: "open", "closed", "moving"',
        ),
        (STATION % "let x = pump.tempe|rature; when { x > 1 }", "pump.temperature: float in celsius, 0.0 to 100.0"),
        (STATION % 'when { pump."FIC|-1.PV" > 1 }', 'pump."FIC-1.PV": float'),
        (STATION % "when { is|Stale(pump.speed) }", "isStale(a property): true or false"),
        (STATION % "when { on pump.trip|ped(code) }", "pump.tripped(code: integer, reason: string)"),
        ("overlay X { twins { Val|ve v; } }", "twin type Valve"),
        ("overlay X { twins { Valve v|; } }", "role v: Valve"),
        ("overlay X { twins { Valve v; } } instance Y of X { twins { v = Valve|234; } }", "twin Valve234: Valve"),
        ("overlay X { twins { Valve v; } } instance Y of X { twins { |v = Valve234; } }", "role v: Valve"),
        ("overlay X {} instance Y of |X {}", "overlay X"),
        ("twin X of Val|ve {}", "twin type Valve"),
        ("twin type X extends Val|ve {}", "twin type Valve"),
        ("twin type X { relationships { this -> Val|ve as a; } }", "twin type Valve"),
        ("twin X of Valve { relationships { Pump1|23 -> this as a; } }", "twin Pump123: CentrifugalPump"),
        (
            "twin type X { relationships { this -> Pipe as a : mon|itoring; } }",
            "relationship type monitoring: failure travels not along it, seen from its target monitoredBy",
        ),
        (
            "twin X of Valve { behaviors { behavior a { when { pos|ition > 1 } } } }",
            "position: float in %, 0.0 to 100.0, writable",
        ),
        ("twin X of Valve { behaviors { behavior a { when { true } then { cl|ose(); } } } }", "close()"),
    ],
)
def test_a_word_says_what_it_is(marked: str, title: str) -> None:
    text = marked.replace("|", "")
    position = marked.index("|")
    if title == "role v: Valve" and "Valve v|" in marked:
        position -= 1

    found = hover(text, position, PLANT)

    assert found is not None
    assert found.title == title
    assert found.start <= position < found.end


@pytest.mark.parametrize(
    "marked",
    [
        *("|", "overlay X | {}", "over|lay X {}", "// pu|mp"),
        *(STATION % "when { pump.not|hing > 1 }", STATION % "when { 1|2 > 1 }"),
    ],
)
def test_of_other_words_nothing_is_said(marked: str) -> None:
    assert _hover(marked) is None


def test_any_text_and_any_position_give_an_answer() -> None:
    chance = random.Random(7)
    deadline = time.monotonic() + 4
    tried = 0
    for text in mutants(seed=7):
        position = chance.randint(-1, len(text) + 1)
        found = complete(text, position, PLANT)
        assert 0 <= found.start <= found.end <= len(text)
        hover(text, position, PLANT)
        tried += 1
        if tried == 300 or time.monotonic() > deadline:
            break
    assert tried >= 20


def test_every_prefix_of_a_script_is_completed() -> None:
    for offset in range(0, len(LOOP), 7):
        complete(LOOP[:offset], offset, PLANT)
        hover(LOOP[:offset], offset - 1, PLANT)
