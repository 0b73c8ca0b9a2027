"""Whether the journal can keep an input and read it back, asked before the engine sees it: later is too late to say no.

A value is whatever a device or a person sends: an integer beyond 64 bits, half a surrogate pair, lists a thousand deep.
A record that fails to encode would stop the plant, and one that fails to decode would keep it from starting again.
"""

import msgspec

from app.model.events import DeviceEvent, Input, Reading, ReportSamples, Sample
from app.model.values import Value

MAX_DEPTH = 64
"""Of lists and objects in a value; far below where encoders and decoders give up, which depends on their own stack."""
_SCRATCH_KEPT = 1 << 20
_FAILURES = (OverflowError, TypeError, ValueError, RecursionError)
_decoder = msgspec.msgpack.Decoder(Input)


class Storable:
    """Reuses one buffer; not for two threads."""

    def __init__(self) -> None:
        self._encoder = msgspec.msgpack.Encoder()
        self._scratch = bytearray()

    def input(self, item: Input) -> bool:
        """Encodes and decodes: commands are rare, and what they carry comes from many hands."""
        if isinstance(item, ReportSamples):
            return all(map(self.reading, item.readings))
        values = [getattr(item, name, None) for name in ("value", "arguments")]
        if not all(map(_is_shallow, values)):
            return False
        try:
            _decoder.decode(self._encoder.encode(item))
        except (*_FAILURES, msgspec.MsgspecError):
            return False
        return True

    def reading(self, item: Reading) -> bool:
        """Encodes only: 0.1 us a sample."""
        return (
            self._encodes(item)
            and all(_is_shallow(sample.value) for sample in item.samples if isinstance(sample.value, list | dict))
            and all(_is_shallow(event.parameters) for event in item.events)
        )

    def sample(self, item: Sample) -> bool:
        return _is_shallow(item.value) and self._encodes(item)

    def event(self, item: DeviceEvent) -> bool:
        return _is_shallow(item.parameters) and self._encodes(item)

    def _encodes(self, item: Reading | Sample | DeviceEvent) -> bool:
        try:
            self._encoder.encode_into(item, self._scratch)
        except _FAILURES:
            return False
        if len(self._scratch) > _SCRATCH_KEPT:
            self._scratch = bytearray()
        return True


def _is_shallow(value: Value, depth: int = MAX_DEPTH) -> bool:
    if isinstance(value, dict):
        return depth > 0 and all(_is_shallow(item, depth - 1) for item in value.values())
    if isinstance(value, list | tuple):
        return depth > 0 and all(_is_shallow(item, depth - 1) for item in value)
    return True
