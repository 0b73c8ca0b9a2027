"""The mutation that takes samples: what a sensor without a connector, a script or a person measures."""

from typing import Annotated, cast

import strawberry

from app.api.context import Info
from app.api.scalars import JSON, DateTime, Long
from app.api.types.enums import Quality
from app.commands.reports import MAX_SAMPLES, Given
from app.model import values


@strawberry.input(description="What one property was at one moment.")
class SampleInput:
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="One of its properties that no device feeds and nothing computes.")
    value: JSON | None = strawberry.field(
        default=None, description="Of the property's dataType, in its unit; left out where the quality is BAD."
    )
    timestamp: DateTime | None = strawberry.field(default=None, description="When it was so; now where left out.")
    quality: Quality = strawberry.field(default=Quality.GOOD, description="How far it can be trusted.")


@strawberry.input(description="Samples that are taken together.")
class ReportSamplesInput:
    samples: list[SampleInput] = strawberry.field(
        description=(
            f"At most {MAX_SAMPLES:,}. Those of one twin land together and rules are evaluated once; a property that "
            "comes again begins the next step, so conditions see every sample."
        )
    )
    dry_run: bool = strawberry.field(
        default=False,
        description="Only say which samples could be taken; what is late, only the report itself can tell.",
    )


@strawberry.type(description="A sample that could not be taken.")
class RejectedSample:
    index: int = strawberry.field(description="Its place in `samples`.")
    path: str = strawberry.field(description="The same as a JSON pointer into the input.")
    twin_id: strawberry.ID = strawberry.field(description="The twin.")
    property: str = strawberry.field(description="The property.")
    reason: str = strawberry.field(
        description=(
            "TypeMismatch, NotInEnum, NotFinite, MissingField, TooLong, TooLarge, Late; or, where its definition was "
            "changed meanwhile, UnknownTwin, UnknownProperty, Mapped, Computed."
        )
    )


@strawberry.type(description="Samples that were taken (they are durable), or could be.")
class ReportSamplesPayload:
    sequence: Long | None = strawberry.field(description="The journal entry that has them; null for a dry run.")
    accepted: int = strawberry.field(description="How many were taken, those that said nothing new included.")
    rejected: list[RejectedSample] = strawberry.field(description="The others, each with its reason.")


@strawberry.type
class Reporting:
    @strawberry.mutation(
        description=(
            "Report samples of properties that no device feeds, read-only ones included; answered when they are in the "
            "journal. One fault in the form refuses all of it (SAMPLES_INVALID with every fault: UNKNOWN_TWIN, "
            "UNKNOWN_PROPERTY, PROPERTY_MAPPED, PROPERTY_COMPUTED, ...); TOO_MANY_SAMPLES, INGEST_FULL. The same "
            "sample again changes nothing."
        )
    )
    async def report_samples(
        self, info: Info, input: Annotated[ReportSamplesInput, strawberry.argument(description="What was measured.")]
    ) -> ReportSamplesPayload:
        given = [_given(item, f"/samples/{index}") for index, item in enumerate(input.samples)]
        done = await info.context.services.commands.reports.report(given, info.context.actor(), dry_run=input.dry_run)
        return ReportSamplesPayload(
            sequence=None if done.sequence is None else Long(done.sequence),
            accepted=done.accepted,
            rejected=[
                RejectedSample(
                    index=item.index,
                    path=item.given.path,
                    twin_id=strawberry.ID(item.given.twin_id),
                    property=item.given.property,
                    reason=item.reason,
                )
                for item in done.rejected
            ],
        )


def _given(item: SampleInput, path: str) -> Given:
    return Given(
        item.twin_id, item.property, item.value, path, item.timestamp, cast(values.Quality, item.quality.value)
    )
