// purpose: Tie twins to their types.
// params: rows (list of {id, twin_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (n:Twin {twin_id: row.id})
MATCH (k:TwinType {type_id: row.twin_type})
MERGE (n)-[:INSTANCE_OF]->(k)
