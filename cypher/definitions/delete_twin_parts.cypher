// purpose: Delete what twins own (HAS_PROPERTY, HAS_BEHAVIOR, HAS_INTERLOCK), before they go themselves.
// params: rows (list of ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Twin {twin_id: id})-[:HAS_PROPERTY|HAS_BEHAVIOR|HAS_INTERLOCK]->(part)
DETACH DELETE part
