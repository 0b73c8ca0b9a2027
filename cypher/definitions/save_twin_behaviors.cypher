// purpose: Create or update behaviors of twins; the state of those that stay is kept.
// params: rows (list of {owner_id, key, name, description})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (o:Twin {twin_id: row.owner_id})
MERGE (b:Behavior {key: row.key})
  ON CREATE SET b.state = 'inactive', b.evidence = 'unknown'
SET b.owner_kind = 'twin', b.owner_id = row.owner_id, b.name = row.name, b.description = row.description
MERGE (o)-[:HAS_BEHAVIOR]->(b)
