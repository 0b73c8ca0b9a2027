"""Interlocks and limits in scripts: what they mean as documents, the way back, and what is said of wrong ones."""

from typing import Any

import pytest

from app.commands.check_scripts import check_script
from app.dtsl.ast import Script
from app.dtsl.format_script import format_script
from app.dtsl.parse import parse_script
from app.dtsl.raise_definitions import raised
from app.model.catalogue import Catalogue
from app.model.definitions import Overlay, OverlayType, Twin, TwinType, to_document
from tests.dtsl.plant import catalogue

PUMP = """twin type Mixer {
  properties {
    float load;
    float speed writable;
  }

  methods {
    stop() safe;
    start() interval 5s limit 6 per 1h;
  }

  interlocks {
    /// It would burn.
    never call start while load > 80.0 as overload;
    never write speed while load > 90.0 && speed > 10.0 as fast;
  }
}
"""
STATION = """overlay Mixing {
  twins {
    CentrifugalPump pump;
    CentrifugalPump[] spares;
  }

  interlocks {
    never call pump.start while pump.temperature > 80.0 as hot;
    never call spares.start while pump.status == "running" as one;
  }
}
"""


def document(source: str, world: Catalogue | None = None) -> dict[str, Any]:
    checked = check_script(source, world or catalogue())
    assert [item.render(source) for item in checked.diagnostics] == []
    (made,) = checked.definitions
    return to_document(made)


def test_a_script_s_interlocks_and_limits_mean_a_document_s() -> None:
    found = document(PUMP)
    assert found["interlocks"] == [
        {"description": "It would burn.", "method": "start", "while": "load > 80.0", "name": "overload"},
        {"property": "speed", "while": "load > 90.0 && speed > 10.0", "name": "fast"},
    ]
    assert found["methods"] == [
        {"name": "stop", "parameters": [], "safe": True},
        {"name": "start", "parameters": [], "min_interval": 5.0, "rate_limit": {"calls": 6, "per": 3600.0}},
    ]


def test_an_overlay_s_say_before_whose_role_they_stand() -> None:
    assert document(STATION)["interlocks"] == [
        {"role": "pump", "method": "start", "while": "pump.temperature > 80.0", "name": "hot"},
        {"role": "spares", "method": "start", "while": "pump.status == 'running'", "name": "one"},
    ]


@pytest.mark.parametrize("source", [PUMP, STATION])
def test_what_is_canonical_is_written_as_it_was(source: str) -> None:
    formatted = format_script(parse_script(source)[0])
    assert formatted == source


DOCUMENTS = [
    TwinType.model_validate(
        {
            "type_id": "mixer",
            "methods": [{"name": "start", "safe": False, "min_interval": 2, "rate_limit": {"calls": 1, "per": 60}}],
            "interlocks": [
                {"name": "a", "method": "start", "while": "load > 1", "role": None},
                {"name": "while", "property": "never", "while": "call.x == 'as'"},
            ],
        }
    ),
    Twin.model_validate(
        {"twin_id": "m", "twin_type": "mixer", "interlocks": [{"name": "a", "method": "start", "while": "load > 1"}]}
    ),
    OverlayType.model_validate(
        {
            "type_id": "o",
            "twin_roles": [{"role": "p", "twin_type": "centrifugal_pump"}],
            "interlocks": [{"name": "a", "role": "p", "method": "start", "while": "!p.on || p.level between 1 and 2"}],
        }
    ),
    Overlay.model_validate(
        {
            "overlay_id": "here",
            "twins": [{"role": "p", "twin_id": "pump_123"}],
            "interlocks": [
                {"name": "a", "twin_id": "pump_123", "method": "start", "while": "p.on"},
                {"name": "b", "role": "inner.p", "property": "speed", "while": "inner.p.on"},
            ],
        }
    ),
]


@pytest.mark.parametrize("definition", DOCUMENTS, ids=lambda item: type(item).__name__)
def test_a_document_s_interlocks_come_back_from_a_script_as_they_were(definition: Any) -> None:
    text = format_script(Script((raised(definition),)))
    (parsed,) = [parse_script(text)[0].declarations]
    again = raised(definition)
    assert [item.document.get("interlocks") for item in parsed] == [again.document.get("interlocks")]
    assert [item.document.get("methods") for item in parsed] == [again.document.get("methods")]


@pytest.mark.parametrize(
    ("line", "code", "marked", "hint"),
    [
        ("never call pump.strat while pump.speed > 1.0 as x;", "DTSL206", "strat", "did you mean 'start'?"),
        ("never call pmp.start while pump.speed > 1.0 as x;", "DTSL204", "pmp", "did you mean 'pump'?"),
        ("never call pump.start while pump.sped > 1.0 as x;", "DTSL205", "sped", "did you mean 'speed'?"),
        ("never call start while pump.speed > 1.0 as x;", "DTSL339", "never", "write the role before it"),
        ("never call pump.start while changed(pump.speed) as x;", "DTSL339", "changed", "let a behavior set"),
        (
            "never call pump.start while pump.speed > 1.0 && pump.speed < 0.5 as x;",
            "DTSL512",
            "pump.speed",
            "see which",
        ),
        ("never call pump.start while 1 > 0 as x;", "DTSL512", "1 > 0", "name what must be so"),
        ("never call pump.start while pump.speed > 1.0;", "DTSL104", ";", ""),
    ],
)
def test_a_wrong_one_is_told_where_it_is_wrong(line: str, code: str, marked: str, hint: str) -> None:
    source = "overlay O {\n  twins { CentrifugalPump pump; }\n  interlocks { " + line + " }\n}\n"
    found = [item for item in check_script(source, catalogue()).diagnostics if item.code == code]
    assert found, [item.render(source) for item in check_script(source, catalogue()).diagnostics]
    assert source.split("\n")[found[0].line - 1][found[0].column - 1 :].startswith(marked)
    assert hint in found[0].hint


def test_two_of_one_name_are_told() -> None:
    doubled = STATION.replace("as one;", "as hot;")
    assert "DTSL209" in [item.code for item in check_script(doubled, catalogue()).diagnostics]


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        ("5", {"DTSL152"}),
        ("[5]", {"DTSL152"}),
        ('[{ name = "x"; method = "start"; while = "load >"; }]', {"DTSL104"}),
        ('[{ name = "x"; method = "start"; while = "lod > 5.0"; }]', {"DTSL205"}),
    ],
)
def test_what_is_written_out_in_a_with_is_checked_as_a_document_is(written: str, codes: set[str]) -> None:
    head, _, _ = PUMP.partition("  interlocks {")
    source = head + "  with { interlocks = " + written + "; }\n}\n"
    assert {item.code for item in check_script(source, catalogue()).diagnostics} == codes
