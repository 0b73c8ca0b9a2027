"""`twin-overlay test` as people type it: what is printed, what is written, and the exit codes."""

from pathlib import Path
from xml.etree import ElementTree

from typer.testing import CliRunner, Result

from app.__main__ import app

PLANT = """[
  {"type_id": "pump", "properties": [{"name": "temperature", "data_type": "float", "unit": "celsius"}]},
  {"twin_id": "pump_1", "twin_type": "pump"}
]"""
HOT = """overlay Watch {
  twins { Pump pump; }
  behaviors { behavior hot { when { pump.temperature > 80.0 } then { alert(critical, "hot"); } } }
}
instance Here of Watch { twins { pump = Pump1; } }
"""
GOOD = """use "plant.json"
use "hot.dtsl"
scenario "it tells"
  set Pump1.temperature = 90.0
  expect alert Here.hot critical "hot"
"""
BAD = """scenario "it is quiet"
  set Pump1.temperature = 90.0
  expect Here.hot inactive
scenario "a name is wrong"
  set Pmp1.temperature = 90.0
"""


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["test", *(str(argument) for argument in arguments)])


def _write(folder: Path, **scripts: str) -> None:
    (folder / "plant.json").write_text(PLANT, encoding="utf-8")
    (folder / "hot.dtsl").write_text(HOT, encoding="utf-8")
    for name, text in scripts.items():
        (folder / f"{name}.twins").write_text(text, encoding="utf-8")


def test_scenarios_that_hold_are_told_line_by_line(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD)
    result = _run(tmp_path)
    assert result.exit_code == 0
    assert "passed  it tells" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("1 passed in")


def test_a_failure_is_like_a_diff_with_the_values_at_the_moment(tmp_path: Path) -> None:
    _write(tmp_path, bad=GOOD + BAD)
    result = _run(tmp_path / "bad.twins")
    assert result.exit_code == 1
    told = f"""  FAILED  it is quiet
    {tmp_path}/bad.twins:8:3: at 0s: expect Here.hot inactive
      - Here.hot inactive
      + Here.hot active evidence true
      what it reads:
          Pump1.temperature = 90.0 good, reported 0s ago
      why: Behavior 'hot' of overlay 'here' is active since 2026-01-01 00:00:00.000 UTC, because its condition is true.
      in this step:
          Pump1.temperature = 90.0 good
          Here.hot inactive -> active, evidence true
          alert raised: Here.hot critical "hot" code 0 active unacknowledged

  ERROR   a name is wrong
    {tmp_path}/bad.twins:10:7: TWINS201 there is no twin 'Pmp1'
        set Pmp1.temperature = 90.0
            ^^^^
      did you mean 'Pump1'?

"""
    lines = [line.rsplit("  ", 1)[0] if line.endswith(" ms") else line for line in result.stdout.splitlines()]
    shown = "\n".join(line.split(" Temperature of")[0] for line in lines)
    assert told.rstrip("\n") in shown
    assert "1 passed, 1 failed, 1 error in" in result.stdout


def test_a_filter_picks_scenarios_by_name_and_file(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD, bad=GOOD + BAD)
    assert _run(tmp_path, "-k", "IT TELLS").stdout.splitlines()[-1].startswith("2 passed in")
    assert _run(tmp_path, "-k", "good.twins").stdout.splitlines()[-1].startswith("1 passed in")
    nothing = _run(tmp_path, "-k", "nowhere")
    assert (nothing.exit_code, nothing.stderr) == (1, "error: no scenario has 'nowhere' in its file or name\n")


def test_verbose_shows_the_timeline(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD + "at 1m30s\n  expect nothing\n")
    lines = _run(tmp_path, "-v").stdout.splitlines()
    assert "          0s  set Pump1.temperature = 90.0" in lines
    assert "          0s      Here.hot inactive -> active, evidence true" in lines
    assert "       1m30s  expect nothing" in lines


def test_the_results_are_written_as_junit_xml(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD, bad=GOOD + BAD, broken="scenario 'x\n\x00", hot=GOOD.replace("hot.dtsl", "no.dtsl"))
    report = tmp_path / "report.xml"
    result = _run(tmp_path, "--junit", report)
    assert result.exit_code == 1

    root = ElementTree.fromstring(report.read_text(encoding="utf-8"))  # our own
    assert root.tag == "testsuites"
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "6",
        "failures": "1",
        "errors": "3",
    }
    suites = {Path(suite.get("name") or "").name: suite for suite in root}
    assert {name: suite.get("tests") for name, suite in suites.items()} == {
        "bad.twins": "3",
        "broken.twins": "1",
        "good.twins": "1",
        "hot.twins": "1",
    }
    for suite in root:
        assert len(suite.findall("testcase")) == int(suite.get("tests") or "-1")
        assert len(suite.findall("testcase/failure")) == int(suite.get("failures") or "-1")
        assert len(suite.findall("testcase/error")) == int(suite.get("errors") or "-1")
        assert sum(float(case.get("time") or "-1") for case in suite) <= float(suite.get("time") or "-1") + 1e-3
    failure = suites["bad.twins"].find("testcase/failure")
    assert failure is not None
    assert failure.get("message") == "line 8: expect Here.hot inactive"
    assert "+ Here.hot active evidence true" in (failure.text or "")
    assert "no.dtsl" in (suites["hot.twins"].findtext("testcase/error") or "")


def test_a_report_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD)
    result = _run(tmp_path, "--junit", tmp_path / "nowhere" / "report.xml")
    assert result.exit_code == 2
    assert "No such file or directory" in result.stderr


def test_what_can_not_be_read_is_told_and_the_rest_is_run(tmp_path: Path) -> None:
    _write(tmp_path, good=GOOD)
    (tmp_path / "latin.twins").write_bytes(b'scenario "\xe9"')
    (tmp_path / "notes.txt").write_text("", encoding="utf-8")
    result = _run(tmp_path, tmp_path / "notes.txt", tmp_path / "missing.twins")
    assert result.exit_code == 1
    assert "1 passed, 3 errors in" in result.stdout
    assert "this is not UTF-8" in result.stdout
    assert "give .twins scripts, or a folder of these" in result.stdout


def test_every_fault_of_the_definitions_is_told_at_its_place(tmp_path: Path) -> None:
    inline = 'define json\n  [{"twin_id": "pump_2", "twin_type": "pomp"}]\nend\n'
    wrong = 'define\noverlay W { twins { Pmup pump; } }\nend\nscenario "x"\n  expect nothing\n'
    _write(tmp_path, bad='use "plant.json"\n' + inline + wrong)
    result = _run(tmp_path / "bad.twins")
    assert result.exit_code == 1
    assert f"{tmp_path}/bad.twins:6:21: DTSL201 unknown twin type 'Pmup'" in result.stdout
    assert f"{tmp_path}/bad.twins:3:39: UNKNOWN_TWIN_TYPE" in result.stdout
    assert "did you mean 'Pump'?" in result.stdout
    assert "0 passed, 1 error in" in result.stdout


def test_a_file_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    _write(tmp_path, good='use "."\n' + GOOD)
    result = _run(tmp_path / "good.twins")
    assert result.exit_code == 0


def test_an_edit_is_read_from_its_file_and_told_where_it_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "wrong.dtsl").write_text(HOT.replace("Pump pump", "Pmup pump"), encoding="utf-8")
    (tmp_path / "cooler.dtsl").write_text(HOT.replace("80.0", "95.0"), encoding="utf-8")
    _write(tmp_path, good=GOOD + 'edit "cooler.dtsl"\n  expect cleared Here.hot\n', bad=GOOD + 'edit "wrong.dtsl"\n')
    assert _run(tmp_path / "good.twins").exit_code == 0
    told = _run(tmp_path / "bad.twins").stdout
    assert f'{tmp_path}/bad.twins:6:1: at 0s: edit "wrong.dtsl"' in told
    assert f"+ {tmp_path}/wrong.dtsl:2:11: DTSL201 unknown twin type 'Pmup'" in told
    assert "+   overlay" not in told, "the line is shown from the file that it is in"
    assert "+     twins { Pmup pump; }" in told


def test_a_file_that_is_not_there_is_told_whatever_its_name(tmp_path: Path) -> None:
    for name in ("no.dtsl", "nowhere", "x" * 5000 + ".json", "y/" * 3000):
        _write(tmp_path, bad=f'use "{name}"\n' + GOOD)
        result = _run(tmp_path / "bad.twins")
        assert result.exit_code == 1
        assert f"{tmp_path}/bad.twins:1:5: FILE_UNREADABLE {tmp_path}/{name.rstrip('/')}: " in result.stdout
        assert result.exception is None or isinstance(result.exception, SystemExit)


def test_a_block_imports_scripts_that_stand_beside(tmp_path: Path) -> None:
    (tmp_path / "tank.dtsl").write_text("twin type Tank { properties { float level in m; } }", encoding="utf-8")
    block = 'define\nimport "{}";\ntwin Tank1 of Tank {{}}\nend\nscenario "x"\n  set Tank1.level = 6.0\n'
    expected = "  expect Tank1.level == 6.0\n"
    _write(tmp_path, good=block.format("tank.dtsl") + expected, bad=block.format("tnk.dtsl") + expected)
    assert _run(tmp_path / "good.twins").exit_code == 0
    told = _run(tmp_path / "bad.twins").stdout
    assert f"{tmp_path}/bad.twins:2:8: DTSL233 'tnk.dtsl' can't be imported" in told
    assert "FILE_UNREADABLE" not in told
