// purpose: Create or replace relationship types, and keep each as a Revision.
// params: rows (list of codec.definition_row)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (k:RelationshipType {name: row.id})
SET k.version = row.version,
    k.inverse = row.inverse,
    k.impact = row.impact,
    k.document = row.document, k.revision = row.revision, k.life = row.life,
    k.created_at = row.created_at, k.created_by = row.created_by,
    k.updated_at = row.updated_at, k.updated_by = row.updated_by
MERGE (r:Revision {key: row.revision_key})
SET r.definition_key = row.definition_key, r.kind = 'relationship_type', r.definition_id = row.id,
    r.number = row.revision, r.at = row.updated_at, r.author = row.updated_by, r.reason = row.reason,
    r.document = row.document, r.catalogue_revision = row.catalogue_revision
MERGE (k)-[:HAS_REVISION]->(r)
