"""`twin-overlay apply`: files on disk to mutations of a running server.

All JSON documents go as one mutation, so that types, twins and overlays that need each other arrive whole or not at
all; the scripts follow, in the order given, each as one mutation.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from app.client import GraphqlClient
from app.errors import Invalid, Problem

SAVE = """
mutation Save($documents: [DefinitionInput!]!, $reason: String) {
  saveDefinitions(input: {documents: $documents, reason: $reason}) {
    created { kind id } updated { kind id } unchanged { kind id }
    warnings { code message path hint }
  }
}
"""
EXECUTE = """
mutation Execute($source: String!, $name: String) {
  executeDtsl(input: {source: $source, name: $name}) {
    created { kind id } updated { kind id } unchanged { kind id }
    diagnostics { severity rendered }
  }
}
"""


def kind_of_document(document: Mapping[str, Any]) -> str | None:
    """Which kind of definition a document of the specification's form is; None where it is none of them."""
    if "overlay_id" in document:
        return "OVERLAY"
    if "twin_id" in document:
        return "TWIN"
    if "type_id" in document:
        return "OVERLAY_TYPE" if "twin_roles" in document or "relationship_types" in document else "TWIN_TYPE"
    return "RELATIONSHIP_TYPE" if "relationship_type" in document else None


async def apply_files(client: GraphqlClient, files: Sequence[Path], reason: str) -> list[str]:
    """What was done, a line each. Raises Invalid with every file that can't be read before anything is sent."""
    documents: list[dict[str, Any]] = []
    scripts: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for file in files:
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem("FILE_UNREADABLE", str(error), str(file)))
            continue
        if file.suffix == ".dtsl":
            scripts.append((file.name, text))
        elif file.suffix == ".json":
            documents += _documents_of(file, text, problems)
        else:
            problems.append(
                Problem(
                    "FILE_UNKNOWN",
                    f"'{file.suffix}' is not a kind of file that can be applied",
                    str(file),
                    "give .json documents or .dtsl scripts",
                )
            )
    if problems:
        raise Invalid.of(problems, "what was given", code="FILES_INVALID")
    lines: list[str] = []
    if documents:
        data = await client.execute(SAVE, {"documents": documents, "reason": reason})
        lines += _report(data["saveDefinitions"])
        lines += [
            f"warning: {item['path']}: {item['code']} {item['message']}" for item in data["saveDefinitions"]["warnings"]
        ]
    for name, source in scripts:
        data = await client.execute(EXECUTE, {"source": source, "name": name})
        lines += _report(data["executeDtsl"])
        lines += [item["rendered"] for item in data["executeDtsl"]["diagnostics"]]
    return lines


def _documents_of(file: Path, text: str, problems: list[Problem]) -> list[dict[str, Any]]:
    try:
        content = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f"{file}:{error.lineno}:{error.colno}" if isinstance(error, json.JSONDecodeError) else str(file)
        problems.append(Problem("JSON_INVALID", str(error), where))
        return []
    found: list[dict[str, Any]] = []
    items = content if isinstance(content, list) else [content]
    for index, item in enumerate(items):
        kind = kind_of_document(item) if isinstance(item, dict) else None
        if kind is None:
            where = f"{file}#/{index}" if isinstance(content, list) else str(file)
            problems.append(
                Problem(
                    "KIND_UNKNOWN",
                    "this is no relationship type, twin type, twin, overlay type or overlay",
                    where,
                    "a definition has relationship_type, type_id, twin_id or overlay_id",
                )
            )
        else:
            found.append({"kind": kind, "document": item})
    return found


def _report(saved: Mapping[str, Any]) -> list[str]:
    return [
        f"{what}: {item['kind'].lower()} {item['id']}"
        for what in ("created", "updated", "unchanged")
        for item in saved[what]
    ]
