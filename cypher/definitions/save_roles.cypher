// purpose: Create or replace roles of overlay types.
// params: rows (list of {type_id, key, role, description, required, many, twin_type, overlay_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (k:OverlayType {type_id: row.type_id})
MERGE (r:Role {key: row.key})
SET r.role = row.role, r.description = row.description, r.required = row.required, r.many = row.many,
    r.twin_type = row.twin_type, r.overlay_type = row.overlay_type
MERGE (k)-[:HAS_ROLE]->(r)
