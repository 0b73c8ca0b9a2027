// purpose: Tie twin types to the type that they extend.
// params: rows (list of {id, extends})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (n:TwinType {type_id: row.id})
MATCH (k:TwinType {type_id: row.extends})
MERGE (n)-[:EXTENDS]->(k)
