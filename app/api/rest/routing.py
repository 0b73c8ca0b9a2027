"""How a route of the REST face answers when something is wrong: always problem details, never FastAPI's own form.

A query parameter that nobody declared is refused: a misspelled filter must not look like an empty result.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Route

from app.api.masking import internal
from app.api.problem import problem, problem_of
from app.api.rest.spans import BadAddress
from app.errors import Invalid, Problem, TwinOverlayError
from app.model.near import near

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class RestRoute(APIRoute):
    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()
        known = sorted(parameter.alias for parameter in self.dependant.query_params)
        return _answering(handle, known)


def _answering(handle: Callable[[Request], Awaitable[Response]], known: list[str]) -> Handler:
    async def answer(request: Request) -> Response:
        try:
            _only(request, known)
            response = await handle(request)
        except BadAddress as error:
            response = problem(error, 400)
        except TwinOverlayError as error:
            response = problem(error)
        except RequestValidationError as error:
            response = problem(_invalid(error))
        except Exception as error:
            found = internal(error, f"{request.method} {request.url.path}")
            response = problem_of(500, "internal error", found)
        response.headers["x-content-type-options"] = "nosniff"
        response.headers.setdefault("cache-control", "no-store")
        return response

    return answer


def _only(request: Request, known: list[str]) -> None:
    problems = [
        Problem(
            "UNKNOWN_QUERY_PARAMETER",
            f"there is no query parameter '{name[:100]}' here",
            f"/{name[:100]}",
            near(name, known) or (f"known are {', '.join(known)}" if known else "this takes none"),
        )
        for name in dict.fromkeys(request.query_params)
        if name not in known
    ]
    if problems:
        raise Invalid.of(problems, "the query", code="UNKNOWN_QUERY_PARAMETER")


def _invalid(error: RequestValidationError) -> Invalid:
    problems = [
        Problem("REQUEST_INVALID", str(item["msg"]), "".join(f"/{part}" for part in item["loc"][1:]), "")
        for item in error.errors()
    ]
    return Invalid.of(problems, "the request", code="REQUEST_INVALID")


async def no_route(request: Request, error: Exception) -> Response:
    """404 and 405 of the router. Allow has every method of the path: Starlette names those of its first route only."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = sorted(
            {
                method
                for route in request.app.routes
                if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE
                for method in (*(route.methods or ()), *(("HEAD",) if "GET" in (route.methods or ()) else ()))
            }
        )
        found = {"code": "METHOD_NOT_ALLOWED", "hint": f"this path takes {', '.join(allowed)}"}
        response = problem_of(405, f"{request.method[:20]} is not for this path", found)
        response.headers["allow"] = ", ".join(allowed)
        return response
    found = {"code": "PATH_NOT_FOUND", "hint": "the paths are listed in /api/v1/openapi.json"}
    return problem_of(error.status_code, f"there is nothing at {request.url.path[:200]}", found)
