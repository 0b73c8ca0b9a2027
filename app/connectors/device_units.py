"""The edge where a device's units become the definition's: around any connector, whatever its protocol.

Inside, a converted property is a plain float in the device's unit, so an integer number of watts may come as 0.5 kW;
it is fitted to its own type after the conversion. A twin without conversions goes through untouched.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import msgspec

from app.connectors.decode import Unusable, fit
from app.model.connection import CallAnswer, TwinConnection
from app.model.events import Reading, Sample, SourceStatus
from app.model.plan import PropertyPlan
from app.model.units import Conversion
from app.model.values import Value
from app.ports import Connector, Sink


def device_side(twin: TwinConnection) -> TwinConnection:
    """As the device has it: what is converted is a float without limits."""
    if not twin.conversions and not twin.argument_conversions:
        return twin
    methods = {
        name: msgspec.structs.replace(
            method, parameters=tuple(_raw(item, twin.argument_conversions.get(name, {})) for item in method.parameters)
        )
        for name, method in twin.methods.items()
    }
    return replace(
        twin,
        properties={name: _raw(item, twin.conversions) for name, item in twin.properties.items()},
        methods=methods,
        conversions={},
        argument_conversions={},
    )


def converting(connector: Connector, twins: Sequence[TwinConnection]) -> Connector:
    """`connector`, made for the device side of `twins`, as one that speaks the definitions' units."""
    if not any(twin.conversions or twin.argument_conversions for twin in twins):
        return connector
    return _Converting(connector, twins)


def _raw(plan: PropertyPlan, conversions: Mapping[str, Conversion]) -> PropertyPlan:
    if plan.name not in conversions:
        return plan
    return _float(plan)


def _float(plan: PropertyPlan) -> PropertyPlan:
    if plan.items is not None:
        return msgspec.structs.replace(plan, items=_float(plan.items))
    return msgspec.structs.replace(plan, data_type="float", minimum=None, maximum=None)


class _Converting:
    """Implements ports.Connector."""

    def __init__(self, inner: Connector, twins: Sequence[TwinConnection]) -> None:
        self.name = inner.name
        self.protocol = inner.protocol
        self.endpoint = inner.endpoint
        self._inner = inner
        self._twins = {twin.twin_id: twin for twin in twins}

    @property
    def security(self) -> str:
        return self._inner.security

    async def run(self, sink: Sink) -> None:
        await self._inner.run(_ConvertingSink(sink, self._twins))

    async def write(self, twin_id: str, property: str, value: Value) -> CallAnswer:
        twin = self._twins.get(twin_id)
        return await self._inner.write(twin_id, property, _sent(value, twin.conversions if twin else {}, property))

    async def call(self, twin_id: str, method: str, arguments: dict[str, Value]) -> CallAnswer:
        twin = self._twins.get(twin_id)
        conversions = twin.argument_conversions.get(method, {}) if twin else {}
        sent = {name: _sent(value, conversions, name) for name, value in arguments.items()}
        return await self._inner.call(twin_id, method, sent)


def _sent(value: Value, conversions: Mapping[str, Conversion], name: str) -> Value:
    found = conversions.get(name)
    return value if found is None else _each(found.back, value)


def _each(convert: Callable[[float], float], value: Any) -> Any:
    """A number, or every number of a list."""
    if isinstance(value, list):
        return [_each(convert, item) for item in value]
    return convert(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class _ConvertingSink:
    """Implements ports.Sink for the connector inside."""

    def __init__(self, sink: Sink, twins: Mapping[str, TwinConnection]) -> None:
        self._sink = sink
        self._twins = twins

    def offer(self, reading: Reading, committed: Callable[[], None] | None = None) -> bool:
        samples: list[Sample] = []
        lost: list[tuple[str, str]] = []
        for sample in reading.samples:
            try:
                samples.append(self._received(sample))
            except Unusable as unusable:
                lost.append((unusable.reason, f"{sample.twin_id}.{sample.property}: {unusable.detail}"))
        if not self._sink.offer(msgspec.structs.replace(reading, samples=tuple(samples)), committed):
            return False  # it comes again
        for reason, detail in lost:
            self._sink.reject(reading.source, reason, detail)
        return True

    def _received(self, sample: Sample) -> Sample:
        """Raises Unusable."""
        twin = self._twins.get(sample.twin_id)
        found = twin.conversions.get(sample.property) if twin is not None else None
        if twin is None or found is None or sample.value is None:
            return sample

        def convert(number: float) -> float:
            converted = found.apply(number)
            if not math.isfinite(converted):
                raise Unusable("NotFinite", f"{number} is not a finite number in the definition's unit")
            return converted

        value = fit(twin.properties[sample.property], _each(convert, sample.value))
        return msgspec.structs.replace(sample, value=value)

    async def room(self) -> None:
        await self._sink.room()

    def status(self, status: SourceStatus) -> None:
        self._sink.status(status)

    def connected(self, source: str) -> None:
        self._sink.connected(source)

    def reject(self, source: str, reason: str, detail: str, count: int = 1) -> None:
        self._sink.reject(source, reason, detail, count)
