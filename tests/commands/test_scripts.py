"""DTSL scripts change the world like documents do, or tell all their errors by place."""

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
    return house, ScriptCommands(house.definitions)


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


async def test_an_empty_script_changes_nothing() -> None:
    house, scripts = await _standing()
    result = await scripts.execute("// nothing\n", ANN)
    assert not result.saved.created
    assert len(house.store.changes) == 1
