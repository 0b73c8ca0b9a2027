"""`twin-overlay check` and `fmt` as people type them: what is printed, what is written, and the exit codes."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.__main__ import app
from app.bulk.kinds import KINDS, OF_KIND
from app.model.definitions import to_document
from tests.dtsl.corpus import CORPUS
from tests.dtsl.plant import catalogue

LOOP = (CORPUS / "cooling_loop" / "script.dtsl").read_text(encoding="utf-8")
FORMATTED = (CORPUS / "cooling_loop" / "formatted.dtsl").read_text(encoding="utf-8")


def _run(*arguments: str | Path, given: bytes | None = None) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments], input=given)


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A folder with the documents of the plant, as an export would write them."""
    folder = tmp_path / "plant"
    for (kind, id), stored in catalogue().stored.items():
        file = folder / OF_KIND[kind].folder / f"{id}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(to_document(stored.definition)), encoding="utf-8")
    assert {path.name for path in folder.iterdir()} < {item.folder for item in KINDS}
    return folder


# ---------------------------------------------------------------------------------------------------- check


def test_files_are_checked_against_each_other_in_any_order(plant: Path, tmp_path: Path) -> None:
    overlay, _, instance = LOOP.partition("instance SouthLoop")
    first, second = tmp_path / "a.dtsl", tmp_path / "b.dtsl"
    first.write_text("instance SouthLoop" + instance, encoding="utf-8")
    second.write_text(overlay, encoding="utf-8")
    bound = {"overlay_id": "north", "name": "North", "overlay_type": "cooling_loop", "twins": []}
    (plant / "overlay.json").write_text(json.dumps(bound), encoding="utf-8")

    result = _run("check", first, second, plant)

    # the document's overlay is of a type that only a script declares
    assert "ROLE_UNBOUND" in result.stdout
    assert str(plant / "overlay.json") in result.stdout
    assert "DTSL" not in result.stdout
    (plant / "overlay.json").unlink()
    result = _run("check", first, second, plant)
    assert (result.exit_code, result.stdout) == (0, f"no problems in {_count(plant) + 2} files\n")


def _count(folder: Path) -> int:
    return sum(1 for _ in folder.rglob("*.json"))


def test_every_problem_of_every_file_is_told_at_once(plant: Path, tmp_path: Path) -> None:
    script, document, broken = tmp_path / "a.dtsl", tmp_path / "b.json", tmp_path / "c.json"
    script.write_text(LOOP.replace("dutyPump.temperature", "dutyPump.temperatur"), encoding="utf-8")
    document.write_text('[\n{"twin_id": "x",\n "twin_type": "vavle"}]', encoding="utf-8")
    broken.write_text("{", encoding="utf-8")

    result = _run("check", script, document, broken, tmp_path / "gone.dtsl", plant)

    assert result.exit_code == 1
    (line,) = (line for line in script.read_text(encoding="utf-8").split("\n") if "temperatur " in line)
    column = line.index("temperatur ") + 1
    assert (
        f"{script}:26:{column}: DTSL205 unknown property 'temperatur' of 'dutyPump'\n"
        f"  {line}\n"
        f"  {' ' * (column - 1)}^^^^^^^^^^\n"
        "  did you mean 'temperature'?\n"
    ) in result.stdout
    assert (
        f"{document}:3:15: UNKNOWN_TWIN_TYPE there is no twin type 'vavle'\n"
        '   "twin_type": "vavle"}]\n'
        "                ^^^^^^^\n"
        "  did you mean 'valve'?\n"
    ) in result.stdout
    assert f"{broken}:1:2: JSON_INVALID" in result.stdout
    assert f"{tmp_path / 'gone.dtsl'}:1:1: FILE_UNREADABLE" in result.stdout
    assert result.stdout.endswith(f"\n\n4 errors in {_count(plant) + 4} files\n")


def test_warnings_alone_are_no_failure(plant: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.dtsl"
    script.write_text(LOOP.replace("&& standbyPump != null\n", "\n"), encoding="utf-8")

    result = _run("check", script, plant)

    assert result.exit_code == 0
    assert "DTSL501 warning: the optional role" in result.stdout
    assert result.stdout.endswith(f"3 warnings in {_count(plant) + 1} files\n")


def test_programs_get_ranges_and_replacements(plant: Path, tmp_path: Path) -> None:
    script = tmp_path / "a.dtsl"
    source = "\ufeff" + LOOP.replace('"running"', '"runing"', 1).replace("\n", "\r\n")
    script.write_text(source, encoding="utf-8", newline="")

    result = _run("check", "--format", "json", script, plant)

    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["files"], told["errors"], told["warnings"]) == (_count(plant) + 1, 1, 0)
    (found,) = told["diagnostics"]
    start, end = found["range"]["start"], found["range"]["end"]
    text = source[1:]
    assert text[start["offset"] : end["offset"]] == '"runing"'
    assert found["replacement"] == '"running"'
    mended = text[: start["offset"]] + found["replacement"] + text[end["offset"] :]
    assert mended.replace("\r\n", "\n") == LOOP
    lines = text.split("\n")
    assert lines[start["line"] - 1][start["column"] - 1 : end["column"] - 1] == '"runing"'
    assert (found["file"], found["code"], found["severity"]) == (str(script), "DTSL302", "error")


def test_a_declaration_that_another_script_has_already_is_told(tmp_path: Path) -> None:
    for name in ("a.dtsl", "b.dtsl"):
        (tmp_path / name).write_text("// first\noverlay X {}\n", encoding="utf-8")

    result = _run("check", tmp_path)

    assert f"{tmp_path / 'b.dtsl'}:2:9: DTSL209 overlay 'X' is declared twice" in result.stdout
    assert f"the first is at {tmp_path / 'a.dtsl'}:2" in result.stdout


def test_a_code_is_explained() -> None:
    result = _run("check", "--explain", "DTSL204")

    assert result.exit_code == 0
    assert result.stdout.startswith("DTSL204 An unknown role\n")


@pytest.mark.parametrize("arguments", [["check"], ["check", "--explain", "DTSL000"]])
def test_what_check_cannot_do_is_said(arguments: Sequence[str]) -> None:
    result = _run(*arguments)

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_imports_are_followed_in_one_folder_and_nowhere_else(tmp_path: Path) -> None:
    first, second = tmp_path / "pumps.dtsl", tmp_path / "types.dtsl"
    first.write_text('import "types.dtsl";\ntwin Pump1 of Pump {}\n', encoding="utf-8")
    second.write_text('import "pumps.dtsl"; // each other\ntwin type Pump {}\n', encoding="utf-8")

    assert _run("check", first).stdout == "no problems in 2 files\n"
    assert _run("check", second, first).stdout == "no problems in 2 files\n"

    inner = tmp_path / "below"
    inner.mkdir()
    for name, hint in (("type.dtsl", "did you mean 'types.dtsl'?"), ("below/a.dtsl", "not in this folder"), ("..", "")):
        first.write_text(f'import "{name}"; import "types.dtsl";\ntwin Pump1 of Pump {{}}\n', encoding="utf-8")
        result = _run("check", first)
        assert result.exit_code == 1
        assert f"{first}:1:8: DTSL233 '{name}' can't be imported" in result.stdout
        assert hint in result.stdout


# ---------------------------------------------------------------------------------------------------- fmt


def test_scripts_are_rewritten_in_place(tmp_path: Path) -> None:
    loop, done, other = tmp_path / "a.dtsl", tmp_path / "b.dtsl", tmp_path / "c.txt"
    loop.write_bytes(b"\xef\xbb\xbf" + LOOP.replace("\n", "\r\n").encode())
    done.write_text(FORMATTED, encoding="utf-8")
    other.write_text("overlay  X{}", encoding="utf-8")

    result = _run("fmt", tmp_path)

    assert (result.exit_code, result.stdout) == (0, f"reformatted {loop}\n")
    assert loop.read_bytes() == done.read_bytes() == FORMATTED.encode()
    assert other.read_text(encoding="utf-8") == "overlay  X{}"
    assert _run("fmt", tmp_path).stdout == ""


def test_checking_the_form_changes_nothing(tmp_path: Path) -> None:
    loop = tmp_path / "a.dtsl"
    loop.write_text(LOOP, encoding="utf-8")

    checked, shown = _run("fmt", "--check", tmp_path), _run("fmt", "--diff", tmp_path)

    assert (checked.exit_code, checked.stdout) == (1, f"would reformat {loop}\n")
    assert shown.exit_code == 0
    assert "\n-    behavior steady {\n" not in shown.stdout
    assert '\n-      when { dutyPump.status == "running" && flowMeter.flowRate > 12.5 }\n' in shown.stdout
    assert loop.read_text(encoding="utf-8") == LOOP
    loop.write_text(FORMATTED, encoding="utf-8")
    assert _run("fmt", "--check", tmp_path).exit_code == 0
    assert _run("fmt", "--diff", tmp_path).stdout == ""


def test_a_diff_shows_line_ends(tmp_path: Path) -> None:
    script = tmp_path / "a.dtsl"
    script.write_bytes(b"overlay X {}\r\n// end")

    assert _run("fmt", "--diff", script).stdout == (
        f"--- {script}\n+++ {script}\n@@ -1,2 +1,2 @@\n"
        "-overlay X {}\\r\n-// end\n\\ No newline at end of file\n+overlay X {}\n+// end\n"
    )


def test_standard_input_goes_to_standard_output() -> None:
    result = _run("fmt", "-", given=LOOP.encode())

    assert (result.exit_code, result.stdout) == (0, FORMATTED)
    assert _run("fmt", "--check", "-", given=LOOP.encode()).exit_code == 1
    assert _run("fmt", "--check", "-", given=FORMATTED.encode()).exit_code == 0
    assert _run("fmt", "--diff", "-", given=FORMATTED.encode()).stdout == ""


def test_a_script_that_cannot_be_read_is_left_alone_and_the_others_are_formatted(tmp_path: Path) -> None:
    broken, bytes_, fine = tmp_path / "a.dtsl", tmp_path / "b.dtsl", tmp_path / "c.dtsl"
    broken.write_text("overlay X {", encoding="utf-8")
    bytes_.write_bytes(b"\xff")
    fine.write_text("overlay  X{}", encoding="utf-8")

    result = _run("fmt", tmp_path)

    assert result.exit_code == 1
    assert f"{broken}:1:11: DTSL106" in result.stderr
    assert f"{bytes_}: FILE_UNREADABLE" in result.stderr
    assert broken.read_text(encoding="utf-8") == "overlay X {"
    assert fine.read_text(encoding="utf-8") == "overlay X {}\n"
    assert _run("fmt", "-", given=b"overlay X {").exit_code == 1
    assert _run("fmt", "-", given=b"\xff").exit_code == 1
