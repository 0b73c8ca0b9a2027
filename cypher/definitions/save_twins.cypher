// purpose: Create or replace twins, and keep each as a Revision.
// params: rows (list of codec.definition_row)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (t:Twin {twin_id: row.id})
SET t.version = row.version,
    t.twin_type = row.twin_type,
    t.document = row.document, t.revision = row.revision, t.life = row.life,
    t.created_at = row.created_at, t.created_by = row.created_by,
    t.updated_at = row.updated_at, t.updated_by = row.updated_by
MERGE (r:Revision {key: row.revision_key})
SET r.definition_key = row.definition_key, r.kind = 'twin', r.definition_id = row.id, r.number = row.revision,
    r.at = row.updated_at, r.author = row.updated_by, r.reason = row.reason, r.document = row.document,
    r.catalogue_revision = row.catalogue_revision
MERGE (t)-[:HAS_REVISION]->(r)
