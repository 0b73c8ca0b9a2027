// purpose: Every relationship type that has a document; the built-in ones have none.
// params: none
// returns: id, document (JSON), revision, life, created_at, created_by, updated_at, updated_by
// access: read
// idempotent: yes
MATCH (k:RelationshipType)
WHERE k.document IS NOT NULL
RETURN k.name AS id, k.document AS document, k.revision AS revision, k.life AS life,
       k.created_at AS created_at, k.created_by AS created_by,
       k.updated_at AS updated_at, k.updated_by AS updated_by
ORDER BY id
