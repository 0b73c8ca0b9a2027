"""What a twin or twin type can show and do: parameters, methods, events, and definitions of properties.

These are definitions without life; the live ones are Property (types/property.py) and Behavior (types/behavior.py).
"""

from typing import Any

import strawberry

from app.api.types.enums import Access, DataType
from app.model import definitions as model


@strawberry.type(description="An element of an ARRAY.")
class Items:
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    data_type: DataType = strawberry.field(description="What it holds.")
    unit: str | None = strawberry.field(description="As the author wrote it.")
    min_value: float | None = strawberry.field(description="In `unit`, as of a property.")
    max_value: float | None = strawberry.field(description="In `unit`, as of a property.")
    enum_values: list[str] | None = strawberry.field(description="The values an ENUM may take; null for other types.")
    items: "Items | None" = strawberry.field(description="Of an ARRAY: its elements; null for other types.")
    max_items: int | None = strawberry.field(description="The most elements of an ARRAY; null where none is written.")
    fields: list["ObjectField"] | None = strawberry.field(description="Of an OBJECT; null for other types.")

    @classmethod
    def of(cls, item: model.ItemDefinition) -> "Items":
        return cls(**_described(item))


@strawberry.type(description="A part of an OBJECT.")
class ObjectField(Items):
    name: str = strawberry.field(description="Unique among its neighbours.")
    required: bool = strawberry.field(description="Whether a value without it is refused.")

    @classmethod
    def of_field(cls, item: model.FieldDefinition) -> "ObjectField":
        return cls(name=item.name, required=item.required, **_described(item))


def _described(item: model.Described) -> dict[str, Any]:
    return {
        "description": item.description,
        "data_type": DataType(item.data_type),
        "unit": item.unit,
        "min_value": item.min_value,
        "max_value": item.max_value,
        "enum_values": item.enum_values,
        "items": None if item.items is None else Items.of(item.items),
        "max_items": item.max_items,
        "fields": None if item.fields is None else [ObjectField.of_field(field) for field in item.fields],
    }


@strawberry.type(description="A property as a twin type declares it.")
class PropertyDefinition:
    item: strawberry.Private[model.PropertyDefinition]

    @strawberry.field(description="Unique among the properties of its owner.")
    def name(self) -> str:
        return self.item.name

    @strawberry.field(description="In the author's words; empty where none was written.")
    def description(self) -> str:
        return self.item.description

    @strawberry.field(description="What it holds.")
    def data_type(self) -> DataType:
        return DataType(self.item.data_type)

    @strawberry.field(description="As the author wrote it, such as `celsius` or `m3/h`.")
    def unit(self) -> str | None:
        return self.item.unit

    @strawberry.field(
        description="In `unit`. A reading below it is kept with quality UNCERTAIN; a write below it is refused."
    )
    def min_value(self) -> float | None:
        return self.item.min_value

    @strawberry.field(
        description="In `unit`. A reading above it is kept with quality UNCERTAIN; a write above it is refused."
    )
    def max_value(self) -> float | None:
        return self.item.max_value

    @strawberry.field(description="The values an ENUM may take; null for other types.")
    def enum_values(self) -> list[str] | None:
        return self.item.enum_values

    @strawberry.field(description="Of an ARRAY: its elements; null for other types.")
    def items(self) -> Items | None:
        return None if self.item.items is None else Items.of(self.item.items)

    @strawberry.field(description="The most elements of an ARRAY; null where none is written.")
    def max_items(self) -> int | None:
        return self.item.max_items

    @strawberry.field(description="Of an OBJECT; null for other types.")
    def fields(self) -> list[ObjectField] | None:
        return None if self.item.fields is None else [ObjectField.of_field(field) for field in self.item.fields]

    @strawberry.field(description="What may be done with it.")
    def access(self) -> Access:
        return Access(self.item.access)

    @strawberry.field(
        description="What it is computed from, such as `power / flow_rate`: properties of its twin. Null for others."
    )
    def computed(self) -> str | None:
        return self.item.computed

    @strawberry.field(
        description="Seconds without a report after which its value is not known; null where quiet means nothing."
    )
    def stale_after(self) -> float | None:
        return self.item.stale_after

    @strawberry.field(
        description="In `unit`: smaller changes are neither pushed nor written to the graph. Conditions see them all."
    )
    def deadband(self) -> float | None:
        return self.item.deadband


@strawberry.type(description="A parameter of a method or event.")
class Parameter:
    name: str = strawberry.field(description="Unique among its neighbours.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    data_type: DataType = strawberry.field(description="What it holds.")
    unit: str | None = strawberry.field(description="As the author wrote it.")
    min_value: float | None = strawberry.field(description="In `unit`; a lower argument is refused.")
    max_value: float | None = strawberry.field(description="In `unit`; a higher argument is refused.")
    enum_values: list[str] | None = strawberry.field(description="The values an ENUM may take; null for other types.")
    items: Items | None = strawberry.field(description="Of an ARRAY: its elements; null for other types.")
    max_items: int | None = strawberry.field(description="The most elements of an ARRAY; null where none is written.")
    fields: list[ObjectField] | None = strawberry.field(description="Of an OBJECT; null for other types.")

    @classmethod
    def of(cls, item: model.ParameterDefinition) -> "Parameter":
        return cls(name=item.name, **_described(item))


@strawberry.type(description="The most sends of a method within a time.")
class RateLimit:
    calls: int = strawberry.field(description="So many.")
    per: float = strawberry.field(description="Within so many seconds.")


@strawberry.type(description="A method that `invokeMethod` can call.")
class Method:
    name: str = strawberry.field(description="Unique among the methods of its owner.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    parameters: list[Parameter] = strawberry.field(description="In the order the device takes them.")
    return_type: DataType | None = strawberry.field(description="What it answers; null where it answers nothing.")
    idempotent: bool = strawberry.field(
        description="Whether calling it twice does what calling it once does: it may be sent again after a crash."
    )
    safe: bool = strawberry.field(description="Whether it brings the machine to rest, so that nothing may refuse it.")
    min_interval: float | None = strawberry.field(
        description="Seconds between two sends, whoever asks; null where there is no such limit."
    )
    rate_limit: RateLimit | None = strawberry.field(description="The most sends within a time; null where any.")
    timeout: float | None = strawberry.field(
        description="Seconds that the device may take to answer; null for the server's own."
    )

    @classmethod
    def of(cls, item: model.MethodDefinition) -> "Method":
        return cls(
            name=item.name,
            description=item.description,
            parameters=[Parameter.of(parameter) for parameter in item.parameters],
            return_type=DataType(item.return_type) if item.return_type else None,
            idempotent=item.idempotent,
            safe=item.safe,
            min_interval=item.min_interval,
            rate_limit=RateLimit(calls=item.rate_limit.calls, per=item.rate_limit.per) if item.rate_limit else None,
            timeout=item.timeout,
        )


@strawberry.type(description="An event that a device may raise.")
class EventDefinition:
    name: str = strawberry.field(description="Unique among the events of its owner.")
    description: str = strawberry.field(description="In the author's words; empty where none was written.")
    parameters: list[Parameter] = strawberry.field(description="What it carries.")

    @classmethod
    def of(cls, item: model.EventDefinition) -> "EventDefinition":
        return cls(
            name=item.name,
            description=item.description,
            parameters=[Parameter.of(parameter) for parameter in item.parameters],
        )
