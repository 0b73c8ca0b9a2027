// purpose: Create RELATED edges between twins that exist; what their declarers had was dropped before. Nothing is
//   looked for: MERGE goes through all edges of an end, of which one behind a role of many has thousands.
// params: rows (list of {source, target, name, relationship_type, declared_by})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (s:Twin {twin_id: row.source})
MATCH (t:Twin {twin_id: row.target})
CREATE (s)-[:RELATED {name: row.name, relationship_type: row.relationship_type, declared_by: row.declared_by}]->(t)
