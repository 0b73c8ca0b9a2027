"""Notification targets over GraphQL: how they stand, and a test of one."""

from app.errors import Misconfigured, Refused
from app.model.events import Input, Note, Outcome
from tests.api.client import ask, refused
from tests.api.parts import FakeNotifications, Installation, services
from tests.api.rest.client import send

TEST = "mutation($target: String!) { testNotification(input: {target: $target}) { warning target { name sent } } }"


class Notes:
    """Implements Inbox."""

    def __init__(self) -> None:
        self.taken: list[Note] = []

    async def submit(self, input: Input) -> tuple[int, Outcome]:
        assert isinstance(input, Note)
        self.taken.append(input)
        return 1, Outcome()


def plant() -> tuple[Installation, FakeNotifications, Notes]:
    made, notes = Installation(), Notes()
    made.services = services(made, made.live, notes)
    return made, made.notifications, notes


async def test_targets_show_how_they_stand() -> None:
    made, _, _ = plant()
    found = await ask(
        made,
        "{ notificationTargets { name kind address state since lastError lastErrorAt lastSentAt sent failed "
        "triesFailed pending pendingMore oldestPendingAt } }",
    )
    shift, office = found["notificationTargets"]
    assert (shift["name"], shift["kind"], shift["state"], shift["sent"], shift["lastError"]) == (
        "shift", "WEBHOOK", "OK", 3, None,
    )  # fmt: skip
    assert (office["kind"], office["state"], office["lastError"], office["failed"], office["triesFailed"]) == (
        "SMTP", "FAILED", "it answered 535 no", 2, 7,
    )  # fmt: skip
    assert (office["pending"], office["pendingMore"]) == (500, True)


async def test_a_test_goes_out_and_is_in_the_audit() -> None:
    made, notifications, notes = plant()
    notifications.warning = "it takes no mail for x"
    found = await ask(made, TEST, target="shift")
    assert found["testNotification"] == {"warning": "it takes no mail for x", "target": {"name": "shift", "sent": 3}}
    assert notifications.tested == [("shift", "anonymous")]
    assert [(note.kind, note.outcome, note.what) for note in notes.taken] == [("notification", "done", "test of shift")]


async def test_rest_shows_and_tests_the_same() -> None:
    made, notifications, notes = plant()
    listed = (await send(made, "GET", "/notification-targets")).json()["items"]
    assert [(item["name"], item["state"], item["last_error"]) for item in listed] == [
        ("shift", "ok", None), ("office", "failed", "it answered 535 no"),
    ]  # fmt: skip
    tested = await send(made, "POST", "/notification-targets/shift/test")
    assert (tested.status_code, tested.json()) == (200, {"target": listed[0], "warning": None})
    assert (await send(made, "POST", "/notification-targets/nobody/test")).status_code == 404
    notifications.trouble = Misconfigured("401 no", code="TARGET_DENIED")
    assert (await send(made, "POST", "/notification-targets/shift/test")).status_code == 503
    notifications.trouble = Refused("422 no", code="TARGET_REFUSED")
    assert (await send(made, "POST", "/notification-targets/shift/test")).status_code == 409
    assert [note.origin.via for note in notes.taken] == ["rest"] * 3


async def test_what_keeps_a_target_from_taking_it_is_the_answer() -> None:
    made, notifications, notes = plant()
    error = await refused(made, TEST, target="shfit")
    assert error["extensions"]["code"] == "NOTIFICATION_TARGET_NOT_FOUND"
    assert error["extensions"]["hint"] == "did you mean 'shift'?"
    notifications.trouble = Misconfigured("401 no", code="TARGET_DENIED", hint="look")
    error = await refused(made, TEST, target="shift")
    assert (error["message"], error["extensions"]["code"]) == ("401 no", "TARGET_DENIED")
    notifications.trouble = Refused("422 no", code="TARGET_REFUSED")
    error = await refused(made, TEST, target="shift")
    assert error["extensions"]["code"] == "TARGET_REFUSED"
    assert [note.code for note in notes.taken] == ["NOTIFICATION_TARGET_NOT_FOUND", "TARGET_REFUSED"]
