// purpose: A live value of another data type means nothing for the property as it is now.
// params: rows (list of {twin_id, names, typed_names: name:data_type, properties})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Twin {twin_id: row.twin_id})-[:HAS_PROPERTY]->(p:Property)
WHERE p.name IN row.names AND NOT (p.name + ':' + p.data_type) IN row.typed_names
SET p.value = null, p.value_kind = null, p.number = null, p.timestamp = null, p.reported_at = null,
    p.quality = null, p.reason = null, p.known = null, p.override = null
