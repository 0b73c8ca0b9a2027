// purpose: Create or update behaviors of overlays; the state of those that stay is kept.
// params: rows (list of {owner_id, key, name, description})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (o:Overlay {overlay_id: row.owner_id})
MERGE (b:Behavior {key: row.key})
  ON CREATE SET b.state = 'inactive', b.evidence = 'unknown'
SET b.owner_kind = 'overlay', b.owner_id = row.owner_id, b.name = row.name, b.description = row.description
MERGE (o)-[:HAS_BEHAVIOR]->(b)
