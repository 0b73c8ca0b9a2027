// purpose: Every twin.
// params: none
// returns: id, document (JSON), revision, life, created_at, created_by, updated_at, updated_by
// access: read
// idempotent: yes
MATCH (t:Twin)
RETURN t.twin_id AS id, t.document AS document, t.revision AS revision, t.life AS life,
       t.created_at AS created_at, t.created_by AS created_by,
       t.updated_at AS updated_at, t.updated_by AS updated_by
ORDER BY id
