// purpose: How several definitions stood, each at a moment of its own: its last revision that was made by then.
// params: rows (list of {asker, definition_key: `kind/id`, at: ISO time})
// returns: asker, revision (number, at, author, reason, document or empty text for a deletion, catalogue_revision)
// access: read
// idempotent: yes
UNWIND $rows AS row
MATCH (r:Revision {definition_key: row.definition_key})
WHERE r.at <= row.at
WITH row.asker AS asker, r ORDER BY r.number DESC
RETURN asker AS asker, head(collect([r.number, r.at, r.author, r.reason, r.document, r.catalogue_revision])) AS revision
