"""A deadband over the API: pushes are thinned; snapshots, queries and filters see the live value."""

from typing import Any

from tests.api.client import ask, connected
from tests.api.plant import Plant

WATCH = 'subscription { propertyChanged(twinIds: ["t1"]) { initial value { number } } }'
PROPERTIES = [{"name": "level", "data_type": "float", "deadband": 1.0, "stale_after": 30.0}]


async def report(plant: Plant, value: float) -> None:
    samples = f'[{{twinId: "t1", property: "level", value: {value}}}]'
    await ask(plant, f"mutation {{ reportSamples(input: {{samples: {samples}}}) {{ accepted }} }}")


def pushed(value: float, *, initial: bool = False) -> dict[str, Any]:
    return {"initial": initial, "value": {"number": value}}


async def test_a_deadband_thins_pushes_and_nothing_else() -> None:
    plant = Plant()
    plant.save(
        ("twin_type", {"type_id": "tank", "properties": PROPERTIES}), ("twin", {"twin_id": "t1", "twin_type": "tank"})
    )
    plant.start()
    await report(plant, 5.0)
    async with connected(plant) as socket:
        await socket.subscribe(WATCH)
        assert await socket.next("propertyChanged") == pushed(5.0, initial=True)
        await report(plant, 5.1)
        assert await socket.next("propertyChanged") == pushed(5.1)
        for value in (5.6, 6.1, 6.2):
            await report(plant, value)
        assert await socket.next("propertyChanged") == pushed(6.2)
        await report(plant, 6.9)
        await socket.subscribe(WATCH, id="2")
        assert await socket.next("propertyChanged") == pushed(6.9, initial=True)
    found = await ask(
        plant,
        '{ twins(where: {properties: {property: "level", gt: 6.8}}) { nodes { twinId } } '
        'twinType(typeId: "tank") { properties { deadband staleAfter } } }',
    )
    assert found["twins"]["nodes"] == [{"twinId": "t1"}]
    assert found["twinType"]["properties"] == [{"deadband": 1.0, "staleAfter": 30.0}]
