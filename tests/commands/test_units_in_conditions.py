"""What of units, names and time a document's behaviors say: where faults are told, and what the engine gets of them."""

from app.commands.behavior_plans import rule
from app.commands.check_behaviors import Place
from app.commands.check_units import needs_library
from app.commands.checks import check
from app.commands.part_plans import property_plans
from app.dtsl.format_conditions import format_condition
from app.model.behaviors import BehaviorDefinition
from app.model.conditions import EventValue, PropertyRef
from app.model.definitions import TwinType
from app.model.plan import AlertPlan, MessageValue
from tests.dtsl.plant import catalogue

MOTOR = {
    "type_id": "motor",
    "properties": [
        {"name": "inlet", "data_type": "float", "unit": "bar"},
        {"name": "outlet", "data_type": "float", "unit": "kPa"},
        {"name": "drop", "data_type": "float", "unit": "kPa", "computed": "inlet - outlet"},
    ],
    "events": [{"name": "tripped", "parameters": [{"name": "code", "data_type": "integer"}]}],
}


def _twin_type(**behavior: object) -> TwinType:
    return TwinType.model_validate({**MOTOR, "behaviors": [{"name": "it", **behavior}]})


def _told(twin_type: TwinType) -> list[tuple[str, str]]:
    found = check(catalogue(twin_type), twin_type)
    return [(item.code, item.path) for item in (*found.problems, *found.warnings)]


def test_faults_are_told_at_their_pointers() -> None:
    found = _told(
        _twin_type(
            let=[
                {"name": "dp", "value": "inlet - outlet"},
                {"name": "wrong", "value": "inlet > 5 celsius"},
                {"name": "unread", "value": "inlet >"},
                {"name": "inlet", "value": "1"},
            ],
            conditions=["dp > 5 bar && wrong", "inlet > 3", "outlet > 5 m && unread", "outlet > 5 && outlet < 3"],
        )
    )

    assert found == [
        ("DTSL104", "/behaviors/0/let/2/value"),
        ("DTSL341", "/behaviors/0/let/1/value"),
        ("DTSL341", "/behaviors/0/conditions/2"),
        ("DTSL544", "/behaviors/0/let/3/name"),
    ]


def test_texts_of_a_list_that_exclude_each_other_are_told_of_the_list() -> None:
    assert _told(_twin_type(conditions=["inlet > 5", "inlet < 3"])) == [("DTSL541", "/behaviors/0/conditions")]
    assert _told(_twin_type(conditions=["inlet > 5", "inlet < 300 kPa"])) == [("DTSL541", "/behaviors/0/conditions")]


def test_the_engine_gets_plain_numbers_and_what_names_stand_for() -> None:
    behavior = BehaviorDefinition.model_validate(
        {
            "name": "it",
            "let": [{"name": "dp", "value": "inlet - outlet"}],
            "conditions": ["on tripped(code)", "dp > 50 kPa", "code > 3"],
            "actions": [{"type": "alert", "severity": "warning", "message": "{dp} with {code}"}],
        }
    )
    capabilities = catalogue(TwinType.model_validate(MOTOR)).type_capabilities("motor")

    planned = rule(behavior, Place("twin", "twin type 'motor'", capabilities))

    assert planned.error is None
    assert planned.pulse
    assert planned.condition is not None
    assert format_condition(planned.condition.items[1]) == "inlet - outlet / 100.0 > 0.5"  # type: ignore[union-attr]
    (alert,) = planned.actions
    assert isinstance(alert, AlertPlan)
    values = [part.value for part in alert.parts if isinstance(part, MessageValue)]
    assert format_condition(values[0]) == "inlet - outlet / 100.0"
    assert values[1] == EventValue(None, "tripped", "code")


def test_what_is_computed_is_planned_in_the_unit_of_its_property() -> None:
    plans = property_plans(catalogue(TwinType.model_validate(MOTOR)).type_capabilities("motor"))

    computed = next(plan.computed for plan in plans if plan.name == "drop")
    assert computed is not None
    assert format_condition(computed) == "(inlet - outlet / 100.0) * 100.0"
    assert PropertyRef(None, "inlet") in [computed.left.left]  # type: ignore[union-attr]


def test_units_in_conditions_ask_for_the_library_before() -> None:
    assert needs_library([_twin_type(conditions=["inlet > 5 kPa"])])
    assert not needs_library([_twin_type(conditions=["inlet > 5"])])
