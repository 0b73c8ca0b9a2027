"""The OpenAPI 3.1 of the REST face: FastAPI's, with the models of app/model and shapes.py as its components.

Endpoints read their bodies themselves (bodies.py), so what they take and give is written here as references.
"""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from app.api.problem import MEDIA_TYPE, PREFIX
from app.api.rest.shapes import SHAPES

Responses = dict[int | str, dict[str, Any]]

_REF = "#/components/schemas/"
_PROBLEMS = {
    400: "The request is not well formed: its query, its headers or its JSON.",
    403: "A page of a foreign origin asks.",
    404: "Nothing has this id or name.",
    409: "Right in itself, but not as things stand: the id is taken, others use it, the rules or the device refuse.",
    412: "The revision is not the one in If-Match.",
    413: "The body or the document is too large.",
    415: "The content type is not the one that is taken here.",
    421: "The request is for another host.",
    422: "The document, script or value is wrong; `problems` has every fault with its place.",
    500: "A bug; the log has it under the reference.",
    502: "The device could not be asked, or its answer is not known.",
    503: "The graph, the journal or the disk does not answer now, or too much waits to be taken (INGEST_FULL).",
    507: "The assets would be larger than the settings allow, or the disk is full.",
}
_ALWAYS = (400, 403, 421, 500)


def ref(name: str) -> dict[str, Any]:
    return {"$ref": _REF + name}


def body(media: str, schema: Mapping[str, Any], description: str, example: Any = None) -> dict[str, Any]:
    """For `openapi_extra`."""
    content = {"schema": dict(schema), **({"example": example} if example is not None else {})}
    return {"requestBody": {"required": True, "description": description, "content": {media: content}}}


def gives(shape: str, description: str, *, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": ref(shape)}}}
    if headers:
        found["headers"] = {name: {"description": text, "schema": {"type": "string"}} for name, text in headers.items()}
    return found


def responses(*statuses: int, **good: dict[str, Any]) -> Responses:
    """`good` by status with an underscore before it: `_200=gives(...)`; the problems of every route are added."""
    found: Responses = {int(name[1:]): given for name, given in good.items()}
    for status in sorted({*_ALWAYS, *statuses}):
        found[status] = {"description": _PROBLEMS[status], "content": {MEDIA_TYPE: {"schema": ref("ProblemDetails")}}}
    return found


def document(app: FastAPI, version: str) -> dict[str, Any]:
    found = get_openapi(
        title="Twin Overlay",
        version=version,
        openapi_version="3.1.0",
        summary="Digital twins and overlays over HTTP",
        description=(
            "The specification's API reference. Everything here is also in GraphQL (/graphql), which follows edges, "
            "pages and subscribes. Mutations are attributed to the name in X-Actor."
        ),
        routes=app.routes,
        servers=[{"url": PREFIX}],
    )
    _, schemas = models_json_schema([(shape, "validation") for shape in SHAPES], ref_template=_REF + "{model}")
    for path in found["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _given(parameter["schema"])
            if operation["responses"].get("422", {}).get("content", {}).keys() == {"application/json"}:
                del operation["responses"]["422"]  # FastAPI adds its own, which is never sent
    found["components"] = {"schemas": dict(sorted(schemas["$defs"].items()))}
    return found


def _given(schema: dict[str, Any]) -> dict[str, Any]:
    """An optional parameter is left out; there is no null in an address or a header."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) != 1:
        return schema
    return {**choices[0], **{key: value for key, value in schema.items() if key != "anyOf"}}
