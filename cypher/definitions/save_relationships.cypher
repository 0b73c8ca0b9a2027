// purpose: Create RELATED edges between twins that exist.
// params: rows (list of {source, target, name, relationship_type, declared_by})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (s:Twin {twin_id: row.source})
MATCH (t:Twin {twin_id: row.target})
MERGE (s)-[:RELATED {name: row.name, relationship_type: row.relationship_type, declared_by: row.declared_by}]->(t)
