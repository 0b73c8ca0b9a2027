// purpose: The interlocks of twins that have none.
// params: rows (list of {owner_id, key, name, description, method, property, condition})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (o:Twin {twin_id: row.owner_id})
CREATE (o)-[:HAS_INTERLOCK]->(:Interlock {
  key: row.key, owner_kind: 'twin', owner_id: row.owner_id, name: row.name, description: row.description,
  method: row.method, property: row.property, condition: row.condition
})
