"""Who is let in: a valid operation against the limits of this server, before anything of it is executed.

What an operation asks for is found out as its document is read (survey.py); only sizes that variables say are
multiplied anew. Every limit it is over is told at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import GraphQLError

from app.api.limits.asks import Asks
from app.api.limits.cost import Variables, narrow
from app.api.limits.survey import MAX_FIELDS, Surveyed
from app.api.traffic import Traffic
from app.api.trusted import Trusted
from app.settings import GraphQLSettings


@dataclass(frozen=True)
class Admission:
    """One per server."""

    settings: GraphQLSettings = field(default_factory=GraphQLSettings)
    trusted: Trusted = field(default_factory=Trusted)
    traffic: Traffic = field(default_factory=Traffic)

    def untrusted(self, text: str) -> GraphQLError | None:
        """Of the text of a document, where others than the trusted ones are not executed."""
        if not self.settings.trusted_only or self.trusted.has(text):
            return None
        return _refusal(
            "this server executes trusted documents only",
            "PERSISTED_ONLY",
            "send the `documentId` of a document in the server's folder of them (docs/graphql.md)",
        )

    def admit(self, asks: Asks, name: str | None, variables: Variables) -> int | list[GraphQLError]:
        """What an operation of a valid document costs, or every limit that it is over. Of a name that the document does
        not have nothing is said: execution does."""
        operation = asks.operation(name)
        cost = operation.cost(variables) if operation is not None else 0
        if errors := list(self._refusals(asks, operation, cost, variables)):
            return errors
        return cost

    def _refusals(
        self, has: Asks, operation: Surveyed | None, cost: int, variables: Variables
    ) -> Iterator[GraphQLError]:
        limits = self.settings
        if has.aliases > limits.max_aliases:
            yield _over("ALIASES_EXCEEDED", "has", has.aliases, "aliases", limits.max_aliases, "MAX_ALIASES")
        if has.directives > limits.max_directives:
            yield _over(
                "DIRECTIVES_EXCEEDED", "has", has.directives, "directives", limits.max_directives, "MAX_DIRECTIVES"
            )
        if operation is None:
            return
        if operation.too_many:
            yield _refusal(
                f"the operation asks for more than {MAX_FIELDS:,} fields, fragments counted wherever they are spread",
                "FIELDS_EXCEEDED",
                "ask for less at a time",
            )
            return
        if operation.introspects and not limits.introspection:
            yield _refusal(
                "this server does not tell its schema",
                "INTROSPECTION_OFF",
                "schema.graphql of the release has it; `twin-overlay schema` prints it",
            )
        if operation.depth > limits.max_depth:
            yield _over("DEPTH_EXCEEDED", "is", operation.depth, "levels deep", limits.max_depth, "MAX_DEPTH")
        if operation.root_fields > limits.max_root_fields:
            yield _over(
                "ROOT_FIELDS_EXCEEDED",
                "has",
                operation.root_fields,
                "fields at its root",
                limits.max_root_fields,
                "MAX_ROOT_FIELDS",
            )
        if cost > limits.max_cost:
            yield _too_dear(operation, cost, limits.max_cost, variables)


def _over(code: str, verb: str, number: int, what: str, limit: int, setting: str) -> GraphQLError:
    return _refusal(
        f"the operation {verb} {number:,} {what}, the most is {limit:,}",
        code,
        f"ask for less at a time, or raise TWIN_OVERLAY_GRAPHQL__{setting}",
    )


def _refusal(message: str, code: str, hint: str) -> GraphQLError:
    return GraphQLError(message, extensions={"code": code, "hint": hint})


def _too_dear(operation: Surveyed, cost: int, limit: int, variables: Variables) -> GraphQLError:
    told: dict[str, object] = {"code": "COST_EXCEEDED", "cost": {"requested": cost, "limit": limit}}
    message = f"the operation costs {cost:,}, the most is {limit:,}"
    found = narrow(operation.fields, variables, limit)
    if found is None:
        return _refusal(message, "COST_EXCEEDED", "ask for less at a time")
    place = ".".join(found.path)
    if found.argument and found.most >= 1:
        told["hint"] = (
            f"at most {found.most:,} `{found.argument}` of `{place}` fit, not {found.was:,}"
            if found.lists
            else f"`{found.argument}: {found.most}` of `{place}` fits, not {found.was:,}; or ask for less below it"
        )
        told["narrow"] = {"argument": found.argument, "most": found.most}
    else:
        told["hint"] = f"narrow `{place}` and what is around it, or ask for it in several operations"
    told["path"] = "/" + "/".join(found.path)
    return GraphQLError(f"{message}: `{place}` makes {found.cost:,} of it", nodes=found.node, extensions=told)
