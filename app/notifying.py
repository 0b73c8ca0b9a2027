"""`twin-overlay notify`: how the notification targets of a running server stand, and a test of one."""

from collections.abc import Iterator
from typing import Any

from app.client import GraphqlClient

_FIELDS = "name kind address state since lastError sent failed pending pendingMore"
_TARGETS = f"{{ notificationTargets {{ {_FIELDS} }} }}"
_TEST = "mutation($target: String!) { testNotification(input: {target: $target}) { warning target { address } } }"


async def told_targets(client: GraphqlClient) -> list[str]:
    """One line each, with its last error below."""
    found = (await client.execute(_TARGETS))["notificationTargets"]
    return [line for target in found for line in _lines(target)] or ["no notification target is configured"]


def _lines(target: dict[str, Any]) -> Iterator[str]:
    more = " or more" if target["pendingMore"] else ""
    yield (
        f"{target['name']}: {target['state'].lower()} since {target['since']}, {target['kind'].lower()} to "
        f"{target['address']}; {target['sent']} sent, {target['failed']} given up, {target['pending']}{more} waiting"
    )
    if target["lastError"]:
        yield f"  last error: {target['lastError']}"


async def told_test(client: GraphqlClient, target: str) -> list[str]:
    """Raises what keeps the target from taking it."""
    found = (await client.execute(_TEST, {"target": target}, timeout_seconds=330))["testNotification"]
    warning = [f"warning: {found['warning']}"] if found["warning"] else []
    return [f"{target} has taken a test message ({found['target']['address']})", *warning]
