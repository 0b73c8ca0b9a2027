// purpose: Every overlay type.
// params: none
// returns: id, document (JSON), revision, life, created_at, created_by, updated_at, updated_by
// access: read
// idempotent: yes
MATCH (k:OverlayType)
RETURN k.type_id AS id, k.document AS document, k.revision AS revision, k.life AS life,
       k.created_at AS created_at, k.created_by AS created_by,
       k.updated_at AS updated_at, k.updated_by AS updated_by
ORDER BY id
