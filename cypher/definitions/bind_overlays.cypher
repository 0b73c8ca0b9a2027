// purpose: Bind twins to the roles of overlays.
// params: rows (list of {overlay_id, role, twin_id})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.overlay_id})
MATCH (t:Twin {twin_id: row.twin_id})
MERGE (o)-[:BINDS {role: row.role}]->(t)
