// purpose: Put overlays into the roles of other overlays, which were emptied before; see bind_overlays.
// params: rows (list of {overlay_id, role, inner_id})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.overlay_id})
MATCH (i:Overlay {overlay_id: row.inner_id})
CREATE (o)-[:CONTAINS {role: row.role}]->(i)
