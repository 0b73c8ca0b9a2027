// purpose: Delete what overlays own (HAS_BEHAVIOR, HAS_INTERLOCK), before they go themselves.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[:HAS_BEHAVIOR|HAS_INTERLOCK]->(part)
DETACH DELETE part
