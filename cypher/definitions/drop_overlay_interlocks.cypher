// purpose: Delete the interlocks that overlays have, with what they read and stand before.
// params: rows (list of overlay ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Overlay {overlay_id: id})-[:HAS_INTERLOCK]->(i:Interlock)
DETACH DELETE i
