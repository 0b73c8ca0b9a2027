"""`twin-overlay impact` and `causes`: what a running server says of an outage, or of what is behind an alert."""

import json
from collections.abc import Sequence
from typing import Any

from app.client import GraphqlClient
from app.errors import Invalid
from app.rehearse import steps_of

_IMPACT = """query($input: ImpactInput!) { impact(input: $input) { sequence notRehearsed
  summary { lost degraded disconnected changed beyond alreadyLost alreadyDegraded overlaysLost overlaysDegraded
    behaviorsBlind behaviorsDisarmed interlocksBlind alerts }
  twins { totalCount pageInfo { hasNextPage endCursor }
    nodes { twinId state named depth reason requiredRoles troubles
      path { fromTwinId toTwinId name relationshipType group }
      groups { group died width lost lostCount remaining { twinId troubles } remainingCount } } }
  overlays { overlayId state roles { role required died lostTwinIds lostOverlayIds remaining } }
  behaviors { ownerKind ownerId name severity blind whollyBlind disarmed actsOn reads { twinId property } readsCount }
  interlocks { ownerKind ownerId name whollyBlind reads { twinId property } readsCount guards }
  alertsThatWouldFollow { after transition alert { code severity message ownerId } } } }"""
_CAUSES = """query($input: CausesInput!) { causes(input: $input) { sequence text twinIds upstream alerts totalCount
  causes { twinId depth path { fromTwinId toTwinId name relationshipType group } troubles explains explainedAlertIds
    effect alerts { alertId severity message } } } }"""
_IS_ALERT = "query($id: ID!) { alert(alertId: $id) { alertId } }"
_EFFECT = {
    "LOST": "; the start would be lost with it",
    "DEGRADED": "; the start would have less without it",
    "NONE": "",
}
_SHOWN = 20


def change_of(words: Sequence[str], kind: str) -> dict[str, Any]:
    """Ids of twins to which `kind` happens, or `TWIN.PROPERTY=VALUE` each. Raises Invalid."""
    valued = [word for word in words if "=" in word]
    if not valued:
        return {kind: list(words)}
    if len(valued) < len(words):
        raise Invalid(
            "twins and values were given",
            code="CHANGE_INVALID",
            hint="ask of an outage (TWIN ...) or of values (TWIN.PROPERTY=VALUE ...), one after another",
        )
    return {"properties": [change for step in steps_of(valued) for change in step["set"]]}


async def impact(
    client: GraphqlClient,
    change: dict[str, Any],
    *,
    without: Sequence[str],
    max_depth: int | None,
    first: int,
    as_json: bool,
) -> str:
    """Raises Invalid, and what the server reports."""
    asked = {"change": change, "without": list(without), "maxDepth": max_depth, "first": first}
    found = (await client.execute(_IMPACT, {"input": asked}, timeout_seconds=300.0))["impact"]
    return json.dumps(found, ensure_ascii=False, indent=2) if as_json else told(found)


async def causes(
    client: GraphqlClient, what: str, *, without: Sequence[str], max_depth: int | None, as_json: bool
) -> str:
    """`what` is an alert, else a twin. Raises what the server reports."""
    is_alert = (await client.execute(_IS_ALERT, {"id": what}))["alert"] is not None
    of = {"alertId" if is_alert else "twinId": what}
    asked = {"of": of, "without": list(without), "maxDepth": max_depth}
    found = (await client.execute(_CAUSES, {"input": asked}, timeout_seconds=300.0))["causes"]
    return json.dumps(found, ensure_ascii=False, indent=2) if as_json else causes_told(found)


def told(found: dict[str, Any]) -> str:
    summary, twins = found["summary"], found["twins"]
    counts = [f"{summary[name]} {name}" for name in ("lost", "degraded", "disconnected", "changed") if summary[name]]
    lines = [f"{', '.join(counts) or 'nobody is affected'} (at sequence {found['sequence']})"]
    if summary["alreadyLost"]:
        lines.append(f"already: {summary['alreadyLost']} lost, {summary['alreadyDegraded']} degraded")
    if summary["beyond"]:
        lines.append(f"further away than asked for: {summary['beyond']}")
    lines += [_twin(item) for item in twins["nodes"]]
    if twins["pageInfo"]["hasNextPage"]:
        lines.append(f"  and {twins['totalCount'] - len(twins['nodes'])} more twins")
    lines += _some("overlays", [_overlay(item) for item in found["overlays"]])
    lines += _some("behaviors", [_behavior(item) for item in found["behaviors"]])
    lines += _some("interlocks", [_interlock(item) for item in found["interlocks"]])
    lines += _some("alerts that would follow", [_alert(item) for item in found["alertsThatWouldFollow"]])
    if found["notRehearsed"]:
        lines.append(f"nothing was rehearsed: {found['notRehearsed']}")
    return "\n".join(lines)


def _some(what: str, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return [f"{what}:", *lines[:_SHOWN], *more]


def _twin(item: dict[str, Any]) -> str:
    line = f"  {item['state']:<12} {item['twinId']}: {item['reason']}"
    if item["path"]:
        line += f" (by {' > '.join([item['path'][0]['fromTwinId'], *(hop['toTwinId'] for hop in item['path'])])})"
    standing = [f"now {', '.join(item['troubles']).lower()}"] if item["troubles"] else []
    remaining = (source for group in item["groups"] for source in group["remaining"] if source["troubles"])
    standing += [f"{source['twinId']} is {', '.join(source['troubles']).lower()}" for source in remaining]
    return "; ".join([line, *standing])


def _overlay(item: dict[str, Any]) -> str:
    roles = [f"{role['role']} has {role['remaining'] or 'nobody'} left" for role in item["roles"]]
    return f"  {item['state']:<12} {item['overlayId']}: {', '.join(roles)}"


def _behavior(item: dict[str, Any]) -> str:
    blind = "wholly blind" if item["whollyBlind"] else "blind" if item["blind"] else ""
    words = [blind, f"disarmed on {', '.join(item['actsOn'])}" if item["disarmed"] else ""]
    severity = f", {item['severity'].lower()}" if item["severity"] else ""
    return f"  {item['ownerId']}/{item['name']}{severity}: {'; '.join(filter(None, words))}"


def _interlock(item: dict[str, Any]) -> str:
    return f"  {item['ownerId']}/{item['name']}: unknown, refuses what it covers on {', '.join(item['guards'])}"


def _alert(item: dict[str, Any]) -> str:
    alert = item["alert"]
    return f"  {item['transition'].lower()} {alert['severity'].lower()} of {alert['ownerId']}: {alert['message']}"


def causes_told(found: dict[str, Any]) -> str:
    lines = [f"{found['text']} (at sequence {found['sequence']})"]
    for item in found["causes"]:
        away = "the start itself" if not item["depth"] else f"{item['depth']} upstream"
        lines.append(
            f"  {item['twinId']} ({away}): {', '.join(item['troubles']).lower()}; explains {item['explains']}"
            f"{_EFFECT[item['effect']]}"
        )
        lines += [f"    {alert['severity'].lower()}: {alert['message']}" for alert in item["alerts"]]
    return "\n".join(lines)
