"""`twin-overlay what-if` and `rehearse`: tried out by a running server, told as text or as JSON."""

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from app.bulk.reading import read_paths
from app.client import GraphqlClient
from app.errors import Invalid, Problem

_REHEARSE = """query($steps: [RehearsalStepInput!]!, $answers: Answers!) {
  rehearse(input: {steps: $steps, answers: $answers}) { sequence twins behaviors notes
    transitions { step after ownerKind ownerId behavior was state evidence skipped explanation { text } }
    alerts { step after transition alert { code severity message ownerId behavior } }
    calls { step after call { twinId method property arguments status error } }
    totals { transitions alerts calls notes } truncated } }"""
_DEFINITIONS = """query($definitions: DefinitionsInput!, $hours: Float!) {
  rehearseDefinitions(input: {definitions: $definitions, hours: $hours}) { began ended entries whole
    differences { ownerKind ownerId behavior fact what before after gone new }
    unchanged { ownerKind ownerId behavior fact what before after }
    warnings { code message } totals { differences unchanged warnings } truncated } }"""
_SET = re.compile(r"([^=\s]+)\.([^=.\s]+)=(.*)", re.S)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SHOWN_TIMES = 3


def steps_of(words: Sequence[str]) -> list[dict[str, Any]]:
    """One step a word: `pump_1.temperature=95,pump_1.status="fault"`, `disconnect:pump_1`, `connect:pump_1`,
    `wait:30s`. Raises Invalid with every word that is none."""
    steps: list[dict[str, Any]] = []
    problems = []
    for place, word in enumerate(words):
        step = _step(word)
        if step is None:
            message = f"'{word[:200]}' is no step"
            hint = "write TWIN.PROPERTY=VALUE[,...], disconnect:TWIN, connect:TWIN or wait:30s"
            problems.append(Problem("STEP_INVALID", message, f"/steps/{place}", hint))
        else:
            steps.append(step)
    if problems:
        raise Invalid.of(problems, "the steps", code="STEP_INVALID")
    return steps


def _step(word: str) -> dict[str, Any] | None:
    kind, colon, rest = word.partition(":")
    if colon and kind in ("disconnect", "connect") and rest:
        return {kind: rest.split(",")}
    if colon and kind == "wait":
        parts = _LENGTH.findall(rest)
        if not parts or "".join(number + unit for number, unit in parts) != rest:
            return None
        return {"wait": sum(float(number) * _UNITS[unit] for number, unit in parts)}
    changes = []
    for part in re.split(r",(?=[^=,\s]+\.[^=.,\s]+=)", word):
        found = _SET.fullmatch(part)
        if found is None:
            return None
        changes.append({"twinId": found[1], "property": found[2], "value": _value(found[3])})
    return {"set": changes}


def _value(text: str) -> Any:
    """JSON, else the text as it stands."""
    try:
        return json.loads(text)
    except ValueError:
        return text


async def what_if(client: GraphqlClient, words: Sequence[str], answers: str, as_json: bool) -> str:
    variables = {"steps": steps_of(words), "answers": answers.upper()}
    found = (await client.execute(_REHEARSE, variables))["rehearse"]
    return json.dumps(found, ensure_ascii=False, indent=2) if as_json else _foreseen(found)


def _foreseen(found: dict[str, Any]) -> str:
    lines = [f"tried on {found['twins']} twins and {found['behaviors']} behaviors, from sequence {found['sequence']}"]
    told = [(item["step"], item["after"], 0, _transition(item)) for item in found["transitions"]]
    told += [
        (item["step"], item["after"], 1, f"alert {item['alert']['code']} of {item['alert']['ownerId']}/"
         f"{item['alert']['behavior']} {item['transition'].lower()}: {item['alert']['message']}")
        for item in found["alerts"]
    ]  # fmt: skip
    told += [
        (item["step"], item["after"], 2, f"call {item['call']['twinId']}."
         f"{item['call']['method'] or item['call']['property']} {item['call']['status'].lower()}"
         + (f": {item['call']['error']}" if item["call"]["error"] else ""))
        for item in found["calls"]
    ]  # fmt: skip
    lines += [f"step {step + 1} +{after:g} s  {text}" for step, after, _, text in sorted(told, key=lambda x: x[:3])]
    if not told:
        lines.append("nothing would follow")
    if found["truncated"]:
        totals = found["totals"]
        told_of = ", ".join(f"{totals[what]} {what}" for what in ("transitions", "alerts", "calls", "notes"))
        lines.append(f"not all of it is listed: there are {told_of}")
    return "\n".join(lines + [f"note: {note}" for note in found["notes"]])


def _transition(item: dict[str, Any]) -> str:
    name = f"{item['ownerId']}/{item['behavior']}"
    if item["was"] == item["state"]:
        return f"{name} stays {item['state'].lower()}, its evidence is {item['evidence'].lower()}"
    return f"{name} becomes {item['state'].lower()}"


async def rehearse(client: GraphqlClient, paths: Sequence[Path], hours: float, as_json: bool) -> str:
    """Raises Invalid for files that can't be used, and what the server
    reports."""
    found = read_paths(paths)
    if found.scripts and found.documents:
        raise Invalid("give either scripts or documents", code="FILES_INVALID", hint="rehearse them one after another")
    documents = [{"kind": item.kind.upper(), "document": item.document} for item in found.documents]
    source = "\n".join(text for _, text in found.scripts)
    variables = {"definitions": {"source": source} if found.scripts else {"documents": documents}, "hours": hours}
    answer = (await client.execute(_DEFINITIONS, variables, timeout_seconds=300.0))["rehearseDefinitions"]
    return json.dumps(answer, ensure_ascii=False, indent=2) if as_json else _differences(answer)


def _differences(answer: dict[str, Any]) -> str:
    if answer["began"] is None:
        return "nothing that runs would change"
    lines = [f"{answer['entries']} journal entries, from {answer['began']} to {answer['ended']}"]
    if not answer["whole"]:
        lines.append("it took too long: the rest of the journal was left out")
    lines += [f"warning: {item['message']}" for item in answer["warnings"]]
    for row in answer["differences"]:
        what = f" {row['what']}" if row["what"] else ""
        lines.append(
            f"{row['ownerId']}/{row['behavior']} {row['fact'].lower()}{what}: {row['before']} -> {row['after']}"
        )
        for name, sign in (("gone", "-"), ("new", "+")):
            lines += [f"  {sign} {at}" for at in row[name][:_SHOWN_TIMES]]
            if len(row[name]) > _SHOWN_TIMES:
                lines.append(f"  {sign} and more")
    if not answer["differences"]:
        lines.append("the changed rules would have done the same")
    return "\n".join(lines)
