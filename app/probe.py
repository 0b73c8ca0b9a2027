"""`twin-overlay probe`: what a device or broker has, in a table, and as documents for a type.

Where documents are asked for, they alone go to standard output (or into a file), and everything for people to standard
error, so that `probe ... --type pump > pump.json` is a file that `apply` takes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from app.bulk.canonical import in_order
from app.client import GraphqlClient
from app.commands.documents import definition_of
from app.connectors.keys import Keys
from app.connectors.probe.draft import Draft, Existing, draft
from app.connectors.probe.found import Found
from app.connectors.probe.mqtt import probe_mqtt
from app.connectors.probe.opcua import Limits, probe_opcua
from app.errors import Invalid, Misconfigured, NotFound
from app.model.definitions import Kind, TwinType, to_document
from app.model.names import IDENTIFIER_RULE, is_identifier

TYPE = """
query Type($type: ID!, $twin: ID!, $withTwin: Boolean!) {
  twinType(typeId: $type) { document properties { name unit } methods { name } events { name } }
  twin(twinId: $twin) @include(if: $withTwin) { document }
}
"""
_WIDTH = 200
"""Columns, where no terminal says how many."""


@dataclass(frozen=True, slots=True)
class Options:
    root: str
    topic: str
    seconds: float
    user: str | None = None
    password_env: str | None = None
    allow_plain_password: bool = False
    certificate: str | None = None
    certificates: Path = Path("twin-overlay-data/certificates")
    max_nodes: int = 5000
    max_depth: int = 12
    type_id: str | None = None
    twin_id: str | None = None
    existing: Path | None = None
    server: str | None = None
    out: Path | None = None

    @property
    def wants_documents(self) -> bool:
        return self.type_id is not None or self.existing is not None


async def probe(address: str, options: Options, write: Callable[[str], None]) -> None:
    """`write` puts documents to standard output. Raises what the probes and `draft` do, Misconfigured for options
    that don't fit together, NotFound and Invalid for the type."""
    _check(options)
    authentication = _authentication(options)
    known = await _known(options)
    found = await _probed(address, options, authentication)
    told = Console(stderr=options.wants_documents and options.out is None, highlight=False)
    _show(_wide(told), found)
    if not options.wants_documents:
        return
    type_id = options.type_id or str(known.type.document["type_id"] if known.type else "")
    made = draft(
        found,
        type_id,
        twin_id=options.twin_id,
        existing=known.type,
        twin=known.twin,
        authentication=authentication,
    )
    for note in made.notes:
        told.print(f"note: {note}", markup=False, soft_wrap=True)
    text = _text(made)
    if options.out is None:
        write(text)
        return
    try:
        options.out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misconfigured(f"cannot write {options.out}: {error.strerror}", code="FILE_UNWRITABLE") from error
    told.print(f"written: {options.out}", markup=False, soft_wrap=True)


def _check(options: Options) -> None:
    if (options.user is None) != (options.password_env is None):
        raise Misconfigured(
            "--user and --password-env belong together",
            code="AUTHENTICATION_INCOMPLETE",
            hint="--password-env names the environment variable that holds the password",
        )
    if options.existing is not None and options.server is not None:
        raise Misconfigured("the type comes from --for or from --server, not from both", code="OPTIONS_CONFLICT")
    if options.server is not None and options.type_id is None:
        raise Misconfigured("--server needs --type: which of its types is meant", code="OPTIONS_CONFLICT")
    if not options.wants_documents and (options.twin_id is not None or options.out is not None):
        raise Misconfigured("--twin and --out need --type or --for", code="OPTIONS_CONFLICT")
    for name, id in (("--type", options.type_id), ("--twin", options.twin_id)):
        if id is not None and not is_identifier(id):
            raise Misconfigured(f"{name} is not an identifier: {IDENTIFIER_RULE}", code="ID_INVALID")


def _authentication(options: Options) -> dict[str, Any] | None:
    found: dict[str, Any] = {}
    if options.user is not None:
        found |= {"type": "password", "username": options.user, "password_env": options.password_env}
        found |= {"allow_plain_password": True} if options.allow_plain_password else {}
    if options.certificate is not None:
        found = {"type": "certificate", **found, "certificate_id": options.certificate}
    return found or None


async def _probed(address: str, options: Options, authentication: Mapping[str, Any] | None) -> Found:
    scheme = address.partition("://")[0]
    keys = Keys.of(options.certificates, options.certificates.parent / "secrets")
    if scheme == "opc.tcp":
        limits = Limits(options.max_nodes, options.max_depth)
        return await probe_opcua(address, options.root, authentication, limits, keys)
    if scheme in ("mqtt", "mqtts"):
        return await probe_mqtt(address, options.topic, options.seconds, authentication, options.max_nodes, keys)
    raise Misconfigured(
        f"'{address[:200]}' is no address that can be probed",
        code="ENDPOINT_INVALID",
        hint="write opc.tcp://host:4840 or mqtt://host:1883",
    )


# ---------------------------------------------------------------- the type there is


@dataclass(frozen=True, slots=True)
class _Known:
    type: Existing | None = None
    twin: Mapping[str, Any] | None = None


async def _known(options: Options) -> _Known:
    if options.existing is not None:
        return _Known(_in_file(options.existing, options.type_id))
    if options.server is None or options.type_id is None:
        return _Known()
    async with GraphqlClient(options.server) as client:
        variables = {
            "type": options.type_id,
            "twin": options.twin_id or "none",
            "withTwin": options.twin_id is not None,
        }
        data = await client.execute(TYPE, variables)
    found = data["twinType"]
    if found is None:
        raise NotFound(
            f"{options.server} has no twin type '{options.type_id}'",
            code="TWIN_TYPE_NOT_FOUND",
            hint="without --server a new type is written",
        )
    units = {item["name"]: item["unit"] for item in found["properties"]}
    methods, events = ([item["name"] for item in found[part]] for part in ("methods", "events"))
    twin = data.get("twin")
    return _Known(Existing(found["document"], units, methods, events), twin["document"] if twin else None)


def _in_file(file: Path, type_id: str | None) -> Existing:
    """The type of that id, or the only one; parts of types that it extends are looked for in the same file."""
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise Invalid(f"{file} can't be read as JSON: {error}", code="FILE_UNREADABLE") from error
    items = content if isinstance(content, list) else [content]
    types: dict[str, TwinType] = {}
    for item in items:
        if isinstance(item, dict) and "type_id" in item and "twin_roles" not in item:
            definition = definition_of("twin_type", item)
            assert isinstance(definition, TwinType)
            types[definition.type_id] = definition
    wanted = type_id or (next(iter(types)) if len(types) == 1 else "")
    if wanted not in types:
        if type_id is not None:
            raise NotFound.named("twin type", type_id, types, path=str(file))
        raise Invalid(f"{file} has {len(types)} twin types", code="TYPE_UNCLEAR", hint="name one of them with --type")
    line = [types[wanted]]
    while (above := line[-1].extends) is not None and above in types and types[above] not in line:
        line.append(types[above])
    units = {item.name: item.unit for of_type in reversed(line) for item in of_type.properties}
    methods = list(dict.fromkeys(item.name for of_type in reversed(line) for item in of_type.methods))
    events = list(dict.fromkeys(item.name for of_type in reversed(line) for item in of_type.events))
    return Existing(to_document(types[wanted]), units, methods, events)


# ---------------------------------------------------------------- output


def _text(made: Draft) -> str:
    """Sound by the same rules as any other document."""
    documents = []
    for document in made.documents:
        kind: Kind = "twin" if "twin_id" in document else "twin_type"
        documents.append(in_order(definition_of(kind, document)))
    content = documents[0] if len(documents) == 1 else documents
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _wide(console: Console) -> Console:
    if not console.is_terminal:
        console.width = _WIDTH
    return console


def _show(console: Console, found: Found) -> None:
    for number, uri in enumerate(found.namespaces):
        if number > 1:
            console.print(f"ns={number} is {uri}", markup=False, soft_wrap=True)
    if found.protocol == "opc-ua":
        _table(
            console,
            ("node", "where", "type", "value", "unit", "range", "access"),
            [
                (
                    str(item.mapping["node_id"]),
                    "/".join((*item.owner, item.name)),
                    item.device_type,
                    item.value,
                    item.unit or "",
                    f"{item.minimum:g} to {item.maximum:g}" if item.minimum is not None else "",
                    item.access or "none",
                )
                for item in found.properties
            ],
        )
    else:
        _table(
            console,
            ("topic", "pointer", "type", "value", "heard"),
            [
                (str(item.mapping["topic"]), item.mapping.get("pointer", ""), item.device_type, item.value, item.remark)
                for item in found.properties
            ],
        )
    named = [("method", item.owner, item.name, item.inputs, item.mapping) for item in found.methods]
    named += [("event", item.owner, item.name, item.parameters, item.mapping) for item in found.events]
    for what, owner, name, parameters, mapping in named:
        arguments = ", ".join(f"{part.name}: {part.device_type}" for part in parameters)
        place = "/".join((*owner, name))
        console.print(f"{what} {place}({arguments}) at {mapping['node_id']}", markup=False, soft_wrap=True)
    if not (found.properties or found.methods or found.events):
        console.print("nothing was found", soft_wrap=True)
    for note in found.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)


def _table(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)
