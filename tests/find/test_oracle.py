"""Any filter, any order and any way of paging agree with trying every twin and sorting what matches."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.find.query import (
    Box,
    Membership,
    MemberTest,
    Order,
    OverlayFilter,
    Place,
    PropertyTest,
    Related,
    TwinFilter,
    Window,
)
from app.model.definitions import Kind
from app.model.plan import OwnerKey
from tests.api.parts import NOON
from tests.find.plant import FAMILY, Plant

IDS = [f"t{number}" for number in range(8)]
OVERLAYS = ["o0", "o1", "o2"]
GOING = IDS[-2:]
STAYING = IDS[:-2]
TAGS = ["water", "hot", "old"]
WORDS = ["Acme", "acme CP", "cellar", "t1", "zz", "É", "ATE", "plant", "7"]
NAMES = {"device": ["temperature", "status"], "pump": ["temperature", "status", "starts"], "valve": ["open", "label"]}
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "temperature": st.sampled_from([0.0, 1.5, 80.0, 85.0, 90.0, -3.0]),
    "status": st.sampled_from(["off", "running", "fault"]),
    "starts": st.sampled_from([0, 1, 2, 2**60, 2**60 + 1]),
    "open": st.booleans(),
    "label": st.sampled_from(["a", "B", "é"]),
}
CARRIERS: list[tuple[Kind, dict[str, Any]]] = [
    *(
        (
            "twin",
            {
                "twin_id": f"carrier_{number}",
                "twin_type": "valve",
                "location": dict.fromkeys(("site", "building", "floor"), number),
                "metadata": {"tags": ["water", "hot", "old"]},
                "relationships": [
                    {"name": kind, "target_twin_id": "t0", "relationship_type": kind}
                    for kind in ("control", "monitoring")
                ],
            },
        )
        for number in ("1", "2")
    ),
    ("overlay", {"overlay_id": "carrier", "twins": [{"role": "third", "twin_id": "carrier_1"}]}),
]
NUMBERS = {"temperature", "starts"}
severities = st.sampled_from(["info", "warning", "critical"])
statuses = st.sampled_from(["connected", "disconnected", "unconfigured"])
ends = st.none() | st.sampled_from([0.0, 1.0, 2.0, 3.0])


@st.composite
def twin_documents(draw: st.DrawFn, twin_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {"twin_id": twin_id, "twin_type": draw(st.sampled_from(sorted(NAMES)))}
    document["description"] = draw(st.sampled_from(["", "In the CELLAR", "é at the top"]))
    if draw(st.booleans()):
        document["manufacturer"] = draw(st.sampled_from(["ACME", "Acme CP"]))
    if draw(st.booleans()):
        document["metadata"] = {"tags": draw(st.lists(st.sampled_from(TAGS), unique=True))}
    if draw(st.booleans()):
        document["location"] = {
            **{
                name: draw(st.sampled_from(["1", "2"])) for name in ("site", "building", "floor") if draw(st.booleans())
            },
            "coordinates": {axis: draw(st.sampled_from([0.0, 1.0, 2.5])) for axis in "xy" if draw(st.booleans())},
        }
    document["relationships"] = [
        {
            "name": f"r{number}",
            "target_twin_id": draw(st.sampled_from([*IDS, "nobody"])),
            "relationship_type": draw(st.sampled_from(["control", "monitoring"])),
            "direction": draw(st.sampled_from(["incoming", "outgoing"])),
        }
        for number in range(draw(st.integers(0, 2)))
    ]
    return document


@st.composite
def overlay_documents(draw: st.DrawFn, overlay_id: str) -> dict[str, Any]:
    roles = [role for role in ("first", "second", "third") if draw(st.booleans())]
    document: dict[str, Any] = {
        "overlay_id": overlay_id,
        "name": draw(st.sampled_from(["", "The Cellar"])),
        "twins": [{"role": role, "twin_id": draw(st.sampled_from(IDS))} for role in roles],
    }
    if draw(st.booleans()):
        document["overlay_type"] = "line"
    if draw(st.booleans()):
        document["relationships"] = [
            {
                "name": draw(st.sampled_from(["flow", "own"])),
                "source_twin_id": draw(st.sampled_from(IDS)),
                "target_twin_id": draw(st.sampled_from(IDS)),
                "relationship_type": "control",
            }
        ]
    return document


@st.composite
def plants(draw: st.DrawFn) -> Plant:
    """Saved in two goes, some twice, and a few deleted again: the indexes have to follow. CARRIERS have every word
    that a filter may use, so that none is refused as unknown."""
    plant = Plant()
    plant.save(*CARRIERS)
    for at, some in ((NOON, False), (NOON + 1, True)):
        twins = draw(st.lists(st.sampled_from(IDS), unique=True, max_size=8)) if some else IDS
        overlays = draw(st.lists(st.sampled_from(OVERLAYS), unique=True)) if some else OVERLAYS
        plant.save(*(("twin", draw(twin_documents(id))) for id in twins), at=at)
        plant.save(*(("overlay", draw(overlay_documents(id))) for id in overlays), at=at)
        plant.finder.twins(TwinFilter(), Order("updated"), Window(1))
        plant.finder.overlays(OverlayFilter(), Order("type"), Window(1))
    for id in draw(st.lists(st.sampled_from(GOING), unique=True)):
        plant.unbind(id, at=NOON + 1)
        plant.remove("twin", id)
    for id, document in plant.of("twin").items():
        for name in NAMES[document["twin_type"]]:
            match draw(st.sampled_from(["none", "good", "good", "uncertain", "bad"])):
                case "none":
                    pass
                case quality:
                    plant.report(id, name, draw(VALUES[name]), quality, quality != "bad")  # type: ignore[arg-type]
        plant.connect(id, draw(statuses))
        if draw(st.booleans()):
            plant.activate("twin", id, "hot")
    for id in plant.of("overlay"):
        if draw(st.booleans()):
            plant.activate("overlay", id, "blocked")
        if draw(st.booleans()):
            plant.alarm(draw(severities), draw(st.sampled_from(IDS)), owner=OwnerKey("overlay", id))
    return plant


@st.composite
def property_tests(draw: st.DrawFn) -> PropertyTest:
    name = draw(st.sampled_from(sorted(VALUES)))
    fields: dict[str, Any] = {}
    for bound in ("gt", "gte", "lt", "lte"):
        if name in NUMBERS and draw(st.integers(0, 3)) == 0:
            fields[bound] = draw(VALUES[name])
    if draw(st.integers(0, 2)) == 0:
        fields["eq"] = draw(VALUES[name])
    if draw(st.integers(0, 3)) == 0:
        fields["any_of"] = tuple(draw(st.lists(VALUES[name], min_size=1, max_size=2)))
    if draw(st.integers(0, 3)) == 0:
        fields["known"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        fields["quality"] = tuple(draw(st.lists(st.sampled_from(["good", "bad"]), min_size=1, unique=True)))
    return PropertyTest(name, **fields)


def sometimes(strategy: st.SearchStrategy[Any], otherwise: Any = None) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.just(otherwise)] * 5, strategy)


def _carried(types: tuple[str, ...], name: str) -> bool:
    """Whether asking for that property of these types is no mistake."""
    return not types or any(name in NAMES[below] for wanted in types for below in FAMILY[wanted])


some_severities = sometimes(st.lists(severities, min_size=1, unique=True).map(tuple), ())
twin_filters = st.builds(
    TwinFilter,
    types=sometimes(st.lists(st.sampled_from(sorted(NAMES)), unique=True, min_size=1).map(tuple), ()),
    tags=sometimes(st.lists(st.sampled_from(TAGS), unique=True, min_size=1).map(tuple), ()),
    location=sometimes(
        st.builds(
            Place,
            site=st.none() | st.sampled_from(["1", "2"]),
            floor=st.none() | st.sampled_from(["1", "2"]),
            within=st.none() | st.builds(Box, min_x=ends, max_x=ends, min_y=ends, max_y=ends),
        )
    ),
    text=sometimes(st.sampled_from(WORDS)),
    related_to=sometimes(
        st.builds(
            Related,
            st.sampled_from(STAYING),
            st.sampled_from(["incoming", "outgoing", "both"]),
            st.sampled_from([(), ("control",), ("physical_connection",)]),
        )
    ),
    member=sometimes(
        st.builds(Membership, st.none() | st.sampled_from(OVERLAYS), st.none() | st.sampled_from(["first", "third"]))
    ),
    connectivity=sometimes(st.lists(statuses, min_size=1, unique=True).map(tuple), ()),
    active_behavior=sometimes(st.just("hot")),
    alert_severity=some_severities,
    properties=st.lists(property_tests(), max_size=2).map(tuple),
).filter(lambda where: all(_carried(where.types, test.property) for test in where.properties))
overlay_filters = st.builds(
    OverlayFilter,
    types=sometimes(st.just(("line",)), ()),
    text=sometimes(st.sampled_from(WORDS)),
    members=st.lists(
        st.builds(
            MemberTest,
            st.none() | st.sampled_from(["first", "second", "third"]),
            st.none() | st.sampled_from(STAYING),
            st.none() | twin_filters,
        ),
        max_size=1,
    ).map(tuple),
    active_behavior=sometimes(st.just("blocked")),
    alert_severity=some_severities,
)
orders = st.builds(Order, st.sampled_from(["id", "type", "updated"]), descending=st.booleans())
by_property = st.builds(Order, st.just("property"), st.sampled_from(sorted(VALUES)), descending=st.booleans())
quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


@quick
@given(plants(), twin_filters, orders | by_property, st.integers(1, 5))
def test_twins_are_found_as_by_trying_each(plant: Plant, where: TwinFilter, order: Order, size: int) -> None:
    whole = plant.finder.twins(where, order, Window(100))
    expected = plant.twins(where, order)
    assert list(whole.ids) == expected
    assert whole.count() == len(expected)
    assert (whole.has_previous, whole.has_next) == (False, False)
    for backward in (False, True):
        assert _paged(plant.finder.twins, where, order, size, backward) == expected


@quick
@given(
    plants(),
    overlay_filters,
    orders | st.builds(Order, st.just("property"), st.just("temperature"), st.just("first"), st.booleans()),
    st.integers(1, 3),
)
def test_overlays_are_found_as_by_trying_each(plant: Plant, where: OverlayFilter, order: Order, size: int) -> None:
    whole = plant.finder.overlays(where, order, Window(100))
    expected = plant.overlays(where, order)
    assert list(whole.ids) == expected
    assert whole.count() == len(expected)
    for backward in (False, True):
        assert _paged(plant.finder.overlays, where, order, size, backward) == expected


def _paged(find: Any, where: Any, order: Order, size: int, backward: bool) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        window = Window(size, before=cursor, backward=True) if backward else Window(size, after=cursor)
        page = find(where, order, window)
        found = [*page.ids, *found] if backward else [*found, *page.ids]
        assert (page.has_next if backward else page.has_previous) is (cursor is not None)
        if not (page.has_previous if backward else page.has_next):
            return found
        cursor = page.cursors[0] if backward else page.cursors[-1]


def test_a_twin_that_is_gone_is_not_found_by_an_alert_that_names_it() -> None:
    plant = Plant()
    plant.save(*CARRIERS, *(("twin", {"twin_id": id, "twin_type": "pump"}) for id in ("stays", "gone")))
    plant.alarm("critical", "stays", "gone", owner=OwnerKey("overlay", "carrier"))
    plant.remove("twin", "gone")
    where = TwinFilter(alert_severity=("critical",))
    for by in ("id", "type", "updated"):
        found = plant.finder.twins(where, Order(by), Window(10))
        assert (found.ids, found.count()) == (("stays",), 1)
    assert plant.finder.all_twins(where) == {"stays"}
