"""Overlays in overlays, and roles that many fill: what may be bound, what names mean, and whom a change reaches."""

from typing import Any

import pytest

from app.commands.plan import changed_since, plan_for
from app.engine.engine import Engine
from app.errors import Conflict, Invalid, TwinOverlayError
from app.model.definitions import Kind
from app.model.events import Load, PathStatus, Reading, Sample, Samples, SourceStatus
from app.model.plan import BehaviorKey, CallPlan, OwnerKey
from tests.commands.ports import ANN, House
from tests.commands.station import station, twin, whole

Documents = list[tuple[Kind, dict[str, Any]]]


def site_type(**changes: Any) -> dict[str, Any]:
    """A site has a station, perhaps a second one, and any number of pumps on the shelf."""
    return {
        "type_id": "site",
        "twin_roles": [
            {"role": "intake", "overlay_type": "station"},
            {"role": "second", "overlay_type": "station", "required": False},
            {"role": "spares", "twin_type": "pump", "many": True},
            {"role": "gate", "twin_type": "valve", "required": False},
        ],
        "relationship_types": [
            {"name": "drains", "source_role": "intake.outlet", "target_role": "gate", "relationship_type": "control"},
            {"name": "shelved", "source_role": "spares", "target_role": "intake.main", "relationship_type": "control"},
        ],
        "behaviors": [
            {
                "name": "backs_up",
                "conditions": ["intake.main.status == 'fault'", "intake.spare != null", "second == null"],
                "actions": [
                    {"type": "alert", "severity": "error", "message": "m"},
                    {"type": "property_write", "role": "intake.outlet", "property": "position", "value": 7.0},
                ],
            }
        ],
        **changes,
    }


def site(**changes: Any) -> dict[str, Any]:
    return {
        "overlay_id": "plant",
        "overlay_type": "site",
        "twins": [
            {"role": "intake", "overlay_id": "north"},
            {"role": "spares", "twin_id": "p3"},
            {"role": "spares", "twin_id": "p4"},
            {"role": "gate", "twin_id": "v2"},
        ],
        **changes,
    }


def everything() -> Documents:
    more: Documents = [("twin", twin("p3")), ("twin", twin("p4")), ("twin", twin("v2", "valve"))]
    return [("overlay", site()), ("overlay_type", site_type()), *whole(), *more]


@pytest.fixture
async def house() -> House:
    house = House()
    await house.save(*everything())
    return house


async def refusal(house: House, *documents: tuple[Kind, dict[str, Any]]) -> list[tuple[str, str]]:
    with pytest.raises(TwinOverlayError) as caught:
        await house.save(*documents)
    return [(problem.code, problem.path) for problem in caught.value.problems]


def edges(house: House, overlay_id: str) -> set[tuple[str, str, str]]:
    found = next(
        change.relationships[OwnerKey("overlay", overlay_id)]
        for change in reversed(house.store.changes)
        if OwnerKey("overlay", overlay_id) in change.relationships
    )
    return {(edge.name, edge.source_twin_id, edge.target_twin_id) for edge in found}


# ---------------------------------------------------------------- what may be bound


def _role(**changes: Any) -> dict[str, Any]:
    return {"type_id": "t", "twin_roles": [{"role": "r", **changes}]}


@pytest.mark.parametrize(
    ("kind", "document", "problem"),
    [
        ("overlay_type", _role(), ("MISSING_FIELD", "/twin_roles/0/twin_type")),
        ("overlay_type", _role(twin_type="a", overlay_type="b"), ("TWO_TYPES", "/twin_roles/0/overlay_type")),
        ("overlay", site(twins=[{"role": "r"}]), ("MISSING_FIELD", "/twins/0/twin_id")),
        (
            "overlay",
            site(twins=[{"role": "r", "twin_id": "a", "overlay_id": "b"}]),
            ("TWO_FILLERS", "/twins/0/overlay_id"),
        ),
        (
            "overlay",
            site(twins=[{"role": "spares", "twin_id": "p3"}] * 2),
            ("DUPLICATE_NAME", "/twins/1/twin_id"),
        ),
    ],
)
async def test_a_role_and_a_binding_say_one_thing_each(
    kind: Kind, document: dict[str, Any], problem: tuple[str, str]
) -> None:
    assert problem in await refusal(House(), (kind, document))


@pytest.mark.parametrize(
    ("bindings", "problem"),
    [
        ([{"role": "intake", "overlay_id": "nort"}], ("UNKNOWN_OVERLAY", "/twins/0/overlay_id")),
        ([{"role": "intake", "twin_id": "p3"}], ("ROLE_TYPE_MISMATCH", "/twins/0/twin_id")),
        ([{"role": "gate", "overlay_id": "north"}], ("ROLE_TYPE_MISMATCH", "/twins/0/overlay_id")),
        ([{"role": "intake", "overlay_id": "loose"}], ("ROLE_TYPE_MISMATCH", "/twins/0/overlay_id")),
        ([{"role": "gate", "twin_id": "v2"}], ("ROLE_UNBOUND", "/twins")),
        (
            [{"role": "intake", "overlay_id": "north"}, {"role": "intake", "overlay_id": "south"}],
            ("DUPLICATE_NAME", "/twins/1/role"),
        ),
    ],
)
async def test_a_role_is_filled_by_what_its_type_asks_for(
    house: House, bindings: list[dict[str, Any]], problem: tuple[str, str]
) -> None:
    await house.save(("overlay", {"overlay_id": "loose"}), ("overlay", station(overlay_id="south")))
    assert problem in await refusal(house, ("overlay", site(overlay_id="other", twins=bindings)))


async def test_an_untyped_overlay_binds_overlays_too_and_nobody_twice_to_a_role(house: House) -> None:
    bindings = [{"role": "a", "overlay_id": "plant"}, {"role": "b", "twin_id": "p1"}]
    behavior = {"name": "x", "conditions": ["a.intake.main.status == 'fault'", "plant.gate.position > 1.0"]}
    await house.save(("overlay", {"overlay_id": "world", "twins": bindings, "behaviors": [behavior]}))
    [plan] = [item for item in house.inbox.plans[-1].overlays if item.overlay_id == "world"]
    assert plan.bindings == {"b": "p1", "a/intake/main": "p1", "plant/gate": "v2"}
    twice = [*bindings, {"role": "b", "twin_id": "p2"}]
    assert await refusal(house, ("overlay", {"overlay_id": "world", "twins": twice})) == [
        ("DUPLICATE_NAME", "/twins/2/role")
    ]


@pytest.mark.parametrize(("required", "refused"), [(True, True), (False, False), (None, False)])
async def test_many_is_none_or_more_and_one_or_more_where_it_is_required(
    house: House, required: bool | None, refused: bool
) -> None:
    role: dict[str, Any] = {"role": "pumps", "twin_type": "pump", "many": True}
    role |= {} if required is None else {"required": required}
    documents: Documents = [
        ("overlay_type", {"type_id": "shelf", "twin_roles": [role]}),
        ("overlay", {"overlay_id": "s", "overlay_type": "shelf"}),
    ]
    if refused:
        assert await refusal(house, *documents) == [("ROLE_UNBOUND", "/1/twins")]
    else:
        await house.save(*documents)
    assert house.catalogue.overlay("s") is None or not refused


async def test_an_overlay_is_never_inside_itself_and_the_chain_is_told(house: House) -> None:
    def loose(overlay_id: str, inner: str) -> tuple[Kind, dict[str, Any]]:
        return "overlay", {"overlay_id": overlay_id, "twins": [{"role": "r", "overlay_id": inner}]}

    await house.save(("overlay", {"overlay_id": "c"}))
    await house.save(loose("b", "c"), loose("a", "b"))
    with pytest.raises(Invalid) as caught:
        await house.save(loose("c", "a"))
    [problem] = caught.value.problems
    assert (problem.code, problem.path) == ("OVERLAY_CYCLE", "/twins/0/overlay_id")
    assert "c -> a -> b -> c" in problem.message
    assert await refusal(house, loose("d", "d")) == [("OVERLAY_CYCLE", "/twins/0/overlay_id")]
    both = [loose("x", "y"), loose("y", "x")]
    assert await refusal(house, *both) == [
        ("OVERLAY_CYCLE", "/0/twins/0/overlay_id"),
        ("OVERLAY_CYCLE", "/1/twins/0/overlay_id"),
    ]


async def test_overlay_types_that_need_each_other_can_never_be_filled(house: House) -> None:
    def needs(type_id: str, other: str, required: bool = True) -> tuple[Kind, dict[str, Any]]:
        role = {"role": "inner", "overlay_type": other, "required": required}
        return "overlay_type", {"type_id": type_id, "twin_roles": [role]}

    with pytest.raises(Invalid) as caught:
        await house.save(needs("one", "two"), needs("two", "one"))
    assert {problem.code for problem in caught.value.problems} == {"OVERLAY_TYPE_CYCLE"}
    assert "one -> two -> one" in caught.value.problems[0].message
    await house.save(needs("one", "two"), needs("two", "one", required=False))
    assert await refusal(house, needs("three", "three")) == [("OVERLAY_TYPE_CYCLE", "/twin_roles/0/overlay_type")]


# ---------------------------------------------------------------- what names mean


def _with(behavior: dict[str, Any]) -> dict[str, Any]:
    return site_type(behaviors=[{"name": "b", "conditions": ["gate != null", "gate.position > 1.0"], **behavior}])


def _acting(role: str, method: str = "start") -> dict[str, Any]:
    return _with({"actions": [{"type": "method_call", "role": role, "method": method}]})


@pytest.mark.parametrize(
    ("document", "code", "hint"),
    [
        (_with({"conditions": ["spares.status == 'fault'"]}), "DTSL217", "by its id"),
        (_with({"conditions": ["spares != null"]}), "DTSL217", "by its id"),
        (_with({"conditions": ["intake.status == 'fault'"]}), "DTSL218", "intake.main.status"),
        (_with({"conditions": ["intake.man.status == 'fault'"]}), "DTSL204", "did you mean 'main'?"),
        (_with({"conditions": ["gate.x.position > 1.0"]}), "DTSL219", "leave one part out"),
        (_with({"conditions": ["gate.position != null"]}), "DTSL113", "role != null"),
        (_with({"conditions": ["intake.main.sped > 1.0"]}), "DTSL205", "did you mean 'speed'?"),
        (_acting("spares"), "ROLE_IS_MANY", "one twin fills"),
        (_acting("intake"), "ROLE_IS_OVERLAY", "'intake.main'"),
        (_acting("intake.man"), "UNKNOWN_ROLE", "did you mean 'intake.main'?"),
        (_acting("intake.main", "stat"), "UNKNOWN_METHOD", "did you mean 'start'?"),
    ],
)
async def test_what_a_path_gets_wrong_is_told(house: House, document: dict[str, Any], code: str, hint: str) -> None:
    with pytest.raises(Invalid) as caught:
        await house.save(("overlay_type", document))
    [problem] = caught.value.problems
    assert problem.code == code
    assert hint in problem.hint


async def test_only_what_may_be_open_on_the_way_wants_a_guard(house: House) -> None:
    async def unguarded(*conditions: str) -> list[str]:
        document = site_type(behaviors=[{"name": "b", "conditions": list(conditions)}])
        saved = await house.definitions.save([("overlay_type", document)], ANN, dry_run=True)
        return [warning.hint for warning in saved.warnings]

    assert await unguarded("intake.main.status == 'fault'") == []
    assert await unguarded("second.main.status == 'fault'") == ["add 'second != null &&'"]
    assert await unguarded("second.main.status == 'fault'", "second != null") == []
    assert await unguarded("second.spare.status == 'fault'", "second != null") == ["add 'second.spare != null &&'"]
    assert await unguarded("second.spare.status == 'fault'", "second.spare != null") == []
    assert await unguarded("second.main.status == 'fault'", "second.spare != null") == []


async def test_relationship_ends_lead_into_overlays_and_to_each_of_many(house: House) -> None:
    assert edges(house, "plant") == {("drains", "v1", "v2"), ("shelved", "p3", "p1"), ("shelved", "p4", "p1")}
    ends = {"name": "e", "source_role": "spares", "target_role": "spares", "relationship_type": "control"}
    await house.save(("overlay_type", site_type(relationship_types=[ends])))
    assert edges(house, "plant") == {("e", "p3", "p4"), ("e", "p4", "p3")}
    bad = [{**ends, "source_role": "intake"}, {**ends, "name": "f", "target_role": "intake.mian"}]
    assert await refusal(house, ("overlay_type", site_type(relationship_types=bad))) == [
        ("ROLE_IS_OVERLAY", "/relationship_types/0/source_role"),
        ("UNKNOWN_ROLE", "/relationship_types/1/target_role"),
    ]


async def test_many_on_both_ends_of_many_are_refused_before_their_edges_are_made(house: House) -> None:
    many: Documents = [("twin", twin(f"s{number}")) for number in range(142)]
    shelf = [*site()["twins"][:1], *({"role": "spares", "twin_id": item["twin_id"]} for _, item in many)]
    await house.save(*many, ("overlay", site(twins=shelf)))
    ends = {"name": "e", "source_role": "spares", "target_role": "spares", "relationship_type": "control"}
    with pytest.raises(Conflict) as refused:
        await house.save(("overlay_type", site_type(relationship_types=[ends])))
    [problem] = refused.value.problems
    assert problem.code == "TOO_MANY_EDGES"
    assert "20,164 edges" in problem.message
    await house.save(("overlay", site(twins=shelf[:-1], lifecycle="suspended")), ("overlay", station(overlay_id="o")))
    await house.save(("overlay_type", site_type(relationship_types=[ends])))
    assert await refusal(house, ("overlay", site(twins=shelf))) == [("TOO_MANY_EDGES", "/twins")]


async def test_a_role_whose_own_name_has_the_dot_goes_before_a_path(house: House) -> None:
    dotted = {"role": "intake.main", "twin_type": "valve", "required": False}
    roles = [*site_type()["twin_roles"], dotted]
    write = {"type": "property_write", "role": "intake.main", "property": "position", "value": 1.0}
    behavior = {"name": "b", "conditions": ["intake.main.status == 'fault'"], "actions": [write]}
    await house.save(("overlay_type", site_type(twin_roles=roles, behaviors=[behavior])))
    [shape] = [shape for shape in house.inbox.plans[-1].shapes if shape.rules[0].name == "b"]
    [action] = shape.rules[0].actions
    assert getattr(action, "owner", "") == "intake.main"


async def test_paths_are_bound_in_the_plan_and_overlays_of_a_type_still_share_its_shape(house: House) -> None:
    await house.save(("overlay", station(overlay_id="south")))
    inner = [{"role": "intake", "overlay_id": "south"}]
    await house.save(("overlay", site(overlay_id="other", twins=inner)))
    plan = plan_for(house.catalogue, overlays=["plant", "other"])
    here, there = plan.overlays
    assert here.shape_id == there.shape_id
    assert here.bindings == {
        "spares/p3": "p3",
        "spares/p4": "p4",
        "gate": "v2",
        "intake/main": "p1",
        "intake/spare": "p2",
        "intake/outlet": "v1",
    }
    calls = [action for shape in plan.shapes for rule in shape.rules for action in rule.actions]
    assert not any(isinstance(action, CallPlan) for action in calls)
    assert getattr(calls[1], "owner", "") == "intake/outlet"


# ---------------------------------------------------------------- whom a change reaches


async def test_rebinding_inside_reaches_everything_around_and_no_more(house: House) -> None:
    outer = {"overlay_id": "world", "twins": [{"role": "a", "overlay_id": "plant"}]}
    await house.save(("overlay", outer))
    await house.definitions.update("overlay", "north", {"twins": [{"role": "main", "twin_id": "p3"}]}, ANN)
    plan = house.inbox.plans[-1]
    assert {item.overlay_id for item in plan.overlays} == {"north", "plant", "world"}
    assert next(item for item in plan.overlays if item.overlay_id == "plant").bindings["intake/main"] == "p3"
    assert edges(house, "plant") == {("drains", "v1", "v2"), ("shelved", "p3", "p3"), ("shelved", "p4", "p3")}
    await house.definitions.update("overlay", "north", {"description": "new"}, ANN)
    assert [item.overlay_id for item in house.inbox.plans[-1].overlays] == ["north"]


async def test_a_change_inside_that_breaks_an_outer_behavior_is_refused(house: House) -> None:
    roles = [{"role": "main", "twin_type": "pump"}]
    narrower = {"type_id": "station", "twin_roles": roles}
    with pytest.raises(Conflict) as caught:
        await house.save(("overlay_type", narrower), ("overlay", station(twins=[{"role": "main", "twin_id": "p1"}])))
    assert caught.value.code == "BREAKS_DEPENDENTS"
    assert "overlay type 'site' would break" in caught.value.problems[0].message
    with pytest.raises(Conflict) as caught:
        await house.save(("twin_type", {"type_id": "valve"}))
    assert any("overlay type 'site' would break" in problem.message for problem in caught.value.problems)


async def test_what_changed_inside_while_the_engine_was_away_is_loaded_at_start(house: House) -> None:
    engine = Engine()
    first = changed_since(house.catalogue, engine.loaded())
    assert first is not None
    engine.decide(Load(first, starting=True), 1)
    assert changed_since(house.catalogue, engine.loaded()) is None
    await house.definitions.update("overlay", "north", {"twins": [{"role": "main", "twin_id": "p3"}]}, ANN)
    plan = changed_since(house.catalogue, engine.loaded())
    assert plan is not None
    assert {item.overlay_id for item in plan.overlays} == {"north", "plant"}


async def test_the_engine_decides_over_what_is_inside(house: House) -> None:
    behavior, engine = BehaviorKey(OwnerKey("overlay", "plant"), "backs_up"), Engine()

    def swapped(main: str, spare: str) -> dict[str, Any]:
        return {"twins": [{"role": "main", "twin_id": main}, {"role": "spare", "twin_id": spare}]}

    await house.definitions.update("overlay", "north", swapped("p2", "p1"), ANN)
    plan = changed_since(house.catalogue, engine.loaded())
    assert plan is not None
    engine.decide(Load(plan), 1)
    engine.decide(SourceStatus("opc", (PathStatus("p1", True),)), 1)
    engine.decide(Samples((Reading("opc", 2, (Sample("p1", "status", "fault", 2),)),)), 2)
    assert [item.state for item in engine.live.behaviors(behavior.owner)] == ["inactive"]
    await house.definitions.update("overlay", "north", swapped("p1", "p2"), ANN)
    outcome = engine.decide(Load(house.inbox.plans[-1]), 3)
    assert [item.state for item in engine.live.behaviors(behavior.owner)] == ["active"]
    [changed] = [item for item in outcome.behaviors if item.key == behavior]
    assert changed.skipped[0].startswith("write intake.outlet.position: withheld")
    [alert] = [item.alert for item in outcome.alerts if item.alert.owner == behavior.owner]
    assert alert.twins == ("p1",)


# ---------------------------------------------------------------- deleting


async def test_an_overlay_that_fills_a_role_is_in_use_and_may_leave_an_optional_one(house: House) -> None:
    await house.save(("overlay", station(overlay_id="south")))
    bind = {"twins": [{"role": "second", "overlay_id": "south"}]}
    await house.definitions.update("overlay", "plant", bind, ANN)
    for overlay_id, unbind in (("north", False), ("north", True), ("south", False)):
        with pytest.raises(Conflict) as caught:
            await house.definitions.delete("overlay", overlay_id, ANN, unbind=unbind)
        assert caught.value.code == "IN_USE"
        assert caught.value.problems[0].code == ("REQUIRED_ROLE" if unbind else "IN_USE")
    with pytest.raises(Conflict):
        await house.definitions.delete("overlay_type", "station", ANN)
    saved = await house.definitions.delete("overlay", "south", ANN, unbind=True)
    assert saved.updated == (("overlay", "plant"),)
    assert house.catalogue.overlay("south") is None
    assert all(item.get("overlay_id") != "south" for item in house.document("overlay", "plant")["twins"])


async def test_a_twin_that_an_outer_behavior_names_can_not_be_unbound_from_the_inner_overlay(house: House) -> None:
    behavior = {"name": "b", "conditions": ["a.'p2'.status == 'fault'"]}
    outer = {"overlay_id": "world", "twins": [{"role": "a", "overlay_id": "north"}], "behaviors": [behavior]}
    await house.save(("overlay", outer))
    with pytest.raises(Conflict) as caught:
        await house.definitions.delete("twin", "p2", ANN, unbind=True)
    assert "overlay 'world' would break" in caught.value.problems[0].message
    assert house.catalogue.twin("p2") is not None


async def test_a_patch_adds_to_a_many_role_and_takes_away_by_who_fills_it(house: House) -> None:
    async def spares(*patch: dict[str, Any]) -> list[str]:
        await house.definitions.update(
            "overlay", "plant", {"twins": [{"role": "spares", **item} for item in patch]}, ANN
        )
        return [item["twin_id"] for item in house.document("overlay", "plant")["twins"] if item["role"] == "spares"]

    assert await spares({"twin_id": "p1"}) == ["p3", "p4", "p1"]
    assert await spares({"twin_id": "p4", "remove": True}) == ["p3", "p1"]
    assert await spares({"twin_id": None}, {"twin_id": "p4"}) == ["p4"]
