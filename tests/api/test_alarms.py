"""What people do with alerts, over GraphQL: real commands on the real engine."""

import pytest

from app.model.time import SECOND, iso
from tests.api.client import ask, connected, post, refused
from tests.api.plant import Plant
from tests.api.rest.client import faults, refusal, send

SAVE = "mutation($document: JSON!) { saveTwin(input: {document: $document}) { result } }"
SET = """mutation($value: JSON!) {
  setProperty(input: {twinId: "pump_124", property: "starts", value: $value}) { value { number } } }"""
RESET = """mutation($id: ID!, $dryRun: Boolean) {
  resetAlert(input: {alertId: $id, comment: "looked at", dryRun: $dryRun}) {
    dryRun effects alert { active clearReason closedAt } } }"""
COMMENT = """mutation($id: ID!, $comment: String!) {
  commentAlert(input: {alertId: $id, comment: $comment}) { alert { comments { by text } } } }"""
ALL = """mutation($ids: [ID!]!) { acknowledgeAlerts(input: {alertIds: $ids, comment: "all seen"}) {
  alerts { alertId acknowledgedBy comment } leftOut { alertId code message } } }"""
TRIPPING = {
    "twin_id": "pump_124",
    "twin_type": "pump",
    "behaviors": [
        {
            "name": "tripped",
            "conditions": ["starts > 5"],
            "actions": [
                {"type": "alert", "severity": "critical", "message": "tripped", "latched": True, "code": "trip"},
                {"type": "alert", "severity": "error", "message": "worn", "code": "wear"},
            ],
        }
    ],
}


@pytest.fixture
async def plant() -> Plant:
    plant = Plant()
    plant.start()
    await ask(plant, SAVE, document=TRIPPING)
    await ask(plant, SET, value=6)
    return plant


def alert_ids(plant: Plant) -> dict[str, str]:
    return {alert.code: alert.alert_id for alert in plant.engine.live.open_alerts()}


async def test_a_latched_alert_is_reset_once_its_behavior_is_over(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    for dry_run in (True, False):
        error = await refused(plant, RESET, id=trip, dryRun=dry_run)
        assert error["extensions"]["code"] == "ALERT_STILL_ACTIVE"
    await ask(plant, SET, value=1)
    told = (await ask(plant, RESET, id=trip, dryRun=True))["resetAlert"]
    assert told == {
        "dryRun": True,
        "effects": [f"alert '{trip}' is cleared"],
        "alert": {"active": True, "clearReason": None, "closedAt": None},
    }
    done = (await ask(plant, RESET, id=trip))["resetAlert"]
    assert done == {
        "dryRun": False,
        "effects": [],
        "alert": {"active": False, "clearReason": "Reset", "closedAt": None},
    }
    assert (await refused(plant, RESET, id=trip))["extensions"]["code"] == "ALERT_ALREADY_CLEARED"


async def test_several_alerts_are_acknowledged_at_once_and_those_left_out_are_told(plant: Plant) -> None:
    ids = alert_ids(plant)
    body = {"query": ALL, "variables": {"ids": [ids["trip"], "nothing", ids["wear"]]}}
    done = (await post(plant, body, **{"X-Actor": "ann"})).json()["data"]["acknowledgeAlerts"]
    assert done["alerts"] == [
        {"alertId": ids[code], "acknowledgedBy": "ann", "comment": "all seen"} for code in ("trip", "wear")
    ]
    assert [(item["alertId"], item["code"]) for item in done["leftOut"]] == [("nothing", "ALERT_NOT_FOUND")]
    assert (await refused(plant, ALL, ids=[]))["extensions"]["code"] == "NO_ALERTS"


async def test_comments_are_shown_with_who_made_them(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    body = {"query": COMMENT, "variables": {"id": trip, "comment": "bearing ordered"}}
    done = (await post(plant, body, **{"X-Actor": "ann"})).json()["data"]["commentAlert"]
    assert done["alert"]["comments"] == [{"by": "ann", "text": "bearing ordered"}]
    assert (await refused(plant, COMMENT, id=trip, comment="  "))["extensions"]["code"] == "COMMENT_MISSING"
    assert (await refused(plant, COMMENT, id="nothing", comment="x"))["extensions"]["code"] == "ALERT_NOT_FOUND"


async def test_a_push_says_who_did_it_and_what_they_said(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    query = "subscription { alertChanged { transition by comment initial alert { code } } }"
    async with connected(plant) as socket:
        await socket.subscribe(query)
        assert [(await socket.next("alertChanged"))["by"] for _ in range(2)] == [None, None]
        await ask(plant, COMMENT, id=trip, comment="on it")
        assert await socket.next("alertChanged") == {
            "transition": "COMMENTED",
            "by": "anonymous",
            "comment": "on it",
            "initial": False,
            "alert": {"code": "trip"},
        }


async def test_rest_lists_reads_acknowledges_resets_and_comments_them(plant: Plant) -> None:
    trip, wear = (alert_ids(plant)[code] for code in ("trip", "wear"))
    page = (await send(plant, "GET", "/alerts?severity=critical")).json()
    assert [(item["alert_id"], item["latched"]) for item in page["items"]] == [(trip, True)]
    assert page["total_count"] == 1
    rest = (await send(plant, "GET", "/alerts?first=1")).json()
    more = (await send(plant, "GET", f"/alerts?after={rest['page_info']['end_cursor']}")).json()
    assert {item["alert_id"] for item in rest["items"] + more["items"]} == {trip, wear}
    assert (await send(plant, "GET", "/alerts?open=false")).json()["items"] == []
    assert (await send(plant, "GET", f"/alerts/{trip}")).json()["active"] is True
    assert refusal(await send(plant, "GET", "/alerts/nothing")) == (404, "ALERT_NOT_FOUND")

    as_ann = {"X-Actor": "ann"}
    seen = await send(plant, "POST", f"/alerts/{trip}/acknowledgement", json={"comment": "seen"}, headers=as_ann)
    assert (seen.status_code, seen.json()["acknowledged_by"], seen.json()["comment"]) == (200, "ann", "seen")
    again = await send(plant, "POST", f"/alerts/{trip}/acknowledgement", json={})
    assert refusal(again) == (409, "ALERT_ALREADY_ACKNOWLEDGED")
    assert refusal(await send(plant, "POST", f"/alerts/{trip}/reset", json={})) == (409, "ALERT_STILL_ACTIVE")
    assert refusal(await send(plant, "POST", f"/alerts/{wear}/reset", json={})) == (409, "ALERT_NOT_LATCHED")
    noted = await send(plant, "POST", f"/alerts/{wear}/comments", json={"comment": "on it"}, headers=as_ann)
    assert [(item["by"], item["text"]) for item in noted.json()["comments"]] == [("ann", "on it")]
    both = await send(plant, "POST", "/alert-acknowledgements", json={"alert_ids": [trip, wear]})
    assert [item["alert_id"] for item in both.json()["alerts"]] == [wear]
    assert [item["code"] for item in both.json()["left_out"]] == ["ALERT_ALREADY_ACKNOWLEDGED"]
    await ask(plant, SET, value=1)
    reset = await send(plant, "POST", f"/alerts/{trip}/reset", json={"comment": "looked at"}, headers=as_ann)
    assert reset.json()["closed_at"] is not None


async def test_an_alert_says_since_when_nobody_knows_whether_it_still_holds() -> None:
    asked = "{ alerts { nodes { alertId active evidence evidenceUnknownSince } } }"
    plant = Plant()
    plant.start()
    plant.hear("pump_123", "temperature", 90.0)
    [hot] = (await ask(plant, asked))["alerts"]["nodes"]
    as_raised = {"alertId": hot["alertId"], "active": True, "evidence": "TRUE", "evidenceUnknownSince": None}
    assert hot == as_raised
    gone = plant.clock.at = plant.clock.at + SECOND
    plant.reach("pump_123", alive=False)
    plant.clock.at += 60 * SECOND
    assert (await ask(plant, asked))["alerts"]["nodes"] == [
        {**as_raised, "evidence": "UNKNOWN", "evidenceUnknownSince": iso(gone)}
    ]
    read = (await send(plant, "GET", f"/alerts/{hot['alertId']}")).json()
    assert (read["active"], read["evidence"], read["evidence_unknown_since"]) == (True, "unknown", iso(gone))


async def test_a_body_that_is_wrong_is_told_at_its_place(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    answer = await send(plant, "POST", f"/alerts/{trip}/acknowledgement", json={"comment": 5, "coment": ""})
    assert (refusal(answer), faults(answer)) == ((422, "DOCUMENT_INVALID"), [("UNKNOWN_FIELD", "/coment")])
    answer = await send(plant, "POST", f"/alerts/{trip}/reset", json={"comment": 5})
    assert faults(answer) == [("WRONG_TYPE", "/comment")]
    answer = await send(plant, "POST", "/alert-acknowledgements", json={"alert_ids": ["x", 1]})
    assert faults(answer) == [("WRONG_TYPE", "/alert_ids")]
    answer = await send(plant, "POST", "/alert-acknowledgements", json={"alert_ids": []})
    assert refusal(answer) == (422, "NO_ALERTS")


async def test_what_would_be_done_to_alerts_is_told_and_not_done(plant: Plant) -> None:
    ids, before = alert_ids(plant), plant.engine.live.sequence
    every = """mutation($ids: [ID!]!, $dry: Boolean!) {
      acknowledgeAlerts(input: {alertIds: $ids, dryRun: $dry}) {
        dryRun effects alerts { code acknowledged } leftOut { alertId code } } }"""
    told = (await ask(plant, every, ids=[ids["trip"], ids["wear"], "nothing"], dry=True))["acknowledgeAlerts"]
    assert told == {
        "dryRun": True,
        "effects": [f"alert '{ids['trip']}' is acknowledged", f"alert '{ids['wear']}' is acknowledged"],
        "alerts": [{"code": "trip", "acknowledged": False}, {"code": "wear", "acknowledged": False}],
        "leftOut": [{"alertId": "nothing", "code": "ALERT_NOT_FOUND"}],
    }
    assert (await refused(plant, every, ids=[], dry=True))["extensions"]["code"] == "NO_ALERTS"
    note = """mutation($id: ID!, $comment: String!, $dry: Boolean!) {
      commentAlert(input: {alertId: $id, comment: $comment, dryRun: $dry}) {
        dryRun effects alert { comments { text } } } }"""
    told = (await ask(plant, note, id=ids["trip"], comment="seen", dry=True))["commentAlert"]
    assert told == {
        "dryRun": True,
        "effects": [f"alert '{ids['trip']}' gets the comment"],
        "alert": {"comments": []},
    }
    error = (await refused(plant, note, id=ids["trip"], comment=" ", dry=True))["extensions"]
    assert error["code"] == "COMMENT_MISSING"
    assert plant.engine.live.sequence == before
    done = (await ask(plant, every, ids=[ids["trip"]], dry=False))["acknowledgeAlerts"]
    assert (done["dryRun"], done["effects"], done["alerts"][0]["acknowledged"]) == (False, [], True)
    again = (await ask(plant, every, ids=[ids["trip"]], dry=True))["acknowledgeAlerts"]
    assert again["leftOut"] == [{"alertId": ids["trip"], "code": "ALERT_ALREADY_ACKNOWLEDGED"}]


# ---------------------------------------------------------------- shelving

SHELVE = """mutation($input: ShelveAlertInput!) { shelveAlert(input: $input) {
  shelving { ownerKind ownerId behavior code by reason until at } alert { annunciated shelved { by } } } }"""
UNSHELVE = """mutation($input: UnshelveAlertInput!) { unshelveAlert(input: $input) {
  shelving { code } alert { annunciated shelved { by } } } }"""
SHELVED = """query($owner: OwnerInput) { shelvings(owner: $owner) {
  totalCount nodes { ownerId behavior code by reason } } }"""
TRIP = {"alert": {"identity": {"owner": {"twinId": "pump_124"}, "behavior": "tripped", "code": "trip"}}}
OTHER = {"alert": {"identity": {"owner": {"twinId": "pump_124"}, "behavior": "tripped", "code": "other"}}}


async def test_an_alert_is_shelved_by_its_id_or_by_its_identity_and_unshelved(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    done = (await ask(plant, SHELVE, input={"alert": {"alertId": trip}, "seconds": 60, "reason": " noisy "}))[
        "shelveAlert"
    ]
    assert (done["shelving"]["code"], done["shelving"]["reason"], done["shelving"]["by"]) == (
        "trip",
        "noisy",
        "anonymous",
    )
    assert done["alert"] == {"annunciated": False, "shelved": {"by": "anonymous"}}
    listed = "query($shelved: Boolean) { alerts(where: {shelved: $shelved}) { nodes { code } } }"
    assert (await ask(plant, listed, shelved=True))["alerts"]["nodes"] == [{"code": "trip"}]
    assert (await ask(plant, listed, shelved=False))["alerts"]["nodes"] == [{"code": "wear"}]
    never_raised = {"alert": {"identity": {"owner": {"twinId": "pump_123"}, "behavior": "hot", "code": "0"}}}
    done = (await ask(plant, SHELVE, input={**never_raised, "seconds": 60, "reason": "test"}))["shelveAlert"]
    assert done["alert"] is None
    assert (await ask(plant, SHELVED))["shelvings"]["totalCount"] == 2
    some = (await ask(plant, SHELVED, owner={"twinId": "pump_124"}))["shelvings"]["nodes"]
    assert [item["code"] for item in some] == ["trip"]
    over = (await ask(plant, UNSHELVE, input=TRIP))["unshelveAlert"]
    assert over == {"shelving": {"code": "trip"}, "alert": {"annunciated": True, "shelved": None}}
    assert (await refused(plant, UNSHELVE, input=TRIP))["extensions"]["code"] == "ALERT_NOT_SHELVED"
    audit = "{ auditLog { nodes { kind outcome what reason code } } }"
    told = (await ask(plant, audit))["auditLog"]["nodes"]
    assert {(item["kind"], item["outcome"], item["what"], item["reason"]) for item in told} >= {
        ("SHELVING", "DONE", "tripped/trip", "noisy"),
        ("SHELVING", "DONE", "hot/0", "test"),
        ("UNSHELVING", "DONE", "tripped/trip", ""),
        ("UNSHELVING", "REFUSED", "tripped/trip", ""),
    }
    assert sum("SHELV" in item["kind"] for item in told) == 4


async def test_what_shelving_would_do_is_told_and_not_done(plant: Plant) -> None:
    trip = alert_ids(plant)["trip"]
    dry = """mutation($input: ShelveAlertInput!) { shelveAlert(input: $input) {
      dryRun effects shelving { by reason until at } alert { annunciated } } }"""
    asked = {"alert": {"alertId": trip}, "seconds": 60, "reason": " noisy ", "dryRun": True}
    told = (await ask(plant, dry, input=asked))["shelveAlert"]
    until = told["shelving"]["until"]
    assert told["effects"] == [
        f"alert 'trip' of behavior 'tripped' of twin 'pump_124' is shelved until {until}",
        f"alert '{trip}' is no longer annunciated",
    ]
    assert (told["dryRun"], told["shelving"]["reason"], told["alert"]) == (True, "noisy", {"annunciated": True})
    assert (await ask(plant, SHELVED))["shelvings"]["totalCount"] == 0
    over = """mutation($input: UnshelveAlertInput!) { unshelveAlert(input: $input) {
      dryRun effects shelving { by } alert { annunciated } } }"""
    assert (await refused(plant, over, input={**TRIP, "dryRun": True}))["extensions"]["code"] == "ALERT_NOT_SHELVED"
    await ask(plant, SHELVE, input={**TRIP, "seconds": 60, "reason": "noisy"})
    again = (await ask(plant, dry, input=asked))["shelveAlert"]["effects"]
    assert again[1].startswith("that takes the place of the shelving by anonymous until 20")
    told = (await ask(plant, over, input={**TRIP, "dryRun": True}))["unshelveAlert"]
    assert told == {
        "dryRun": True,
        "effects": [
            "alert 'trip' of behavior 'tripped' of twin 'pump_124' is no longer shelved",
            f"alert '{trip}' is annunciated again",
        ],
        "shelving": {"by": "anonymous"},
        "alert": {"annunciated": False},
    }
    assert (await ask(plant, SHELVED))["shelvings"]["totalCount"] == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"alert": {}, "seconds": 60, "reason": "x"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"alert": {**TRIP["alert"], "alertId": "x"}, "seconds": 60, "reason": "x"}, "GRAPHQL_VALIDATION_FAILED"),
        ({**TRIP, "seconds": 60, "reason": "  "}, "REASON_MISSING"),
        ({**TRIP, "seconds": 0, "reason": "x"}, "DURATION_INVALID"),
        ({**TRIP, "seconds": -5, "reason": "x"}, "DURATION_INVALID"),
        ({**TRIP, "seconds": 1e300, "reason": "x"}, "SHELVING_TOO_LONG"),
        ({**TRIP, "seconds": 700_000, "reason": "x"}, "SHELVING_TOO_LONG"),
        ({**OTHER, "seconds": 60, "reason": "x"}, "ALERT_NOT_FOUND"),
        ({"alert": {"alertId": "nothing"}, "seconds": 60, "reason": "x"}, "ALERT_NOT_FOUND"),
    ],
)
async def test_a_shelving_that_can_not_be_says_why(plant: Plant, given: dict[str, object], code: str) -> None:
    for dry_run in (True, False):
        assert (await refused(plant, SHELVE, input={**given, "dryRun": dry_run}))["extensions"]["code"] == code
    assert (await ask(plant, SHELVED))["shelvings"]["totalCount"] == 0


async def test_who_follows_what_is_annunciated_is_told_what_is_no_longer(plant: Plant) -> None:
    await ask(plant, SHELVE, input={**TRIP, "seconds": 60, "reason": "noisy"})
    query = "subscription { alertChanged(annunciated: true) { transition alert { code annunciated } } }"
    async with connected(plant) as socket:
        await socket.subscribe(query)
        assert (await socket.next("alertChanged"))["alert"]["code"] == "wear"
        await ask(plant, COMMENT, id=alert_ids(plant)["trip"], comment="not told")
        await ask(plant, UNSHELVE, input=TRIP)
        assert (await socket.next("alertChanged"))["transition"] == "UNSHELVED"
        await ask(plant, SHELVE, input={**TRIP, "seconds": 60, "reason": "noisy"})
        pushed = await socket.next("alertChanged")
        assert pushed == {"transition": "SHELVED", "alert": {"code": "trip", "annunciated": False}}


async def test_rest_shelves_lists_and_unshelves_too(plant: Plant) -> None:
    body = {"owner_kind": "twin", "owner_id": "pump_124", "behavior": "tripped", "code": "trip"}
    made = await send(plant, "POST", "/shelvings", json={**body, "seconds": 60, "reason": "noisy"})
    assert made.json()["alert"]["annunciated"] is False
    page = (await send(plant, "GET", "/shelvings?owner_kind=twin&owner_id=pump_124")).json()
    assert [(item["behavior"], item["code"], item["reason"]) for item in page["items"]] == [
        ("tripped", "trip", "noisy")
    ]
    items = (await send(plant, "GET", "/alerts?shelved=true")).json()["items"]
    assert [item["shelved"]["reason"] for item in items] == ["noisy"]
    where = "owner_kind=twin&owner_id=pump_124&behavior=tripped&code=trip"
    over = await send(plant, "DELETE", f"/shelvings?{where}&reason=done")
    assert over.json()["alert"]["annunciated"] is True
    assert refusal(await send(plant, "DELETE", f"/shelvings?{where}")) == (409, "ALERT_NOT_SHELVED")
    assert refusal(await send(plant, "DELETE", "/shelvings")) == (422, "ALERT_UNNAMED")
    wrong = await send(plant, "POST", "/shelvings", json={**body, "seconds": "60", "reason": 5, "owner_kind": "x"})
    assert faults(wrong) == [("WRONG_TYPE", "/reason"), ("NOT_ALLOWED", "/owner_kind"), ("WRONG_TYPE", "/seconds")]
    assert refusal(await send(plant, "GET", "/shelvings?owner_id=pump_124")) == (400, "FILTER_INVALID")
