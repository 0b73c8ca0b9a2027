"""The live twin under /api/v1: its instance, its properties, its methods, and the calls that came of them.

A status code must not claim what a device did not do: 200 means accepted, 202 not known yet, 409 that the device
refused, 502 that it could not be asked or never answered.
"""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.instance_document import instance_document, reading_document, simulation_of, value_document
from app.api.problem import PREFIX, problem
from app.api.rest.bodies import JSON, json_object, only_fields
from app.api.rest.definitions import By
from app.api.rest.openapi import body, gives, ref, responses
from app.api.services import Services
from app.commands.pointers import found as what
from app.commands.pointers import pointer
from app.errors import Invalid, NotFound, Problem, Refused, Unavailable
from app.model.change import StoredDefinition
from app.model.definitions import Twin
from app.model.events import Call, InterlockVerdict, Refusal
from app.model.near import near
from app.model.time import Micros, iso

TwinId = Annotated[str, Path(description="The twin's id.", examples=["pump_123"])]
PropertyName = Annotated[str, Path(description="One of its properties.", examples=["speed"])]
MethodName = Annotated[str, Path(description="One of its methods.", examples=["start"])]
CallId = Annotated[str, Path(description="A `call_id` of an answer.")]

_OPEN = ("decided", "attempted")
_CALLED = gives(
    "CallShape", "The device's answer is not known yet; follow Location.", headers={"Location": "The call."}
)


def add_instances(app: FastAPI, services: Services) -> None:
    catalogue, live, control = services.catalogue, services.live, services.commands.control

    async def instance(twin_id: TwinId) -> Response:
        stored, twin = twin_of(services, twin_id)
        return _json(instance_document(catalogue, live, stored, simulation_of(catalogue, twin)))

    async def read_property(twin_id: TwinId, name: PropertyName) -> Response:
        twin_of(services, twin_id)
        properties = catalogue.capabilities(twin_id).properties
        if name not in properties:
            message = f"there is no property '{name[:200]}' of twin '{twin_id}'"
            raise NotFound(message, code="PROPERTY_NOT_FOUND", hint=near(name, properties))
        return _json(value_document(live.property_state(twin_id, name)))

    async def set_property(request: Request, twin_id: TwinId, name: PropertyName, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        only_fields(given, ("value", "override_interlocks"), needed=("value",))
        written = await control.set_property(twin_id, name, given["value"], actor, _override(given))
        content = {"name": name, **reading_document(written.state), "call": call_document(written.call)}
        return _settled(written.call, content)

    async def invoke_method(request: Request, twin_id: TwinId, name: MethodName, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        given = await json_object(request)
        only_fields(given, ("parameters", "override_interlocks"))
        names, arguments = _arguments(given.get("parameters", []))
        override = _override(given)
        try:
            call = await control.invoke_method(twin_id, name, arguments, actor, override)
        except Invalid as error:
            raise _placed(error, names) from error
        return _settled(call, call_document(call))

    async def read_call(call_id: CallId) -> Response:
        found = live.call(call_id) or next(iter(await services.store.calls([call_id])), None)
        if found is None:
            raise NotFound(f"there is no call '{call_id[:200]}'", code="CALL_NOT_FOUND")
        return _json(call_document(found))

    one = "/twins/{twin_id}/instance"
    tags: list[Any] = ["instances"]
    app.add_api_route(
        one,
        instance,
        methods=["GET"],
        operation_id="getTwinInstance",
        summary="The live twin",
        tags=tags,
        response_class=Response,
        responses=responses(404, _200=gives("TwinInstance", "Values, active behaviors and last events of one moment.")),
    )
    app.add_api_route(
        one + "/properties/{name}",
        read_property,
        methods=["GET"],
        operation_id="getProperty",
        summary="The live value of a property",
        tags=tags,
        response_class=Response,
        responses=responses(404, _200=gives("Reading", "As it stands.")),
    )
    app.add_api_route(
        one + "/properties/{name}",
        set_property,
        methods=["PUT"],
        operation_id="setProperty",
        summary="Set a property: a mapped one by a write to its device, another one at once",
        tags=tags,
        response_class=Response,
        responses=responses(
            *(404, 409, 413, 415, 422, 502, 503),
            _200=gives("PropertyWritten", "Accepted. The value is what the device last reported; it may follow later."),
            _202=gives(
                "PropertyWritten",
                "The device's answer is not known yet; follow Location.",
                headers={"Location": "The call."},
            ),
        ),
        openapi_extra=body(JSON, ref("PropertyValue"), "The value.", {"value": 2700.0}),
    )
    app.add_api_route(
        one + "/methods/{name}",
        invoke_method,
        methods=["POST"],
        operation_id="invokeMethod",
        summary="Call a method on the device and wait for its answer",
        tags=tags,
        response_class=Response,
        responses=responses(
            *(404, 409, 413, 415, 422, 502, 503), _200=gives("CallShape", "The device accepted it."), _202=_CALLED
        ),
        openapi_extra=body(JSON, ref("MethodParameters"), "The parameters, by name.", {"parameters": []}),
    )
    app.add_api_route(
        "/calls/{call_id}",
        read_call,
        methods=["GET"],
        operation_id="getCall",
        summary="How far a call has come",
        tags=tags,
        response_class=Response,
        responses=responses(404, 503, _200=gives("CallShape", "As it stands.")),
    )


def twin_of(services: Services, twin_id: str) -> tuple[StoredDefinition, Twin]:
    stored = services.catalogue.get("twin", twin_id)
    if stored is None or not isinstance(stored.definition, Twin):
        hint = near(twin_id, services.catalogue.ids("twin"))
        raise NotFound(f"there is no twin '{twin_id[:200]}'", code="TWIN_NOT_FOUND", hint=hint)
    return stored, stored.definition


def _arguments(given: Any) -> tuple[list[str], dict[str, Any]]:
    """The specification's list of `{"name", "value"}`, by name; and the names in their order."""
    problems: list[Problem] = []
    form = 'parameters is a list of {"name": ..., "value": ...}'
    if not isinstance(given, list):
        problems.append(Problem("WRONG_TYPE", f"{what(given)} is no list", "/parameters", form))
        given = []
    names: list[str] = []
    values: dict[str, Any] = {}
    for index, item in enumerate(given):
        where = f"/parameters/{index}"
        if not isinstance(item, dict) or item.keys() != {"name", "value"} or not isinstance(item["name"], str):
            problems.append(Problem("WRONG_TYPE", "a parameter has a name and a value, nothing else", where, form))
        elif item["name"] in values:
            message = f"parameter '{item['name'][:100]}' is given twice"
            problems.append(Problem("DUPLICATE_NAME", message, f"{where}/name", "leave one of them out"))
        else:
            values[item["name"]] = item["value"]
            names.append(item["name"])
    if problems:
        raise Invalid.of(problems, "the call", code="ARGUMENTS_INVALID")
    return names, values


def _override(given: Mapping[str, Any]) -> str | None:
    """A person's word over interlocks: `{"reason": ...}`."""
    override = given.get("override_interlocks")
    if override is None:
        return None
    if not isinstance(override, dict) or override.keys() != {"reason"} or not isinstance(override["reason"], str):
        form = 'override_interlocks is {"reason": "..."}'
        raise Invalid(f"{what(override)} is no reason", code="WRONG_TYPE", hint=form, path="/override_interlocks")
    return str(override["reason"])


def _placed(error: Invalid, names: list[str]) -> Invalid:
    """The command's pointers start at a parameter's name; the body has a list."""
    places = {pointer((name,)): f"/parameters/{index}" for index, name in enumerate(names)}

    def place(problem: Problem) -> str:
        head, slash, rest = problem.path[1:].partition("/")
        where = places.get(f"/{head}") if problem.path else None
        if where is None:
            return "/parameters"
        return f"{where}/name" if problem.code == "UNKNOWN_PARAMETER" else f"{where}/value{slash}{rest}"

    problems = [Problem(item.code, item.message, place(item), item.hint) for item in error.problems]
    return Invalid(error.message, code=error.code, hint=error.hint, path=error.path, problems=problems)


def _settled(call: Call | None, content: Any) -> Response:
    if call is None or call.status == "accepted":
        return _json(content)
    if call.status in _OPEN:
        return _json(content, 202, {"location": f"{PREFIX}/calls/{call.call_id}"})
    why = f": {call.error}" if call.error else ""
    if call.status == "refused" and call.refusal is not None:
        retry = call.refusal.retry_at
        hint = "wait until it no longer stands, or give 'override_interlocks' with a reason"
        if retry is not None:
            hint = f"send it again at {iso(retry)}"
        return problem(Refused(call.error, code=call.refusal.code, hint=hint), 409, call=call_document(call))
    if call.status == "refused":
        refused = Refused(f"the device refused it{why}", code="CALL_REFUSED", hint="see the device's reason")
        return problem(refused, 409, call=call_document(call))
    failed = Unavailable(
        f"it could not be done, or nobody knows whether it was{why}",
        code=f"CALL_{call.status.upper()}",
        hint="look at the twin before you send it again",
    )
    return problem(failed, 502, call=call_document(call))


def call_document(call: Call | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {
        "call_id": call.call_id,
        "twin_id": call.twin_id,
        "status": call.status,
        "method": call.method,
        "property": call.property,
        "parameters": call.arguments,
        "decided_at": iso(call.decided_at),
        "attempted_at": _iso(call.attempted_at),
        "finished_at": _iso(call.finished_at),
        "value": call.value,
        "error": call.error or None,
        "observed_at": _iso(call.observed_at),
        "refusal": _refusal(call.refusal),
        "override_reason": call.override_reason or None,
        "overrode": [_verdict(item) for item in call.overrode],
    }


def _refusal(refusal: Refusal | None) -> dict[str, Any] | None:
    if refusal is None:
        return None
    return {
        "code": refusal.code,
        "interlocks": [_verdict(item) for item in refusal.interlocks],
        "retry_at": _iso(refusal.retry_at),
    }


def _verdict(verdict: InterlockVerdict) -> dict[str, Any]:
    return {
        "owner_kind": verdict.owner.kind,
        "owner_id": verdict.owner.id,
        "interlock": verdict.name,
        "truth": verdict.truth,
        "while": verdict.condition,
        "unknown": [{"what": item.what, "reason": item.reason} for item in verdict.unknown],
    }


def _iso(at: Micros | None) -> str | None:
    return iso(at) if at else None


def _json(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, headers, JSON)
