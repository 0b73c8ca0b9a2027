"""The text of an alert: what of it is a value, and how that is shown."""

import msgspec

from app.engine.messages import MAX_MESSAGE, shown
from app.model.conditions import Arithmetic
from app.model.plan import AlertPlan, MessageValue
from app.model.templates import template, written
from tests.engine.plant import Plant, alert, hot, ref, rule, sample


def saying(*parts: str | MessageValue) -> AlertPlan:
    return msgspec.structs.replace(alert("hot"), parts=parts)


def raised(plant: Plant) -> str:
    (found,) = plant.engine.live.open_alerts()
    return found.message


def test_a_message_has_the_values_of_the_moment_in_which_it_is_raised() -> None:
    message = ("Hot: ", MessageValue(ref("temperature")), " while ", MessageValue(ref("status")))
    plant = Plant(rule("hot", hot(), saying(*message)))
    plant.read(temperature=90.5, status="running")
    assert raised(plant) == "Hot: 90.5 celsius while running"
    plant.read(temperature=95.0, status="stopped")
    assert raised(plant) == "Hot: 90.5 celsius while running", "what was told stays told"
    plant.read(temperature=20.0)
    plant.read(temperature=99.0)
    assert raised(plant) == "Hot: 99 celsius while stopped"


def test_what_is_not_known_is_shown_as_unknown_whatever_it_was() -> None:
    plant = Plant(rule("hot", hot(), saying(MessageValue(ref("status")), ", ", MessageValue(ref("colour")))))
    plant.read(status="running")
    plant.take(sample("status", None, plant.now, "bad"))
    plant.read(temperature=90.0)
    assert raised(plant) == "unknown, unknown"


def test_an_expression_with_a_name_is_shown_as_its_result() -> None:
    slip = Arithmetic("/", ref("speed"), ref("temperature"))
    plant = Plant(rule("hot", hot(), saying("slip ", MessageValue(slip, 2))))
    plant.read(speed=100.0, temperature=90.0)
    assert raised(plant) == "slip 1.11"


def test_a_message_without_values_is_shown_as_it_is_written() -> None:
    plant = Plant(rule("hot", hot(), msgspec.structs.replace(alert("hot"), message="{not a value}")))
    plant.read(temperature=90.0)
    assert raised(plant) == "{not a value}"


def test_a_message_that_grew_too_long_is_cut() -> None:
    plant = Plant(rule("hot", hot(), saying("x" * 1990, MessageValue(ref("note")))))
    plant.read(note="y" * 100)
    plant.read(temperature=90.0)
    assert len(raised(plant)) == MAX_MESSAGE
    assert raised(plant).endswith("y…")


def test_values_are_shown_as_people_write_them() -> None:
    cases = [
        (None, "unknown"),
        (True, "true"),
        (0.0, "0"),
        (80.0, "80"),
        (78.4, "78.4"),
        (0.1 + 0.2, "0.3"),
        (-12.3456789, "-12.3457"),
        (1234567.891, "1234568"),
        (1e300, "1e+300"),
        (0.000012345, "0.000012345"),
        (1.5e-20, "1.5e-20"),
        (2**63 - 1, "9223372036854775807"),
        ("running", "running"),
        ([1.5, 2.0], "[1.5, 2.0]"),
        ({"low": 1}, '{"low": 1}'),
    ]
    assert [shown(value) for value, _ in cases] == [text for _, text in cases]
    assert shown(78.456, 1, "celsius") == "78.5 celsius"
    assert shown(3, 2) == "3.00"
    assert shown("x" * 500) == "x" * 199 + "…"


def test_a_message_is_cut_into_texts_and_holes() -> None:
    found = template("a {pump.temperature} {{b}} {x:.2f}")
    assert found.slips == ()
    assert [part if isinstance(part, str) else (part.reference, part.decimals) for part in found.parts] == [
        "a ",
        ("pump.temperature", None),
        " {b} ",
        ("x", 2),
    ]
    assert [(hole.start, hole.end) for hole in found.holes] == [(2, 20), (27, 34)]
    assert template(written(found.parts)).parts[0] == "a "
    assert written(found.parts) == "a {pump.temperature} {{b}} {x:.2f}"


def test_what_is_wrong_with_the_form_of_a_message_is_told_where_it_is() -> None:
    def slips(message: str) -> list[tuple[str, int, int]]:
        return [(slip.told, slip.start, slip.end) for slip in template(message).slips]

    assert slips("a {") == [("'{' is not closed", 2, 3)]
    assert slips("a } b") == [("'}' closes nothing", 2, 3)]
    assert slips("{}") == [("there is nothing between the braces", 0, 2)]
    assert slips("{x:wide}") == [("'wide' is no way to show a number", 2, 7)]
    assert slips("{a {b}}") == [("'{' is not closed", 0, 1), ("'}' closes nothing", 6, 7)]


def test_a_colon_inside_of_quotes_is_the_names() -> None:
    assert [hole.reference for hole in template("{'P:1'.temperature:.1f}").holes] == ["'P:1'.temperature"]
