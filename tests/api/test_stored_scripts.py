"""Scripts that are kept, over GraphQL: stored in revisions, told what is wrong with them, executed by their id."""

import pytest

from tests.api.client import ask, refused
from tests.api.plant import Plant

SAVE = """mutation($input: SaveDtslScriptInput!) { saveDtslScript(input: $input) {
  changed dryRun diagnostics { code rendered }
  script { scriptId source revision createdBy updatedBy } } }"""
DELETE = """mutation($input: DeleteDtslScriptInput!) { deleteDtslScript(input: $input) {
  dryRun script { scriptId revision } } }"""
READ = """query($id: ID!) { dtslScript(scriptId: $id) { scriptId source revision diagnostics { code }
  revisions { nodes { number author reason source } } } }"""
LIST = """query($first: Int, $after: String) { dtslScripts(first: $first, after: $after) {
  totalCount nodes { scriptId } pageInfo { hasNextPage endCursor } } }"""
EXECUTE = "mutation($input: ExecuteDtslInput!) { executeDtsl(input: $input) { created { id } dryRun } }"
FANS = "overlay Fans {\n  twins {\n    Pump mainFan;\n  }\n}\n"
LATER = FANS.replace("Pump", "Fan")


@pytest.fixture
def plant() -> Plant:
    return Plant()


async def test_a_script_is_kept_under_what_it_declares_and_read_back(plant: Plant) -> None:
    kept = (await ask(plant, SAVE, input={"source": FANS, "reason": "roof"}))["saveDtslScript"]
    assert kept["script"] == {
        "scriptId": "fans",
        "source": FANS,
        "revision": 1,
        "createdBy": "anonymous",
        "updatedBy": "anonymous",
    }
    assert (kept["changed"], kept["diagnostics"]) == (True, [])
    assert plant.catalogue.overlay_type("fans") is None

    again = (await ask(plant, SAVE, input={"source": FANS}))["saveDtslScript"]
    assert (again["changed"], again["script"]["revision"]) == (False, 1)
    other = await refused(plant, SAVE, input={"source": LATER})
    assert other["extensions"]["code"] == "ALREADY_EXISTS"
    found = (await ask(plant, READ, id="fans"))["dtslScript"]
    assert found["revisions"]["nodes"] == [{"number": 1, "author": "anonymous", "reason": "roof", "source": FANS}]


async def test_names_that_are_not_there_yet_are_told_and_kept(plant: Plant) -> None:
    kept = (await ask(plant, SAVE, input={"source": LATER, "scriptId": "roof.dtsl"}))["saveDtslScript"]
    assert kept["script"]["scriptId"] == "roof.dtsl"
    [wrong] = kept["diagnostics"]
    assert wrong["code"] == "DTSL201"
    assert wrong["rendered"].startswith("roof.dtsl:3:5: ")
    error = await refused(plant, EXECUTE, input={"script": {"scriptId": "roof.dtsl"}})
    assert error["extensions"]["code"] == "DTSL_INVALID"


async def test_a_script_by_its_id_is_replaced_at_the_revision_that_was_read(plant: Plant) -> None:
    await ask(plant, SAVE, input={"source": FANS})
    moved = {"source": LATER, "scriptId": "fans", "expectedRevision": 7}
    assert (await refused(plant, SAVE, input=moved))["extensions"]["code"] == "REVISION_MOVED"
    tried = (await ask(plant, SAVE, input={"source": LATER, "scriptId": "fans", "dryRun": True}))["saveDtslScript"]
    assert (tried["changed"], tried["script"]["revision"], tried["dryRun"]) == (True, 2, True)
    assert (await ask(plant, READ, id="fans"))["dtslScript"]["source"] == FANS
    kept = await ask(plant, SAVE, input={**moved, "expectedRevision": 1})
    assert kept["saveDtslScript"]["script"]["revision"] == 2


async def test_a_kept_script_is_executed_and_outlives_its_own_text(plant: Plant) -> None:
    await ask(plant, SAVE, input={"source": FANS})
    done = (await ask(plant, EXECUTE, input={"script": {"scriptId": "fans"}}))["executeDtsl"]
    assert done == {"created": [{"id": "fans"}], "dryRun": False}
    gone = (await ask(plant, DELETE, input={"scriptId": "fans", "dryRun": True}))["deleteDtslScript"]
    assert gone == {"dryRun": True, "script": {"scriptId": "fans", "revision": 1}}
    await ask(plant, DELETE, input={"scriptId": "fans"})
    assert (await ask(plant, READ, id="fans"))["dtslScript"] is None
    assert plant.catalogue.overlay_type("fans") is not None


async def test_scripts_are_listed_page_by_page(plant: Plant) -> None:
    for name in ("c", "a", "b"):
        await ask(plant, SAVE, input={"source": FANS, "scriptId": name})
    page = (await ask(plant, LIST, first=2))["dtslScripts"]
    assert [item["scriptId"] for item in page["nodes"]] == ["a", "b"]
    assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
    rest = (await ask(plant, LIST, after=page["pageInfo"]["endCursor"]))["dtslScripts"]
    assert [item["scriptId"] for item in rest["nodes"]] == ["c"]
    for wrong, code in (({"first": 101}, "PAGE_SIZE_INVALID"), ({"after": "x"}, "CURSOR_INVALID")):
        assert (await refused(plant, LIST, **wrong))["extensions"]["code"] == code


@pytest.mark.parametrize(
    ("query", "input", "code"),
    [
        (SAVE, {"source": "overlay Fans {"}, "DTSL_INVALID"),
        (SAVE, {"source": "// nothing\n"}, "SCRIPT_EMPTY"),
        (SAVE, {"source": FANS, "scriptId": "a b"}, "BAD_IDENTIFIER"),
        (DELETE, {"scriptId": "fan"}, "SCRIPT_NOT_FOUND"),
        (EXECUTE, {"script": {"scriptId": "fan"}}, "SCRIPT_NOT_FOUND"),
        (EXECUTE, {"script": {}}, "GRAPHQL_VALIDATION_FAILED"),
        (EXECUTE, {"script": {"source": FANS, "scriptId": "fan"}}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_what_can_not_be_done_says_why(plant: Plant, query: str, input: dict[str, object], code: str) -> None:
    await ask(plant, SAVE, input={"source": FANS})
    error = await refused(plant, query, input=input)
    assert error["extensions"]["code"] == code
    if code == "SCRIPT_NOT_FOUND":
        assert error["extensions"]["hint"] == "did you mean 'fans'?"
