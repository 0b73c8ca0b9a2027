// purpose: The behaviors of twins that are not there yet.
// params: rows (list of {owner_id, key, name, description})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (o:Twin {twin_id: row.owner_id})
CREATE (o)-[:HAS_BEHAVIOR]->(:Behavior {
  key: row.key, state: 'inactive', evidence: 'unknown', owner_kind: 'twin', owner_id: row.owner_id,
  name: row.name, description: row.description
})
