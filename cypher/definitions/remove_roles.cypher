// purpose: Delete the roles that an overlay type no longer has.
// params: rows (list of {id, role_keys})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:OverlayType {type_id: row.id})-[:HAS_ROLE]->(r:Role)
WHERE NOT r.key IN row.role_keys
DETACH DELETE r
