// purpose: Drop the FILLED_BY edges of roles to types that no longer fill them.
// params: rows (list of {key, twin_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Role {key: row.key})-[e:FILLED_BY]->(k:TwinType)
WHERE k.type_id <> row.twin_type
DELETE e
