// purpose: Every relationship type that has a document; the built-in ones have none.
// params: none
// returns: definitions (list of [id, JSON document, revision, life, created_at, created_by, updated_at, updated_by])
// access: read
// idempotent: yes
MATCH (k:RelationshipType)
WHERE k.document IS NOT NULL
WITH right(k.name, 2) AS part,
     collect([k.name, k.document, k.revision, k.life, k.created_at, k.created_by, k.updated_at, k.updated_by]) AS found
RETURN found AS definitions
