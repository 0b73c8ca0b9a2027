"""DTSL scripts change the world like documents do, or tell all their errors by place."""

import asyncio

import pytest

from app.commands.scripts import ScriptCommands
from app.errors import Invalid
from tests.commands.ports import ANN, House
from tests.commands.station import whole

SCRIPT = """
overlay Duo {
  twins { Pump main; Pump? spare; }
  relationships { main -> spare as handOver if spare != null; }
  behaviors {
    behavior failure {
      when { main.status == "fault" && spare != null && spare.status != "running" }
      then { alert(critical, "failed"); spare.start(); }
    }
  }
}
instance EastDuo of Duo { twins { main = "p1"; spare = "p2"; } }
"""


async def _standing() -> tuple[House, ScriptCommands]:
    house = House()
    await house.save(*whole())
    return house, ScriptCommands(house.definitions, house.scripts)


async def test_a_script_saves_what_it_declares_in_one_transaction() -> None:
    house, scripts = await _standing()
    result = await scripts.execute(SCRIPT, ANN)
    assert result.saved.created == (("overlay_type", "duo"), ("overlay", "east_duo"))
    assert len(house.store.changes) == 2
    assert house.store.changes[-1].reason == "script script.dtsl"
    assert house.agrees()
    [overlay] = house.inbox.plans[-1].overlays
    assert overlay.bindings == {"main": "p1", "spare": "p2"}


async def test_a_script_executed_again_changes_nothing() -> None:
    house, scripts = await _standing()
    await scripts.execute(SCRIPT, ANN)
    result = await scripts.execute(SCRIPT, ANN)
    assert len(result.saved.unchanged) == 2
    assert len(house.store.changes) == 2


async def test_a_script_with_errors_saves_nothing_and_tells_all_of_them_by_place() -> None:
    house, scripts = await _standing()
    wrong = SCRIPT.replace("main.status", "mian.status").replace("spare.start()", "spare.strat()")
    with pytest.raises(Invalid) as caught:
        await scripts.execute(wrong, ANN, name="duo.dtsl")
    assert caught.value.code == "DTSL_INVALID"
    assert [item.path for item in caught.value.problems] == ["duo.dtsl:7:14", "duo.dtsl:8:47"]
    assert "did you mean 'main'?" in caught.value.problems[0].hint
    assert len(house.store.changes) == 1


async def test_definitions_that_change_while_a_script_is_checked_are_seen_everywhere_or_nowhere_in_it() -> None:
    house, scripts = await _standing()
    many = 60
    source = SCRIPT.partition("instance")[0] + "".join(
        f'instance Duo{number} of Duo {{ twins {{ main = "p9"; }} }}\n' for number in range(many)
    )
    checking = asyncio.create_task(scripts.check(source))
    changes = 0
    while not checking.done():
        await house.save(("twin", {"twin_id": "p9", "twin_type": "pump"}))
        await house.definitions.delete("twin", "p9", ANN)
        changes += 1
    unknown = [item for item in checking.result() if "p9" in item.message]
    assert changes > 1
    assert len(unknown) in (0, many)


async def test_an_empty_script_changes_nothing() -> None:
    house, scripts = await _standing()
    result = await scripts.execute("// nothing\n", ANN)
    assert not result.saved.created
    assert len(house.store.changes) == 1


# ---------------------------------------------------------------------------------------------------- imports

TYPES = 'import "edges.dtsl";\ntwin type Fan { properties { float speed in rpm; } }\n'
EDGES = 'import "types.dtsl"; // in a circle\nrelationship type cooling { impact forward; }\n'
ROOF = """import "types.dtsl";
twin Fan7 of Fan { relationships { this -> Fan8 as next : cooling; } }
twin Fan8 of Fan {}
"""


async def _keep(house: House, **texts: str) -> None:
    for name, text in texts.items():
        await house.scripts.save(f"{name}.dtsl", text, at=1, author="ann", reason="", expected=None)


async def test_what_is_imported_is_kept_here_and_goes_along_in_one_change() -> None:
    house, scripts = await _standing()
    await _keep(house, types=TYPES, edges=EDGES)
    result = await scripts.execute(ROOF, ANN)
    assert sorted(result.saved.created) == [
        ("relationship_type", "cooling"),
        ("twin", "fan_7"),
        ("twin", "fan_8"),
        ("twin_type", "fan"),
    ]
    assert len(house.store.changes) == 2
    assert len(await scripts.definitions(ROOF, name="plant/roof.dtsl")) == 4


async def test_a_script_may_be_nothing_but_its_imports() -> None:
    house, scripts = await _standing()
    await _keep(house, types=TYPES, edges=EDGES)
    assert len((await scripts.execute('import "types.dtsl"; import "edges.dtsl";', ANN)).saved.created) == 2


async def test_the_text_that_is_sent_stands_for_what_is_kept_under_its_name() -> None:
    house, scripts = await _standing()
    await _keep(house, types="twin type Old {}", edges=EDGES)
    result = await scripts.execute(TYPES, ANN, name="types.dtsl")
    assert sorted(id for _, id in result.saved.created) == ["cooling", "fan"]


@pytest.mark.parametrize(
    ("kept", "says", "hint"),
    [
        ({}, "no script is kept under this name", "keep it first, or write it into this text"),
        ({"roof": TYPES}, "no script is kept under this name", "scripts that are kept: roof.dtsl"),
        ({"type": TYPES}, "no script is kept under this name", "did you mean 'type.dtsl'?"),
        (
            {"types": "twin type Fan extends Fna {}\n"},
            "it has errors of its own (1); the first is at types.dtsl:1:23: DTSL201 unknown twin type 'Fna'",
            "",
        ),
        (
            {"types": 'import "edges.dtsl"; twin type Fan {}', "edges": "relationship type cooling { impact odd; }"},
            "it has errors of its own (1); the first is at edges.dtsl:1:36",
            "",
        ),
        (
            {"types": "twin type Fan {}" + " " * (1024 * 1024)},
            "with all that is imported this would be longer than a script may be",
            "",
        ),
    ],
)
async def test_an_import_that_does_not_work_says_why_where_it_stands(
    kept: dict[str, str], says: str, hint: str
) -> None:
    house, scripts = await _standing()
    await _keep(house, **kept)
    with pytest.raises(Invalid) as caught:
        await scripts.execute(ROOF, ANN)
    (found,) = (item for item in caught.value.problems if item.code == "DTSL233")
    assert found.path == "script.dtsl:1:8"
    assert says in found.message
    assert hint in found.hint
    assert len(house.store.changes) == 1
    assert house.catalogue.twin_type("fan") is None


async def test_who_declares_it_again_is_told_not_what_is_imported() -> None:
    house, scripts = await _standing()
    await _keep(house, types=TYPES, edges=EDGES)
    (found,) = await scripts.check(ROOF + "twin type Fan {}")
    assert (found.code, found.line, found.hint) == ("DTSL209", 4, "the first is at types.dtsl:2")
