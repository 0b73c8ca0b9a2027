"""What a save says of assets that are not there, and who stands in the way of deleting one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.assets.folder import AssetFolder
from app.commands.assets import AssetCommands, Expected, paths_below
from app.errors import Conflict, NotFound
from app.settings import AssetSettings
from tests.commands.ports import ANN, House
from tests.commands.station import pump_type, twin


async def content(data: bytes = b"x") -> AsyncIterator[bytes]:
    yield data


@pytest.fixture
async def house(tmp_path: Path) -> House:
    """With /models/pump.glb and /icons/pump.svg."""
    folder = AssetFolder(tmp_path / "assets", AssetSettings())
    for path in ("models/pump.glb", "icons/pump.svg"):
        await folder.save(path, content(), lambda _: None)
    return House(assets=folder)


def shown(**visualization: Any) -> dict[str, Any]:
    return pump_type(
        visualization={"model_3d": "/models/pump.glb", **visualization},
        simulation={"model_path": "/models/pump.glb"},
    )


async def test_assets_that_are_there_are_no_warning(house: House) -> None:
    saved = await house.save(("twin_type", shown(icon_2d="/assets/icons/pump.svg", web="https://cdn.example/x.glb")))
    assert saved.warnings == ()


async def test_assets_that_are_missing_are_named_with_their_place_and_a_suggestion(house: House) -> None:
    document = shown(scenes=[{"file/3d": "/models/pmp.glb"}], dashboard="/dashboards/none.json")
    document["simulation"]["model_path"] = "models/pump.fmu"
    saved = await house.save(("twin_type", document))
    assert {(item.code, item.path) for item in saved.warnings} == {
        ("ASSET_MISSING", "/visualization/scenes/0/file~13d"),
        ("ASSET_MISSING", "/visualization/dashboard"),
        ("ASSET_MISSING", "/simulation/model_path"),
    }
    hints = {item.path: item.hint for item in saved.warnings}
    assert hints["/visualization/scenes/0/file~13d"] == "did you mean '/models/pump.glb'?"
    assert hints["/visualization/dashboard"] == "PUT /api/v1/assets/dashboards/none.json uploads it"
    again = await house.definitions.update("twin_type", "pump", {"visualization": {"dashboard": "/no.json"}}, ANN)
    assert "/visualization/dashboard" in {item.path for item in again.warnings}


async def test_an_asset_that_many_documents_miss_is_told_once(house: House) -> None:
    await house.save(("twin_type", pump_type()))
    twins = [("twin", twin(f"p{number}", visualization={"icon": "/icons/no.svg"})) for number in range(300)]
    saved = await house.save(*twins)  # type: ignore[arg-type]
    [warning] = saved.warnings
    assert (warning.code, warning.path) == ("ASSET_MISSING", "/0/visualization/icon")
    assert warning.message == "twin 'p0': there is no asset '/icons/no.svg' (named in 300 places)"


async def test_very_many_missing_assets_are_counted(house: House) -> None:
    saved = await house.save(("twin_type", shown(list=[f"/m/{number}.glb" for number in range(150)])))
    assert len(saved.warnings) == 101
    assert saved.warnings[-1].message == "and 50 more assets are not there"


async def test_a_folder_that_can_not_be_read_stops_no_save(house: House, tmp_path: Path) -> None:
    gone = AssetFolder(tmp_path / "gone", AssetSettings())
    (tmp_path / "gone").rmdir()
    saved = await House(assets=gone).save(("twin_type", shown()))
    assert [item.code for item in saved.warnings] == ["ASSETS_UNAVAILABLE"]
    assert saved.created == (("twin_type", "pump"),)


async def test_an_asset_in_use_is_deleted_only_by_force(house: House) -> None:
    await house.save(("twin_type", shown()))
    commands = AssetCommands(house.assets, house.catalogue, house.inbox)
    tried = await commands.delete("models/pump.glb", ANN, Expected(), dry_run=True)
    assert [item.message for item in tried.users] == ["twin type 'pump' names it at /visualization/model_3d"]
    with pytest.raises(Conflict) as caught:
        await commands.delete("models/pump.glb", ANN, Expected())
    assert (caught.value.code, caught.value.problems) == ("ASSET_IN_USE", tried.users)
    deleted = await commands.delete("models/pump.glb", ANN, Expected(), force=True)
    assert (deleted.asset, deleted.users) == (tried.asset, tried.users)
    assert house.assets.find("models/pump.glb") is None
    with pytest.raises(NotFound) as missing:
        await commands.delete("icons/pmp.svg", ANN, Expected(), dry_run=True)
    assert missing.value.hint == "did you mean '/icons/pump.svg'?"
    assert (await commands.delete("icons/pump.svg", ANN, Expected())).users == ()


async def test_a_change_happens_only_on_what_was_expected(house: House) -> None:
    commands = AssetCommands(house.assets, house.catalogue, house.inbox)
    now = house.assets.find("icons/pump.svg")
    assert now is not None
    for path, expected in (
        ("icons/pump.svg", Expected(none_of=("*",))),
        ("icons/pump.svg", Expected(none_of=(now.etag,))),
        ("icons/pump.svg", Expected(one_of=('"other"',))),
        ("icons/none.svg", Expected(one_of=("*",))),
    ):
        with pytest.raises(Conflict) as caught:
            await commands.save(path, content(b"y"), ANN, expected)
        assert caught.value.code == "ASSET_CHANGED"
    asset, created = await commands.save("icons/pump.svg", content(b"y"), ANN, Expected(one_of=(now.etag,)))
    assert not created
    assert asset.etag != now.etag
    assert (await commands.save("icons/none.svg", content(), ANN, Expected(none_of=("*",))))[1]


def test_a_prefix_finds_what_begins_with_it(house: House) -> None:
    store = house.assets
    assert list(paths_below(store, "")) == ["icons/pump.svg", "models/pump.glb"]
    assert list(paths_below(store, "/icons")) == ["icons/pump.svg"]
    assert list(paths_below(store, "m")) == ["models/pump.glb"]
    assert list(paths_below(store, "z")) == list(paths_below(store, "j")) == []
