// purpose: Drop the INSTANCE_OF edges of twins to types that are no longer theirs.
// params: rows (list of {id, twin_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Twin {twin_id: row.id})-[e:INSTANCE_OF]->(k:TwinType)
WHERE row.twin_type IS NULL OR k.type_id <> row.twin_type
DELETE e
