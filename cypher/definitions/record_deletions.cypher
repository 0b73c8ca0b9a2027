// purpose: Keep each deletion as a Revision without a document.
// params: rows (list of {revision_key, definition_key, kind, id, number, at, author, reason, catalogue_revision})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (r:Revision {key: row.revision_key})
SET r.definition_key = row.definition_key, r.kind = row.kind, r.definition_id = row.id, r.number = row.number,
    r.at = row.at, r.author = row.author, r.reason = row.reason, r.document = '',
    r.catalogue_revision = row.catalogue_revision
