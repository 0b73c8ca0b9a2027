// purpose: Tie roles to the overlay type whose overlays fill them.
// params: rows (list of {key, overlay_type})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (r:Role {key: row.key})
MATCH (k:OverlayType {type_id: row.overlay_type})
MERGE (r)-[:FILLED_BY]->(k)
