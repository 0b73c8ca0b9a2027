"""`twin-overlay plan`: what applying files would do to a server and at once to its plant, told as text or as JSON."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from app.bulk.batches import ordered
from app.bulk.plan import image
from app.bulk.reading import read_paths
from app.bulk.report import differing, listed, refs
from app.bulk.scripts import Meant, meant_by_scripts
from app.bulk.sending import placing
from app.client import GraphqlClient
from app.commands.differences import Difference

_PLAN = """query($documents: [DefinitionInput!]!) { planDefinitions(input: {documents: $documents}) {
  created { kind id } updated { kind id } unchanged { kind id }
  changes { definition { kind id } changes { op path where before after } }
  warnings { code message path hint } twins overlays
  openAlerts { ownerId behavior code severity message }
  transitions { ownerKind ownerId behavior was state evidence withheld made }
  alerts { transition alert { ownerId behavior code severity message clearReason } }
  totals { warnings twins overlays openAlerts transitions alerts } truncated } }"""
_SHOWN = 20


async def plan(client: GraphqlClient, paths: Sequence[Path], as_json: bool, say: Callable[[str], None]) -> str:
    """Raises Invalid and Conflict with every problem at its place in the files, and what the client does."""
    found = read_paths(paths)
    meant = meant_by_scripts(found, await image(client, say)) if found.scripts else Meant((), ())
    documents = ordered([*found.documents, *meant.documents])
    sent = [{"kind": item.kind.upper(), "document": item.document} for item in documents]
    with placing(documents):
        answer = (await client.execute(_PLAN, {"documents": sent}, timeout_seconds=300.0))["planDefinitions"]
    if as_json:
        return json.dumps(answer, ensure_ascii=False, indent=2)
    return "\n".join([*_lines(answer), *meant.remarks])


def _lines(answer: dict[str, Any]) -> list[str]:
    lines = list(listed("would create", refs(answer["created"])))
    for item in answer["changes"]:
        definition = item["definition"]
        if definition not in answer["updated"]:
            continue
        lines.append(f"would update: {definition['kind'].lower()} {definition['id']}")
        lines += differing([Difference(**{**change, "op": change["op"].lower()}) for change in item["changes"]])
    lines += listed("unchanged", refs(answer["unchanged"]))
    totals = answer["totals"]
    lines += [f"warning: {item['code']} {item['message']}" for item in answer["warnings"]]
    lines += _more("warning:", answer["warnings"], totals["warnings"])
    lines += _few("loaded anew: twin", answer["twins"], totals["twins"])
    lines += _few("loaded anew: overlay", answer["overlays"], totals["overlays"])
    lines += _few(
        "has an open alert:",
        [
            f"{_behavior(item)} {item['code']} ({item['severity'].lower()}): {item['message']}"
            for item in answer["openAlerts"]
        ],
        totals["openAlerts"],
    )
    for item in answer["transitions"]:
        lines.append(_transition(item))
        lines += [f"  withheld: {what}" for what in item["withheld"]]
        lines += [f"  made at once: {what}" for what in item["made"]]
    lines += _more("behaviors that would turn at once:", answer["transitions"], totals["transitions"])
    for item in answer["alerts"]:
        alert = item["alert"]
        why = f" ({alert['clearReason']})" if alert["clearReason"] else ""
        lines.append(f"alert {_behavior(alert)} {alert['code']} would be {item['transition'].lower()}{why}")
    lines += _more("alerts that would change at once:", answer["alerts"], totals["alerts"])
    if not answer["transitions"] and not answer["alerts"] and (answer["created"] or answer["updated"]):
        lines.append("no behavior would turn at once")
    return lines


def _few(what: str, items: Sequence[str], total: int) -> list[str]:
    shown = items[:_SHOWN]
    return [f"{what} {item}" for item in shown] + _more(what, shown, total)


def _more(what: str, shown: Sequence[Any], total: int) -> list[str]:
    return [f"{what} ... and {total - len(shown)} more"] if total > len(shown) else []


def _behavior(item: dict[str, Any]) -> str:
    return f"{item['ownerId']}/{item['behavior']}" if item["behavior"] else str(item["ownerId"])


def _transition(item: dict[str, Any]) -> str:
    evidence = item["evidence"].lower()
    if item["was"] == item["state"]:
        return f"{_behavior(item)} stays {item['state'].lower()}: its condition would be {evidence}"
    return f"{_behavior(item)} would become {item['state'].lower()} at once"
