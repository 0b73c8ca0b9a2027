// purpose: Delete what overlays own (HAS_BEHAVIOR), before they go themselves.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[:HAS_BEHAVIOR]->(part)
DETACH DELETE part
