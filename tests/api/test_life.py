"""The later life of definitions over GraphQL: update, revert, dry runs, deletion with bonds, conflicts."""

from typing import Any

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

UPDATE = """mutation($id: ID!, $patch: JSON!, $revision: Int, $dry: Boolean! = false) {
  updateTwin(input: {twinId: $id, patch: $patch, expectedRevision: $revision, dryRun: $dry, reason: "why"}) {
    result dryRun twin { document revision } warnings { code path hint } breaks { code }
    changes { op where after } } }"""
REVERT = """mutation($id: ID!, $to: Int!) { revertTwin(input: {twinId: $id, toRevision: $to}) {
    result twin { document revision } } }"""
DELETE = """mutation($id: ID!, $cascade: DeleteCascade, $dry: Boolean! = false) {
  deleteTwin(input: {twinId: $id, cascade: $cascade, dryRun: $dry}) {
    dryRun definition { id } updated { kind id } breaks { code }
    changes { definition { id } changes { op where } } } }"""
PUMP = {"twin_id": "pump_124", "twin_type": "pump"}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    return plant


async def test_an_update_merges_and_gives_back_the_twin_as_it_is_now(plant: Plant) -> None:
    patch = {"metadata": {"a": 1}, "properties": [{"name": "sped", "remove": True}]}
    found = (await ask(plant, UPDATE, id="pump_124", patch=patch))["updateTwin"]
    assert found["result"] == "UPDATED"
    assert found["twin"] == {"document": PUMP | {"metadata": {"a": 1}}, "revision": 2}
    assert found["warnings"] == [{"code": "NOTHING_TO_REMOVE", "path": "/properties/0", "hint": ""}]
    assert (found["dryRun"], found["breaks"], found["changes"]) == (False, [], [])
    assert plant.store.changes[-1].reason == "why"


async def test_a_dry_run_shows_the_changes_and_saves_nothing(plant: Plant) -> None:
    found = (await ask(plant, UPDATE, id="pump_124", patch={"model": "x"}, dry=True))["updateTwin"]
    assert (found["result"], found["dryRun"], found["twin"]["revision"]) == ("UPDATED", True, 1)
    assert found["changes"] == [{"op": "ADD", "where": "/model", "after": "x"}]
    create = """mutation { saveTwin(input: {dryRun: true, document: {twin_id: "p9", twin_type: "pump"}}) {
      result twin { twinId } changes { op where } } }"""
    assert (await ask(plant, create))["saveTwin"] == {
        "result": "CREATED",
        "twin": None,
        "changes": [{"op": "ADD", "where": ""}],
    }
    several = """mutation($d: JSON!) { saveDefinitions(input: {dryRun: true, documents: [{kind: TWIN, document: $d}]}) {
      dryRun updated { id } changes { definition { id } changes { where } } } }"""
    assert (await ask(plant, several, d=PUMP | {"model": "y"}))["saveDefinitions"] == {
        "dryRun": True,
        "updated": [{"id": "pump_124"}],
        "changes": [{"definition": {"id": "pump_124"}, "changes": [{"where": "/model"}]}],
    }
    script = """mutation($s: String!) { executeDtsl(input: {script: {source: $s}, dryRun: true}) {
      dryRun created { id } } }"""
    source = "overlay Attic { twins { Pump mainPump; } }"
    assert (await ask(plant, script, s=source))["executeDtsl"] == {"dryRun": True, "created": [{"id": "attic"}]}
    assert plant.store.changes == []
    assert plant.catalogue.get("twin", "p9") is None


async def test_a_dry_run_tells_what_a_type_change_would_break(plant: Plant) -> None:
    query = """mutation { updateOverlayType(input: {typeId: "pumping", dryRun: true,
      patch: {twin_roles: [{role: "third", twin_type: "pump"}]}}) { result breaks { code message } } }"""
    found = (await ask(plant, query))["updateOverlayType"]
    assert found["result"] == "UPDATED"
    assert any("overlay 'cellar' would break" in item["message"] for item in found["breaks"])
    assert (await refused(plant, query.replace("dryRun: true,", "")))["extensions"]["code"] == "BREAKS_DEPENDENTS"


async def test_every_kind_is_updated_and_reverted(plant: Plant) -> None:
    for name, key, id in (
        ("TwinType", "typeId", "valve"),
        ("Twin", "twinId", "valve_234"),
        ("OverlayType", "typeId", "pumping"),
        ("Overlay", "overlayId", "cellar"),
    ):
        field = name[0].lower() + name[1:]
        before = (await ask(plant, f'{{ {field}({key}: "{id}") {{ document }} }}'))[field]
        update = f'mutation {{ update{name}(input: {{{key}: "{id}", patch: {{description: "d"}}}}) {{ result }} }}'
        assert (await ask(plant, update))[f"update{name}"]["result"] == "UPDATED"
        revert = f'mutation {{ revert{name}(input: {{{key}: "{id}", toRevision: 1}}) {{ {field} {{ document }} }} }}'
        assert (await ask(plant, revert))[f"revert{name}"][field] == before


async def test_a_deleted_twin_is_brought_back_by_a_revert(plant: Plant) -> None:
    await ask(plant, DELETE, id="pump_124")
    found = (await ask(plant, REVERT, id="pump_124", to=1))["revertTwin"]
    assert found == {"result": "CREATED", "twin": {"document": PUMP, "revision": 3}}
    assert (await refused(plant, REVERT, id="pump_124", to=2))["extensions"]["code"] == "REVISION_IS_DELETION"
    assert (await refused(plant, REVERT, id="pump_124", to=99))["extensions"]["code"] == "REVISION_NOT_FOUND"


async def test_a_conflict_names_both_revisions_and_the_fields(plant: Plant) -> None:
    await ask(plant, UPDATE, id="pump_124", patch={"model": "x"})
    error = await refused(plant, UPDATE, id="pump_124", patch={"model": "y"}, revision=1)
    assert error["extensions"]["code"] == "REVISION_MOVED"
    assert "at revision 2, not 1: /model changed since" in error["message"]
    assert [item["path"] for item in error["extensions"]["problems"]] == ["/model"]


async def test_a_twin_that_others_can_do_without_is_deleted_with_its_bonds(plant: Plant) -> None:
    backup: Any = {"twins": [{"role": "backup", "twin_id": "pump_124"}]}
    bind = 'mutation($p: JSON!) { updateOverlay(input: {overlayId: "cellar", patch: $p}) { result } }'
    await ask(plant, bind, p=backup)
    assert (await refused(plant, DELETE, id="pump_124"))["extensions"]["code"] == "IN_USE"
    tried = (await ask(plant, DELETE, id="pump_124", dry=True))["deleteTwin"]
    assert (tried["dryRun"], tried["breaks"]) == (True, [{"code": "IN_USE"}])
    found = (await ask(plant, DELETE, id="pump_124", cascade="UNBIND"))["deleteTwin"]
    assert found["updated"] == [{"kind": "OVERLAY", "id": "cellar"}]
    error = await refused(plant, DELETE, id="pump_123", cascade="UNBIND")
    assert [item["code"] for item in error["extensions"]["problems"]] == ["REQUIRED_ROLE"]


@pytest.mark.parametrize(("patch", "code"), [([], "DOCUMENT_INVALID"), ({"twin_id": "x"}, "DOCUMENT_INVALID")])
async def test_a_patch_of_the_wrong_form_is_refused(plant: Plant, patch: Any, code: str) -> None:
    assert (await refused(plant, UPDATE, id="pump_124", patch=patch))["extensions"]["code"] == code
    assert (await refused(plant, UPDATE, id="nobody", patch={}))["extensions"]["code"] == "TWIN_NOT_FOUND"
