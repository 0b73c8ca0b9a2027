// purpose: Every overlay.
// params: none
// returns: id, document (JSON), revision, life, created_at, created_by, updated_at, updated_by
// access: read
// idempotent: yes
MATCH (o:Overlay)
RETURN o.overlay_id AS id, o.document AS document, o.revision AS revision, o.life AS life,
       o.created_at AS created_at, o.created_by AS created_by,
       o.updated_at AS updated_at, o.updated_by AS updated_by
ORDER BY id
