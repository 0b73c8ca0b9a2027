// purpose: Delete the behaviors that overlays no longer have.
// params: rows (list of {owner_id, keys})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Overlay {overlay_id: row.owner_id})-[:HAS_BEHAVIOR]->(b:Behavior)
WHERE NOT b.key IN row.keys
DETACH DELETE b
