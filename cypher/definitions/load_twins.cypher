// purpose: Every twin, many to a row: a row of its own for each costs the driver ten times as much.
// params: none
// returns: definitions (list of [id, JSON document, revision, life, created_at, created_by, updated_at, updated_by])
// access: read
// idempotent: yes
MATCH (t:Twin)
WITH right(t.twin_id, 2) AS part,
     collect([t.twin_id, t.document, t.revision, t.life, t.created_at, t.created_by, t.updated_at, t.updated_by]) AS found
RETURN found AS definitions
