"""Assets under /api/v1: listed, uploaded, deleted, and what is known of one; the files themselves are under /assets.

A body is streamed to the disk as it comes, so its limit is the assets' own and not that of documents.
"""

from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Header, Path, Query, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.bodies import JSON
from app.api.rest.definitions import By
from app.api.rest.openapi import gives, responses
from app.api.rest.paging import After, Before, First, Last, answer, cut_page
from app.api.rest.preconditions import tags
from app.api.services import Services
from app.commands.assets import Expected, paths_below
from app.errors import Invalid, NotFound
from app.model.assets import MAX_PATH, Asset, url_of
from app.model.near import near
from app.model.time import iso

BINARY = "application/octet-stream"
AssetPath = Annotated[
    str,
    Path(
        description="Its path, slashes included, as documents write it behind the first slash.",
        examples=["models/pump.glb"],
        json_schema_extra={"minLength": 1, "maxLength": MAX_PATH},
    ),
]
Match = Annotated[str | None, Header(alias="If-Match", description="ETags; 412 where it is none of them now.")]
NoneMatch = Annotated[
    str | None,
    Header(alias="If-None-Match", description="`*`: only if there is none yet, else 412."),
]
Force = Annotated[bool, Query(description="Delete it although definitions name it.")]
_TAGGED = {"ETag": "Of the file, the same at /assets: for If-Match and If-None-Match."}


def add_assets(app: FastAPI, services: Services) -> None:
    commands = services.commands.assets
    store = commands.store

    async def list_assets(
        request: Request,
        prefix: Annotated[str, Query(description="Only paths that begin so, with or without the first slash.")] = "",
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Response:
        await store.refresh()
        found = paths_below(store, prefix)
        return answer(
            "/assets",
            request,
            first,
            last,
            lambda: cut_page(found, first, after, last, before, "/assets"),
            lambda id: _shape(store.find(id)),
        )

    async def read(request: Request, path: AssetPath) -> Response:
        await store.refresh()
        asset = store.find(path)
        if asset is None:
            hint = near(f"/{path}", [f"/{known}" for known in store.paths()])
            raise NotFound(f"there is no asset '/{path[:200]}'", code="ASSET_NOT_FOUND", hint=hint)
        return _answered(asset)

    async def save(
        request: Request, path: AssetPath, if_match: Match = None, if_none_match: NoneMatch = None, x_actor: By = None
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        _refuse_wrapped(request)
        try:
            asset, created = await commands.save(path, request.stream(), actor, _expected(request))
        except ClientDisconnect:
            return Response(None, 400)  # nobody reads it
        return _answered(asset, 201 if created else 200, {"location": url_of(path)})

    async def delete(
        request: Request, path: AssetPath, force: Force = False, if_match: Match = None, x_actor: By = None
    ) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        await commands.delete(path, actor, _expected(request), force=force)
        return Response(None, 204)

    section: list[Any] = ["assets"]
    app.add_api_route(
        "/assets",
        list_assets,
        methods=["GET"],
        operation_id="listAssets",
        summary="List assets by path, page by page",
        tags=section,
        response_class=Response,
        responses=responses(
            503,
            _200=gives("AssetPage", "A page.", headers={"Link": 'rel="next" and rel="prev", where there are.'}),
        ),
    )
    one = "/assets/{path:path}"
    app.add_api_route(
        one,
        read,
        methods=["GET"],
        operation_id="getAsset",
        summary="What is known of an asset; the file itself is at its `url`",
        tags=section,
        response_class=Response,
        responses=responses(404, 503, _200=gives("AssetShape", "Its size, type and ETag.", headers=_TAGGED)),
    )
    app.add_api_route(
        one,
        save,
        methods=["PUT"],
        operation_id="saveAsset",
        summary="Upload a file, new or in place of another",
        description=(
            "The body is the file itself, whole or not at all. Its media type follows from the ending of its path; the "
            "Content-Type of the request is not kept. A form (multipart/form-data) is refused."
        ),
        tags=section,
        response_class=Response,
        status_code=200,
        responses=responses(
            *(409, 412, 413, 415, 422, 503, 507),
            _200=gives(
                "AssetShape",
                "It has taken the place of another.",
                headers={**_TAGGED, "Location": "Where it is served."},
            ),
            _201=gives("AssetShape", "It is new.", headers={**_TAGGED, "Location": "Where it is served."}),
        ),
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "The file.",
                "content": {BINARY: {"schema": {"type": "string", "format": "binary"}}},
            }
        },
    )
    app.add_api_route(
        one,
        delete,
        methods=["DELETE"],
        operation_id="deleteAsset",
        summary="Delete an asset, if no definition names it",
        tags=section,
        response_class=Response,
        status_code=204,
        responses=responses(404, 409, 412, 503, 507, _204={"description": "Deleted."}),
    )


def _refuse_wrapped(request: Request) -> None:
    """Raises Invalid (CONTENT_TYPE_NOT_ALLOWED): a form's or a compressed body would be kept as it is."""
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if given.startswith("multipart/") or coding not in ("", "identity"):
        what = "as a form" if given.startswith("multipart/") else f"with the coding {coding[:40]}"
        raise Invalid(
            f"a file is sent as it is, not {what}",
            code="CONTENT_TYPE_NOT_ALLOWED",
            hint="send its bytes as the body: curl -T FILE",
        )


def _expected(request: Request) -> Expected:
    def listed(name: str) -> tuple[str, ...] | None:
        given = request.headers.get(name)
        if given is None:
            return None
        return ("*",) if given.strip() == "*" else tuple(f'"{tag}"' for tag, weak in tags(given) if not weak)

    return Expected(listed("if-match"), listed("if-none-match") or ())


def _answered(asset: Asset, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    told = {"etag": asset.etag, "cache-control": "no-cache", **(headers or {})}
    return Response(msgspec.json.encode(_shape(asset)), status, told, JSON)


def _shape(asset: Asset | None) -> dict[str, Any] | None:
    if asset is None:
        return None
    return {
        "path": asset.written,
        "url": asset.url,
        "media_type": asset.media_type,
        "size": asset.size,
        "etag": asset.etag,
        "modified_at": iso(asset.modified_at),
    }
