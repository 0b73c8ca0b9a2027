"""`impact` and `causes` of the command line, against a server with a live plant behind it."""

import json
from collections.abc import AsyncIterator

import pytest

from app.client import GraphqlClient
from app.errors import Invalid
from app.impact import causes, change_of, impact
from tests.api.client import serving
from tests.api.plant import Plant
from tests.api.pump_house import DOCUMENTS


@pytest.fixture
async def client() -> AsyncIterator[GraphqlClient]:
    """The second pump is silent, the first one hot."""
    plant = Plant()
    plant.save(*DOCUMENTS)
    plant.start()
    for twin_id in ("p1", "p2", "gauge_1"):
        plant.reach(twin_id)
    for name, value in (("flow", 10.0), ("heat", 95.0)):
        plant.hear("p1", name, value)
    plant.hear("gauge_1", "level", 3.0)
    plant.reach("p2", alive=False)
    async with serving(plant) as port, GraphqlClient(f"http://127.0.0.1:{port}") as client:
        yield client


async def test_an_outage_is_told_as_text(client: GraphqlClient) -> None:
    told = await impact(client, {"failure": ["p1"]}, without=[], max_depth=None, first=20, as_json=False)
    first, *rest = told.splitlines()
    assert first.startswith("1 lost, 1 degraded (at sequence ")
    assert rest == [
        "  LOST         p1: it fails; now alerting",
        "  DEGRADED     header: 1 of 2 left in 'physical_connection' (by p1 > header); p2 is disconnected, unknown",
        "overlays:",
        "  LOST         house: duty has nobody left",
        "  LOST         village: water has nobody left",
        "behaviors:",
        "  house/dry, critical: disarmed on p1",
        "  house/weak, error: blind",
        "  p1/hot, warning: wholly blind",
    ]


async def test_a_part_of_it_is_told_with_how_much_is_left_out(client: GraphqlClient) -> None:
    told = await impact(client, {"failure": ["panel"]}, without=["p2"], max_depth=2, first=1, as_json=False)
    assert told.splitlines()[:5] == [
        told.splitlines()[0],
        "already: 1 lost, 1 degraded",
        "further away than asked for: 2",
        "  LOST         p1: none of 1 is left in 'control'; none of 1 is left in 'power' (by panel > p1); now alerting",
        "  and 3 more twins",
    ]


async def test_causes_are_told_as_text_and_as_json(client: GraphqlClient) -> None:
    told = await causes(client, "j2", without=[], max_depth=None, as_json=False)
    assert told.splitlines()[1:] == [
        "  p1 (3 upstream): alerting; explains 1",
        "    warning: Hot",
        "  p2 (3 upstream): disconnected, unknown; explains 0",
    ]
    found = json.loads(await causes(client, "j2", without=[], max_depth=1, as_json=True))
    assert found["text"].startswith("nothing upstream of 'j2' has an active alert")
    with pytest.raises(Invalid) as error:
        await causes(client, "j22", without=[], max_depth=None, as_json=False)
    assert [problem.code for problem in error.value.problems] == ["TWIN_NOT_FOUND"]


def test_words_are_twins_or_values_and_never_both() -> None:
    assert change_of(["p1", "p2"], "maintenance") == {"maintenance": ["p1", "p2"]}
    values = [{"twinId": "p1", "property": "heat", "value": 95}, {"twinId": "p2", "property": "heat", "value": 20}]
    assert change_of(["p1.heat=95", "p2.heat=20"], "failure") == {"properties": values}
    with pytest.raises(Invalid):
        change_of(["p1", "p2.heat=20"], "failure")
