// purpose: Bind twins to the roles of overlays, which were emptied before. Nothing is looked for: MERGE goes through
//   all edges of an end, of which one with a role of many has thousands.
// params: rows (list of {overlay_id, role, twin_id})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.overlay_id})
MATCH (t:Twin {twin_id: row.twin_id})
CREATE (o)-[:BINDS {role: row.role}]->(t)
