"""`twin-overlay why` and `why-not`: what a running server says of a behavior or an alert, in words or as JSON."""

import json
from collections.abc import Mapping
from typing import Any

from app.client import GraphqlClient
from app.errors import Invalid, NotFound
from app.model.time import Micros, iso

_EXPLANATION = """text at state evidence since error revision
  nodes { index parent kind text evidence value why input }
  inputs { twinId property role source value { json unit quality timestamp known reason } }
  cause { kind ref at } calls { callId twinId method property status error }"""
_WHY = f"""query($kind: OwnerKind!, $id: ID!, $name: String!, $at: DateTime) {{
  behavior(ownerKind: $kind, ownerId: $id, name: $name) {{ explanation(at: $at) {{ {_EXPLANATION} }} }} }}"""
_WHY_NOT = f"""query($kind: OwnerKind!, $id: ID!, $name: String!) {{
  behavior(ownerKind: $kind, ownerId: $id, name: $name) {{ whyNot {{ text whole blocked
    ways {{ distance parts {{ node text wanted input needs nearest distance }} }}
    explanation {{ {_EXPLANATION} }} }} }} }}"""
_ALERT = f"query($id: ID!) {{ alert(alertId: $id) {{ explanation {{ {_EXPLANATION} }} }} }}"


NOT_LOADED = "the engine has not loaded this behavior yet"
_LEAVES = ("LITERAL", "PROPERTY")
_LOGIC = (None, "AND", "OR", "NOT", "HELD", "WITHIN")


async def why(client: GraphqlClient, what: str, as_json: bool, at: Micros | None = None) -> str:
    """`what` is `OWNER/BEHAVIOR` or the id of an alert. Raises NotFound, Invalid."""
    if "/" not in what:
        if at is not None:
            raise Invalid(
                f"'{what}' is an alert, which is explained with the values of the moment at which it was raised",
                code="MOMENT_NOT_OF_ALERT",
                hint="leave --at out, or name its behavior as OWNER/BEHAVIOR",
            )
        found = (await client.execute(_ALERT, {"id": what}))["alert"]
        if found is None:
            raise NotFound(f"there is no alert '{what}'", code="ALERT_NOT_FOUND", hint="a behavior is OWNER/NAME")
        return shown(found["explanation"], as_json)
    found = await _behaviors(client, what, _WHY, {} if at is None else {"at": iso(at)})
    nothing = f"it had not turned by {iso(at)}" if at is not None else NOT_LOADED
    return "\n".join(shown(item["explanation"], as_json, nothing) for item in found)


async def why_not(client: GraphqlClient, what: str, as_json: bool) -> str:
    """Raises NotFound, Invalid."""
    if "/" not in what:
        raise Invalid(f"'{what}' is no behavior", code="BEHAVIOR_INVALID", hint="write OWNER/BEHAVIOR")
    return "\n".join(shown(found["whyNot"], as_json) for found in await _behaviors(client, what, _WHY_NOT))


async def _behaviors(
    client: GraphqlClient, what: str, query: str, more: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """A twin and an overlay may have one id: then those of both."""
    owner, _, name = what.partition("/")
    found = []
    for kind in ("TWIN", "OVERLAY"):
        answer = await client.execute(query, {"kind": kind, "id": owner, "name": name, **(more or {})})
        if answer["behavior"] is not None:
            found.append(answer["behavior"])
    if not found:
        raise NotFound(
            f"there is no behavior '{name}' of '{owner}'",
            code="BEHAVIOR_NOT_FOUND",
            hint="write the id of the twin or overlay, a slash, and the behavior's name",
        )
    return found


def shown(found: dict[str, Any] | None, as_json: bool, nothing: str = NOT_LOADED) -> str:
    if found is None:
        return "null" if as_json else nothing
    if as_json:
        return json.dumps(found, ensure_ascii=False, indent=2)
    lines = [found["text"]]
    nodes = found.get("nodes", [])
    depth: dict[int, int] = {}
    for node in nodes:
        depth[node["index"]] = 0 if node["parent"] is None else depth[node["parent"]] + 1
        above = None if node["parent"] is None else nodes[node["parent"]]["kind"]
        if node["evidence"] is not None and (node["kind"] not in _LEAVES or above in _LOGIC):
            why = f"  ({node['why']})" if node["why"] else ""
            lines.append(f"{'  ' * (depth[node['index']] + 1)}{node['evidence'].lower():<8}{node['text']}{why}")
    return "\n".join(lines)
