// purpose: The properties of twins that are not there yet; twins with equal ones share a row.
// params: rows (list of {twin_ids, properties: list of {name, data_type, unit}})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
UNWIND row.twin_ids AS twin_id
MATCH (t:Twin {twin_id: twin_id})
UNWIND row.properties AS item
CREATE (t)-[:HAS_PROPERTY]->(:Property {
  key: twin_id + '/' + item.name, twin_id: twin_id, name: item.name, data_type: item.data_type, unit: item.unit,
  life: t.life
})
