// purpose: The interlocks of overlays that have none.
// params: rows (list of {owner_id, key, name, description, method, property, condition})
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.owner_id})
CREATE (o)-[:HAS_INTERLOCK]->(:Interlock {
  key: row.key, owner_kind: 'overlay', owner_id: row.owner_id, name: row.name, description: row.description,
  method: row.method, property: row.property, condition: row.condition
})
