"""A backup knows every label and every type of edge that any statement makes."""

import re

from app.graph.contents import KEYS, TYPES
from app.graph.statements import Statements

_LABEL = re.compile(r"\(\w*:(\w+)")
_TYPE = re.compile(r"\[\w*:([A-Z_|]+)")
_CONSTRAINT = re.compile(r"FOR \(n:(\w+)\) REQUIRE n\.(\w+) IS UNIQUE")


def test_every_label_and_type_of_the_statements_is_known() -> None:
    texts = [item.text for name, item in Statements.load().items() if not name.startswith("contents/")]
    labels = {label for text in texts for label in _LABEL.findall(text)}
    types = {name for text in texts for found in _TYPE.findall(text) for name in found.split("|")}
    assert labels - {"Migration"} == set(KEYS)
    assert types == TYPES


def test_every_label_is_found_by_the_key_that_its_constraint_has() -> None:
    texts = [item.text for name, item in Statements.load().items() if name.startswith("schema/")]
    keys = dict(found for text in texts for found in _CONSTRAINT.findall(text))
    assert {label: key for label, key in keys.items() if label != "Migration"} == KEYS


def test_the_key_of_an_end_is_the_first_of_those_that_the_statement_asks_for() -> None:
    text = Statements.load()["contents/edges"].text
    asked = re.findall(r"a\.(\w+)", text)
    assert set(asked) == set(KEYS.values())
    assert asked == re.findall(r"\bb\.(\w+)", text)
