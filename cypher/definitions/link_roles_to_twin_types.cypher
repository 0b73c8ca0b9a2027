// purpose: Tie roles to the twin type that fills them.
// params: rows (list of {key, twin_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (r:Role {key: row.key})
MATCH (k:TwinType {type_id: row.twin_type})
MERGE (r)-[:FILLED_BY]->(k)
