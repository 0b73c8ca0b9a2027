// purpose: Twins that are not there yet, each with its type and its first Revision of this life. Nothing is looked for
//   first: the catalogue that this transaction holds says that they are new.
// params: rows (list of codec.definition_row)
// returns: none
// access: write
// idempotent: no
UNWIND $rows AS row
MATCH (k:TwinType {type_id: row.twin_type})
CREATE (k)<-[:INSTANCE_OF]-(:Twin {
  twin_id: row.id, version: row.version, twin_type: row.twin_type, document: row.document,
  revision: row.revision, life: row.life, created_at: row.created_at, created_by: row.created_by,
  updated_at: row.updated_at, updated_by: row.updated_by
})-[:HAS_REVISION]->(:Revision {
  key: row.revision_key, definition_key: row.definition_key, kind: 'twin', definition_id: row.id,
  number: row.revision, at: row.updated_at, author: row.updated_by, reason: row.reason, document: row.document,
  catalogue_revision: row.catalogue_revision
})
