// purpose: Create or replace roles of overlay types.
// params: rows (list of {type_id, key, role, description, required, twin_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (k:OverlayType {type_id: row.type_id})
MERGE (r:Role {key: row.key})
SET r.role = row.role, r.description = row.description, r.required = row.required, r.twin_type = row.twin_type
MERGE (k)-[:HAS_ROLE]->(r)
