// purpose: Create or replace overlays, and keep each as a Revision.
// params: rows (list of codec.definition_row)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (o:Overlay {overlay_id: row.id})
SET o.version = row.version,
    o.name = row.name,
    o.overlay_type = row.overlay_type,
    o.lifecycle = row.lifecycle,
    o.document = row.document, o.revision = row.revision, o.life = row.life,
    o.created_at = row.created_at, o.created_by = row.created_by,
    o.updated_at = row.updated_at, o.updated_by = row.updated_by
MERGE (r:Revision {key: row.revision_key})
SET r.definition_key = row.definition_key, r.kind = 'overlay', r.definition_id = row.id, r.number = row.revision,
    r.at = row.updated_at, r.author = row.updated_by, r.reason = row.reason, r.document = row.document,
    r.catalogue_revision = row.catalogue_revision, r.lifecycle_began = row.lifecycle_began
MERGE (o)-[:HAS_REVISION]->(r)
