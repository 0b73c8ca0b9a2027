"""Arguments of a method or an event, by name or by position, against its parameters: all faults at once.

The same rules hold for a call in a behavior, which is checked when it is saved, and for a person's call.
"""

from collections.abc import Iterable, Mapping, Sequence

from app.commands.pointers import pointer
from app.commands.values import fitted
from app.errors import Problem
from app.model.behaviors import Argument
from app.model.definitions import EventDefinition, MethodDefinition
from app.model.near import near
from app.model.values import Value


def named_arguments(
    method: MethodDefinition | EventDefinition, given: Iterable[tuple[str, Value, str]], path: str
) -> tuple[dict[str, Value], list[Problem]]:
    """`given` is (name, value, path of the value). The fitted values in the order of the parameters, and what is wrong:
    UNKNOWN_PARAMETER, MISSING_PARAMETER, DUPLICATE_NAME, or a fault of the value."""
    parameters = {parameter.name: parameter for parameter in method.parameters}
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    seen: set[str] = set()
    for name, value, where in given:
        parameter = parameters.get(name)
        if parameter is None:
            hint = near(name, parameters) or _signature(method)
            problems.append(Problem("UNKNOWN_PARAMETER", f"'{method.name}' has no parameter '{name}'", where, hint))
        elif name in seen:
            problems.append(
                Problem("DUPLICATE_NAME", f"parameter '{name}' is given twice", where, "leave one of them out")
            )
        else:
            seen.add(name)
            values[name], wrong = fitted(parameter, value, where)
            problems.extend(wrong)
    problems.extend(
        Problem("MISSING_PARAMETER", f"'{method.name}' needs parameter '{name}'", path, _signature(method))
        for name in parameters
        if name not in seen
    )
    return {name: values[name] for name in parameters if name in values}, problems


def listed_arguments(
    method: MethodDefinition | EventDefinition, arguments: Sequence[Argument], path: str
) -> tuple[dict[str, Value], list[Problem]]:
    """Those of a `method_call` action; `path` is of its `parameters`."""
    given = [(item.name, item.value, f"{path}/{index}/value") for index, item in enumerate(arguments)]
    return named_arguments(method, given, path)


def given_arguments(
    method: MethodDefinition, arguments: Mapping[str, Value] | Sequence[Value]
) -> tuple[dict[str, Value], list[Problem]]:
    """Those of a person's call; pointers start at the arguments themselves."""
    if isinstance(arguments, Mapping):
        return named_arguments(method, [(name, value, pointer((name,))) for name, value in arguments.items()], "")
    parameters = method.parameters
    named = [
        (parameter.name, value, f"/{index}")
        for index, (parameter, value) in enumerate(zip(parameters, arguments, strict=False))
    ]
    values, problems = named_arguments(method, named, "")
    if len(arguments) > len(parameters):
        message = f"'{method.name}' takes {len(parameters)} arguments, {len(arguments)} were given"
        problems.append(Problem("TOO_MANY_ARGUMENTS", message, f"/{len(parameters)}", _signature(method)))
    return values, problems


def _signature(method: MethodDefinition | EventDefinition) -> str:
    listed = ", ".join(f"{parameter.name}: {parameter.data_type}" for parameter in method.parameters)
    return f"it is {method.name}({listed})"
