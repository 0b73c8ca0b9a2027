"""What the mutations take that put something over a property, and that end it."""

import strawberry

from app.api.inputs import DRY_RUN
from app.api.scalars import JSON

_TWIN = "The twin."
_PROPERTY = "One of its properties, whatever its access and whoever feeds it."
_WHY = "Why, for whoever is on shift next; 1 to 10,000 characters."
_WHY_OVER = "Why, for the record; at most 10,000 characters."


@strawberry.input(description="A property that nothing may use for a while.")
class TakeOutOfServiceInput:
    twin_id: strawberry.ID = strawberry.field(description=_TWIN)
    property: str = strawberry.field(description=_PROPERTY)
    reason: str = strawberry.field(description=_WHY)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A property that may be used again.")
class ReturnToServiceInput:
    twin_id: strawberry.ID = strawberry.field(description=_TWIN)
    property: str = strawberry.field(description=_PROPERTY)
    reason: str | None = strawberry.field(default=None, description=_WHY_OVER)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A value that everybody sees for a while.")
class ForceValueInput:
    twin_id: strawberry.ID = strawberry.field(description=_TWIN)
    property: str = strawberry.field(description=_PROPERTY)
    value: JSON = strawberry.field(description="Of the property's dataType, in its unit, within its limits.")
    reason: str = strawberry.field(description=_WHY)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)


@strawberry.input(description="A forced value that is to end.")
class ReleaseForceInput:
    twin_id: strawberry.ID = strawberry.field(description=_TWIN)
    property: str = strawberry.field(description=_PROPERTY)
    reason: str | None = strawberry.field(default=None, description=_WHY_OVER)
    dry_run: bool = strawberry.field(default=False, description=DRY_RUN)
