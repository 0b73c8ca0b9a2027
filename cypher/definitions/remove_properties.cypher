// purpose: Delete the properties that a twin no longer has.
// params: rows (list of {twin_id, names, typed_names, properties})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Twin {twin_id: row.twin_id})-[:HAS_PROPERTY]->(p:Property)
WHERE NOT p.name IN row.names
DETACH DELETE p
