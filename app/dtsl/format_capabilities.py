"""Properties, methods and events as lines of a script."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.dtsl.format import fits_a_comment
from app.dtsl.format_conditions import dtsl_condition, value_text
from app.dtsl.format_data import Rest, doc_lines, rest_text
from app.dtsl.lengths import LONGEST, write_duration
from app.dtsl.parse import parse_condition
from app.dtsl.spelling import dtsl_member, is_word, quote
from app.errors import Invalid
from app.model.time import SECOND

_ACCESS = {"read": "readonly", "read-write": "writable", "write": "writeonly"}
_WIDEST = 100
"""Of a method or event whose parameters stand in one line."""
_MARK = {True: "!", False: "?"}


def property_lines(item: Mapping[str, Any]) -> Iterator[str]:
    return _described(item, ";")


def method_lines(item: Mapping[str, Any]) -> Iterator[str]:
    rest = _undescribed(item)
    tail = ""
    if isinstance(rest.get("return_type"), str):
        tail += f" -> {rest.pop('return_type')}"
    if rest.get("idempotent") is True:
        del rest["idempotent"]
        tail += " idempotent"
    if rest.get("safe") is True:
        del rest["safe"]
        tail += " safe"
    if rest.get("min_interval") is not None:
        tail += f" interval {_length(rest.pop('min_interval'))}"
    limit = rest.get("rate_limit")
    if isinstance(limit, Mapping) and limit.keys() == {"calls", "per"}:
        del rest["rate_limit"]
        tail += f" limit {limit['calls']} per {_length(limit['per'])}"
    if rest.get("timeout") is not None:
        tail += f" timeout {_length(rest.pop('timeout'))}"
    yield from _with_parameters(item, rest, tail)


def event_lines(item: Mapping[str, Any]) -> Iterator[str]:
    yield from _with_parameters(item, _undescribed(item), "")


def _with_parameters(item: Mapping[str, Any], rest: Rest, tail: str) -> Iterator[str]:
    yield from doc_lines(item)
    name = dtsl_member(rest.pop("name"))
    parameters = rest.pop("parameters", None)
    end = f"{tail}{rest_text(rest)};"
    if parameters is None:
        yield f"{name}{end}"
        return
    written = [list(_described(parameter, "")) for parameter in parameters]
    line = f"{name}({', '.join(lines[0] for lines in written)}){end}"
    if all(len(lines) == 1 for lines in written) and len(line) <= _WIDEST:
        yield line
        return
    yield f"{name}("
    for index, lines in enumerate(written):
        comma = "," if index + 1 < len(written) else ""
        yield from ("  " + line for line in lines[:-1])
        yield f"  {lines[-1]}{comma}"
    yield f"){end}"


def _described(item: Mapping[str, Any], end: str) -> Iterator[str]:
    yield from doc_lines(item)
    rest = _undescribed(item)
    mark = _MARK.get(rest.pop("required"), "") if isinstance(rest.get("required"), bool) else ""
    type_, modifiers, fields = _type(rest)
    parts = [f"{type_}{mark}", dtsl_member(rest.pop("name")), *modifiers, *_of_property(rest)]
    computed = _computed(rest)
    line = " ".join(parts) + rest_text(rest) + computed
    if fields is None:
        yield line + end
        return
    yield line + " {"
    for field in fields:
        yield from ("  " + inner for inner in property_lines(field))
    yield "}"


def _undescribed(item: Mapping[str, Any]) -> Rest:
    """Without the description, where that stands above."""
    return Rest({key: value for key, value in item.items() if key != "description" or not fits_a_comment(value)})


def _type(values: Rest) -> tuple[str, list[str], Sequence[Mapping[str, Any]] | None]:
    """`float[10]`, what is said of the values, and the fields of an object; taken out of `values`."""
    if values["data_type"] == "array" and isinstance(values.get("items"), Mapping):
        del values["data_type"]
        most = str(values.pop("max_items")) if isinstance(values.get("max_items"), int) else ""
        inner = values["items"] = Rest(values["items"])
        type_, said, fields = _type(inner)
        bare = type_.partition("[")[0]
        return f"{bare}[{most}]{type_[len(bare) :]}", said, fields
    type_ = values.pop("data_type")
    modifiers: list[str] = []
    if isinstance(values.get("unit"), str):
        modifiers.append(f"in {_unit(values.pop('unit'))}")
    if isinstance(values.get("enum_values"), list):
        modifiers.append(f"in {value_text(values.pop('enum_values'))}")
    for field, word in (("min_value", "from"), ("max_value", "to")):
        if values.get(field) is not None:
            modifiers.append(f"{word} {value_text(values.pop(field))}")
    fields = values.pop("fields") if isinstance(values.get("fields"), list) else None
    return type_, modifiers, fields


def _unit(unit: str) -> str:
    return unit if is_word(unit) else quote(unit, '"')


def _of_property(rest: Rest) -> Iterator[str]:
    if isinstance(rest.get("access"), str):
        yield _ACCESS[rest.pop("access")]
    if rest.get("stale_after") is not None:
        yield f"stale after {_length(rest.pop('stale_after'))}"
    if rest.get("deadband") is not None:
        yield f"deadband {value_text(rest.pop('deadband'))}"


def _length(seconds: float) -> str:
    """`1m30s`; what is no whole number of microseconds, or longer than one can write, is a number of seconds."""
    micros = round(seconds * SECOND) if 0 < seconds <= LONGEST / SECOND else 0
    return write_duration(micros) if micros and micros / SECOND == seconds else f"{value_text(seconds)} s"


def _computed(rest: Rest) -> str:
    text = rest.get("computed")
    if not isinstance(text, str):
        return ""
    try:
        expression = parse_condition(text)
    except Invalid:  # of a document that nobody has checked
        return ""
    del rest["computed"]
    return f" = {dtsl_condition(expression)}"
