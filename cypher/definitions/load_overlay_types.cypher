// purpose: Every overlay type, many to a row: a row of its own for each costs the driver ten times as much.
// params: none
// returns: definitions (list of [id, JSON document, revision, life, created_at, created_by, updated_at, updated_by])
// access: read
// idempotent: yes
MATCH (k:OverlayType)
WITH right(k.type_id, 2) AS part,
     collect([k.type_id, k.document, k.revision, k.life, k.created_at, k.created_by, k.updated_at, k.updated_by]) AS found
RETURN found AS definitions
