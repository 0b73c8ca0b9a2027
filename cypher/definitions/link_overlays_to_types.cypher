// purpose: Tie overlays to their types.
// params: rows (list of {id, overlay_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (n:Overlay {overlay_id: row.id})
MATCH (k:OverlayType {type_id: row.overlay_type})
MERGE (n)-[:INSTANCE_OF]->(k)
