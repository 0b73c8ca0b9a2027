// purpose: Create or update the properties of twins; live values of those that stay are kept.
// params: rows (list of {twin_id, names, typed_names, properties: list of {key, name, data_type, unit}})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (t:Twin {twin_id: row.twin_id})
UNWIND row.properties AS item
MERGE (p:Property {key: item.key})
SET p.twin_id = row.twin_id, p.name = item.name, p.data_type = item.data_type, p.unit = item.unit, p.life = t.life
MERGE (t)-[:HAS_PROPERTY]->(p)
