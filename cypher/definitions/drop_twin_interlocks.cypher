// purpose: Delete the interlocks that twins have, with what they read and stand before.
// params: rows (list of twin ids)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS id
MATCH (:Twin {twin_id: id})-[:HAS_INTERLOCK]->(i:Interlock)
DETACH DELETE i
