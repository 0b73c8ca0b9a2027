// purpose: Delete what overlay types own (HAS_ROLE), before they go themselves.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:OverlayType {type_id: id})-[:HAS_ROLE]->(part)
DETACH DELETE part
