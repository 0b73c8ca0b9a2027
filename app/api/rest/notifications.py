"""Notification targets under /api/v1: whom alerts are told to, how they stand, and a test of one."""

from typing import Annotated, Any

from fastapi import FastAPI, Path, Request
from starlette.responses import Response

from app.api.claims import address_of, claimed
from app.api.rest.alerts import as_json
from app.api.rest.definitions import By
from app.api.rest.notification_shapes import target_document
from app.api.rest.openapi import gives, responses
from app.api.services import Services

Target = Annotated[str, Path(description="Its name in the settings.", examples=["shift"])]


def add_notifications(app: FastAPI, services: Services) -> None:
    async def listed() -> Response:
        return as_json({"items": [target_document(item) for item in services.notifications.targets()]})

    async def test(request: Request, target: Target, x_actor: By = None) -> Response:
        actor = claimed(x_actor, "rest", address_of(request))
        warning = await services.commands.notifications.test(target, actor)
        standing = next(item for item in services.notifications.targets() if item.name == target)
        return as_json({"target": target_document(standing), "warning": warning or None})

    def add(method: str, path: str, handler: Any, name: str, summary: str, answers: Any) -> None:
        app.add_api_route(
            path,
            handler,
            methods=[method],
            operation_id=name,
            summary=summary,
            tags=["alerts"],
            response_class=Response,
            responses=answers,
        )

    targets, tested = gives("NotificationTargetsShape", "All of them."), gives("NotificationTestedShape", "It took it.")
    base, one = "/notification-targets", "/notification-targets/{target}/test"
    add("GET", base, listed, "listNotificationTargets", "Whom alerts are told to", responses(_200=targets))
    add("POST", one, test, "testNotification", "Send a target a test message", responses(404, 409, 503, _200=tested))
