"""The identifier rule and its two written forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.model.names import has_unquoted_form, is_identifier, to_camel, to_pascal, to_snake

SNAKE = st.from_regex(r"[a-z]+(_([a-z]+|[0-9]+)){0,4}", fullmatch=True)


@pytest.mark.parametrize(
    ("snake", "pascal", "camel"),
    [
        ("pump_123", "Pump123", "pump123"),
        ("flow_rate", "FlowRate", "flowRate"),
        ("building_a_pumping_system", "BuildingAPumpingSystem", "buildingAPumpingSystem"),
        ("backup_pump", "BackupPump", "backupPump"),
    ],
)
def test_the_specifications_names_map_both_ways(snake: str, pascal: str, camel: str) -> None:
    assert (to_pascal(snake), to_camel(snake)) == (pascal, camel)
    assert to_snake(pascal) == to_snake(camel) == snake


@given(SNAKE)
def test_an_unquoted_form_always_reads_back_as_the_same_id(name: str) -> None:
    if has_unquoted_form(name):
        assert to_snake(to_pascal(name)) == to_snake(to_camel(name)) == name


@pytest.mark.parametrize("name", ["pump1", "P-101A", "FIC-1201.PV", "a__b", "Pump", "pump_1_2", "1_pump", "_x"])
def test_an_id_that_would_not_read_back_has_no_unquoted_form(name: str) -> None:
    assert not has_unquoted_form(name)


def test_pump1_unquoted_means_pump_1() -> None:
    assert to_snake("Pump1") == "pump_1"


@pytest.mark.parametrize("name", ["P-101A", "FIC-1201.PV", "a:b", "x" * 128])
def test_real_plants_names_are_identifiers(name: str) -> None:
    assert is_identifier(name)


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "a/b", "a\n", "ä", "a'b"])
def test_other_text_is_no_identifier(name: str) -> None:
    assert not is_identifier(name)
