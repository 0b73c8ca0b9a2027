"""Still selections: what of a value that was waited for is answered alike in any later turn of the loop, as long as no
definition changes.

FIELDS names it: what is read from definitions, from the edges between twins, and from what a traversal or an impact has
found and holds. What is live (values, states, alerts, how a twin stands now) is not among it, nor what is asked of the
graph, nor anything that a `where` chooses from, which may go by what is live and is counted when it is asked for.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_leaf_type
from graphql.execution.collect_fields import FieldDetailsList

if TYPE_CHECKING:
    from app.api.selections.run import Run


def named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_DEFINITION = "id version description document metadata revision createdAt createdBy updatedAt updatedBy"
_EDGE = "relationshipType group name sourceTwinId targetTwinId ownerKind ownerId source target"
FIELDS: Mapping[str, frozenset[str]] = {
    "Twin": named(
        f"{_DEFINITION} twinId twinType manufacturer model serialNumber installationDate location type simulation "
        "visualization"
    ),
    "TwinType": named(f"{_DEFINITION} typeId name"),
    "PageInfo": named("hasNextPage hasPreviousPage startCursor endCursor"),
    "RelatedConnection": named("edges nodes pageInfo sequence totalCount"),
    "RelatedEdge": named("node cursor depth path"),
    "Relationship": named(f"id {_EDGE}"),
    "Hop": named(f"{_EDGE} direction parallel"),
    "ShortestPaths": named("length paths hasMore sequence"),
    "Path": named("twins hops"),
    "Subgraph": named("nodes edges nodesLeftOut edgesLeftOut sequence"),
    "SubgraphNode": named("twin depth"),
    "ComponentConnection": named("edges nodes pageInfo sequence totalCount"),
    "ComponentEdge": named("node cursor"),
    "Component": named("size leastTwinId"),
    "ImpactAnalysis": named("sequence summary twins notRehearsed overlays behaviors interlocks"),
    "ImpactSummary": named(
        "lost degraded disconnected changed beyond alreadyLost alreadyDegraded overlaysLost overlaysDegraded "
        "behaviorsBlind behaviorsDisarmed interlocksBlind alerts"
    ),
    "AffectedTwinConnection": named("edges nodes pageInfo totalCount"),
    "AffectedTwinEdge": named("node cursor"),
    "AffectedTwin": named("twinId state named depth path reason requiredRoles twin"),
    "ImpactHop": named("fromTwinId toTwinId name relationshipType group"),
    "AffectedOverlay": named("overlayId state roles"),
    "RoleMissing": named("role required died lostTwinIds lostOverlayIds remaining"),
    "AffectedBehavior": named("ownerKind ownerId name severity blind whollyBlind reads readsCount disarmed actsOn"),
    "AffectedInterlock": named("ownerKind ownerId name whollyBlind reads readsCount guards"),
    "GoneProperty": named("twinId property"),
}


def is_still(run: "Run", parent: GraphQLObjectType, details: FieldDetailsList) -> bool:
    """Whether all that is asked of a field's value is."""
    node = details[0].node
    definition = run.executor.schema.get_field(parent, node.name.value)
    if any(argument.name.value == "where" for argument in node.arguments or ()):
        return False
    return definition is not None and _is_still(run, get_named_type(definition.type), details)


def _is_still(run: "Run", kind: GraphQLNamedType, details: FieldDetailsList) -> bool:
    if is_leaf_type(kind):
        return True
    if not isinstance(kind, GraphQLObjectType):
        return False
    may = FIELDS.get(kind.name, frozenset())
    for found in run.executor.collect_subfields(kind, details).grouped_field_set.values():
        name = found[0].node.name.value
        if name != "__typename" and (name not in may or not is_still(run, kind, found)):
            return False
    return True
