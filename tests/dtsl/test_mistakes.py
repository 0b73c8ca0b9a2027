"""One mistake at a time, seeded into a script that has none: each is found, where it is, and nothing else is said."""

import pytest

from app.commands.check_scripts import check_script
from app.dtsl.findings import Diagnostic
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue

GOOD = (CORPUS / "cooling_loop" / "script.dtsl").read_text(encoding="utf-8")

MISTAKES = [
    # (what is right, what stands there instead, code, the text under the carets, a part of the hint)
    ("Valve bypassValve", "Vavle bypassValve", "DTSL201", "Vavle", "'Valve'"),
    ("of CoolingLoop", "of ColingLoop", "DTSL202", "ColingLoop", "'CoolingLoop'"),
    ("= Valve334", "= Valve344", "DTSL203", "Valve344", "'Valve334'"),
    ('= "P-101A"', "= Pump7", "DTSL203", "Pump7", "'\"pump7\"'"),
    ("returnPipe -> dutyPump", "returnPip -> dutyPump", "DTSL204", "returnPip", "'returnPipe'"),
    ("    flowMeter = ", "    xyz = Pipe889;\n    flowMeter = ", "DTSL204", "xyz", "roles:"),
    ("standbyPump.start()", "standbyPmp.start()", "DTSL204", "standbyPmp", "'standbyPump'"),
    ("dutyPump.temperature", "dutyPump.temperatur", "DTSL205", "temperatur", "'temperature'"),
    ("bypassValve.position", "bypassValve.positon", "DTSL205", "positon", "'position'"),
    ("standbyPump.start()", "standbyPump.strat()", "DTSL206", "strat", "'start'"),
    ("alert(critical", "alert(critcal", "DTSL207", "critcal", "'critical'"),
    ("alert(critical", 'alert("critical"', "DTSL207", '"critical"', "without quotes"),
    ("alert(info", "alarm(info", "DTSL208", "alarm", "'alert'"),
    ("behavior takeOver", "behavior steady", "DTSL209", "steady", "line 21"),
    ("as metering", "as suction", "DTSL209", "suction", "line 14"),
    ("Pipe returnPipe;", "Pipe returnPipe; Pipe returnPipe;", "DTSL209", "returnPipe", "line 8"),
    ('"ISO 50001" = true', '"owned_by" = true', "DTSL140", '"owned_by"', "leave one"),
    ("!(flowMeter.flowRate", "!(flowRate", "DTSL210", "flowRate", "'dutyPump.flowRate'"),
    ("bypassValve.position =", "position =", "DTSL210", "position", "'bypassValve.position'"),
    ("    returnPipe = Pipe556;\n", "", "DTSL211", "SouthLoop", "'returnPipe = <a Pipe>;'"),
    ("= Pipe556", "= Valve235", "DTSL212", "Valve235", "Pipe456"),
    ('alert(info, "Low")', "alert(info)", "DTSL214", "alert(info)", "alert(warning"),
    ("flowMeter.flowRate > 12.5", 'flowMeter.flowRate > "high"', "DTSL301", 'flowMeter.flowRate > "high"', "one kind"),
    ('dutyPump.status == "running"', "dutyPump.status == 1", "DTSL301", "dutyPump.status == 1", "one kind"),
    ('dutyPump.status == "running"', 'dutyPump.status == "runing"', "DTSL302", '"runing"', "'running'"),
    ('schedule("eco"', 'schedule("echo"', "DTSL302", '"echo"', "'eco'"),
    ('dutyPump.status == "running"', "dutyPump.speed", "DTSL303", "dutyPump.speed", "> 0"),
    ("flowMeter.flowRate * 2", "dutyPump.status * 2", "DTSL304", "dutyPump.status", ""),
    ('dutyPump.status == "running"', 'dutyPump.status >= "off"', "DTSL305", 'dutyPump.status >= "off"', "'=='"),
    ("standbyPump.setSpeed(1450)", "standbyPump.setSpeed()", "DTSL306", "standbyPump.setSpeed()", "setSpeed(speed)"),
    ("standbyPump.start()", "standbyPump.start(1)", "DTSL306", "standbyPump.start(1)", "'start()'"),
    ("setSpeed(1450)", 'setSpeed("fast")', "DTSL307", '"fast"', ""),
    ("setSpeed(1450)", "setSpeed(true)", "DTSL307", "true", ""),
    ("setSpeed(1450)", "setSpeed([1450])", "DTSL307", "[1450]", ""),
    ('("eco", 3)', '("eco", 3.5)', "DTSL307", "3.5", ""),
    ("setSpeed(1450)", "setSpeed(-1)", "DTSL308", "-1", "at least 0.0"),
    ("position = 35", "position = 101", "DTSL308", "101", "at most 100.0 %"),
    ("bypassValve.position = 35", "standbyPump.temperature = 35", "DTSL309", "temperature", "writable: label"),
    ("flowMeter.flowRate * 2", "flowMeter.flowRate / 0", "DTSL310", "flowMeter.flowRate / 0", ""),
    ("if standbyPump != null", "if standbyPump.remote", "DTSL311", "standbyPump.remote", "standbyPump != null"),
    ('dutyPump.status == "running"', 'dutyPump.password == "x"', "DTSL312", "dutyPump.password", ""),
    ('schedule("eco"', "schedule(eco", "DTSL316", "eco", '"eco"'),
    (
        'dutyPump.status == "running"',
        "dutyPump.status == bypassValve.status",
        "DTSL317",
        "dutyPump.status == bypassValve.status",
        "",
    ),
    ('dutyPump.status == "running"', 'dutyPump.servicedAt > "then"', "DTSL318", 'dutyPump.servicedAt > "then"', "2026"),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 12.5 bar", "DTSL341", "flowMeter.flowRate > 12.5 bar", "alike"),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 12.5 brr", "DTSL245", "12.5 brr", "'bar'"),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 12 m3/h", "DTSL245", "12 m3/h", '12 "m3/h"'),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 12.5 for 30", "DTSL131", "30", "'30s'"),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 12.5 for 5 min", "DTSL131", "5 min", "'5m'"),
    ("flowMeter.flowRate > 12.5", "age(flowMeter.flowRate) > 30", "DTSL340", "30", "'30s'"),
    ("flowMeter.flowRate > 12.5", "qality(flowMeter.flowRate) == 'bad'", "DTSL240", "qality", "'quality'"),
    ("flowMeter.flowRate > 12.5", "quality(flowMeter.flowRate) == 'bat'", "DTSL302", "'bat'", "'bad'"),
    ("flowMeter.flowRate > 12.5", "rate(flowMeter.flowRate) > 1", "DTSL135", "rate(flowMeter.flowRate)", "10s"),
    ("flowMeter.flowRate > 12.5", "!changed(dutyPump.status)", "DTSL343", "changed(dutyPump.status)", "&&"),
    ("flowMeter.flowRate > 12.5", "on dutyPump.triped(code)", "DTSL243", "triped", "'tripped'"),
    ("flowMeter.flowRate > 12.5", "every wekday at 06:00", "DTSL241", "wekday", "'weekday'"),
    ("flowMeter.flowRate > 12.5", 'every day at 06:00 "Europe/Pari"', "DTSL244", '"Europe/Pari"', "'Europe/Paris'"),
    ("flowMeter.flowRate > 12.5", "any(dutyPump.remote)", "DTSL345", "any(dutyPump.remote)", "role of many"),
    ("flowMeter.flowRate > 12.5", "flowMeter.flowRate > 125", "DTSL540", "125", "0.0 to 100.0 m3/h"),
    (
        "flowMeter.flowRate > 12.5",
        'dutyPump.status == "off"',
        "DTSL541",
        'dutyPump.status == "running" && dutyPump.status == "off"',
        "exclude",
    ),
    (" if standbyPump != null", "", "DTSL503", "standbyPump", "if standbyPump != null"),
    ("returnPipe = Pipe556", 'returnPipe = Pipe556; standbyPump = "P-101A"', "DTSL504", '"P-101A"', "of its own"),
    ("suction;", "suction if dutyPump != null;", "DTSL505", "dutyPump", "remove"),
]


def _under_the_carets(source: str, found: Diagnostic) -> str:
    lines = source.split("\n")[found.line - 1 : found.end_line]
    assert len(lines) == 1
    return lines[0][found.column - 1 : found.end_column - 1]


@pytest.mark.parametrize(("right", "wrong", "code", "place", "hint"), MISTAKES, ids=lambda item: str(item)[:30])
def test_a_mistake_is_found_where_it_is_and_alone(right: str, wrong: str, code: str, place: str, hint: str) -> None:
    assert right in GOOD
    source = GOOD.replace(right, wrong, 1)

    checked = check_script(source, catalogue())

    assert [found.code for found in checked.diagnostics] == [code]
    (found,) = checked.diagnostics
    assert _under_the_carets(source, found) == place
    assert hint in found.hint
    assert bool(checked.definitions) == (found.severity != "error")


def test_an_optional_role_needs_a_guard_wherever_it_stands() -> None:
    source = GOOD.replace("&& standbyPump != null\n", "\n")

    checked = check_script(source, catalogue())

    # the condition, and the two actions on it
    assert [(found.code, found.severity) for found in checked.diagnostics] == [
        ("DTSL501", "warning"),
        ("DTSL502", "warning"),
        ("DTSL502", "warning"),
    ]
    assert len(checked.definitions) == 2


def test_declarations_may_stand_in_any_order() -> None:
    overlay, _, instance = GOOD.partition("instance SouthLoop")

    checked = check_script("instance SouthLoop" + instance + overlay, catalogue())

    assert checked.diagnostics == ()
    assert len(checked.definitions) == 2


def test_what_could_not_be_read_is_not_called_unknown() -> None:
    source = GOOD.replace("FlowSensor flowMeter;", "FlowSensor flowMeter flow;").replace("= Valve334", "= = Valve334")

    checked = check_script(source, catalogue())

    assert [(found.code, found.line) for found in checked.diagnostics] == [("DTSL104", 9), ("DTSL104", 49)]


def test_a_limit_of_the_documents_form_is_a_diagnostic_too() -> None:
    many = GOOD.replace('alert(info, "Low");', 'alert(info, "Low");' * 101)

    checked = check_script(many, catalogue())

    assert [found.code for found in checked.diagnostics] == ["DTSL124"]
    assert "100" in checked.diagnostics[0].message


@pytest.mark.parametrize(
    "condition",
    [
        "any(pumps.hot)",
        "max(pumps.speed) > 9 && count(pumps) > 2",
        "avg(known pumps.speed) + sum(pumps.speed) > 1",
        "any(pumps.pair.speed > 1) || max(pump.line.speed) > 3",
        "spare != null && spare.speed > 1",
    ],
)
def test_nothing_is_said_of_roles_whose_type_has_a_fault_itself(condition: str) -> None:
    source = f"""twin type Odd {{ simulation {{ x = 1; }} }}
overlay Odds {{
  twins {{ Odd pump; Odd? spare; Odd[] pumps; }}
  relationships {{ pump -> spare as next if spare != null; }}
  behaviors {{ behavior b {{ when {{ {condition} }} }} }}
}}"""

    assert [found.line for found in check_script(source, catalogue()).diagnostics] == [1]


def test_a_role_of_many_may_have_a_twin_of_another_role() -> None:
    source = """overlay Group { twins { CentrifugalPump lead; CentrifugalPump[] pumps; } }
instance GroupA of Group { twins { lead = Pump123; pumps = [Pump123, "P-101A"]; } }"""

    assert check_script(source, catalogue()).diagnostics == ()
