// purpose: Drop the EXTENDS edges of twin types to types that they no longer extend.
// params: rows (list of {id, extends})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:TwinType {type_id: row.id})-[e:EXTENDS]->(k:TwinType)
WHERE row.extends IS NULL OR k.type_id <> row.extends
DELETE e
