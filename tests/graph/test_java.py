"""What the embedded engine's Java is started with."""

from pathlib import Path

import pytest

from app.errors import Misconfigured
from app.graph.java import command
from app.settings import load_settings


def test_options_of_the_settings_come_behind_ours() -> None:
    options = load_settings(graph={"java_options": ["-XX:-UseSerialGC", "-XX:+UseParallelGC"]}).graph.java_options
    told = command(Path("package"), Path("data"), 7687, 512, None, options)
    ours = told.index("-XX:+UseSerialGC")
    assert [told.index(option) > ours for option in options] == [True, True]
    assert told.index(options[-1]) < told.index("-cp")


@pytest.mark.parametrize("option", ["-Xmx1g", "-cp", "-jar", "com.example.Main", "-Darcadedb.txWalFlush=0"])
def test_an_option_that_is_not_ones_to_give_is_refused(option: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_settings(graph={"java_options": [option]})
    [problem] = caught.value.problems
    assert (problem.code, option in problem.message) == ("SETTING_INVALID", True)


def test_a_variable_that_is_no_list_is_told_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_OVERLAY_GRAPH__JAVA_OPTIONS", "-Xint")
    with pytest.raises(Misconfigured, match="variable of the environment"):
        load_settings()
    monkeypatch.setenv("TWIN_OVERLAY_GRAPH__JAVA_OPTIONS", '["-Xint"]')
    assert load_settings().graph.java_options == ("-Xint",)
