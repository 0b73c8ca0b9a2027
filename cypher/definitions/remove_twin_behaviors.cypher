// purpose: Delete the behaviors that twins no longer have.
// params: rows (list of {owner_id, keys})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Twin {twin_id: row.owner_id})-[:HAS_BEHAVIOR]->(b:Behavior)
WHERE NOT b.key IN row.keys
DETACH DELETE b
