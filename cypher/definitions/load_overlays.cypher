// purpose: Every overlay, many to a row: a row of its own for each costs the driver ten times as much.
// params: none
// returns: definitions (list of [id, JSON document, revision, life, created_at, created_by, updated_at, updated_by])
// access: read
// idempotent: yes
MATCH (o:Overlay)
WITH right(o.overlay_id, 2) AS part,
     collect([o.overlay_id, o.document, o.revision, o.life, o.created_at, o.created_by, o.updated_at, o.updated_by]) AS found
RETURN found AS definitions
