// purpose: Pages of the histories of several definitions, newest first: of each the revisions with a number below its
//   own.
// params: rows (list of {asker, definition_key: `kind/id`, before: integer}), first (integer: at most so many of each)
// returns: asker, revisions (of each number, at, author, reason, document or empty text for a deletion,
//   catalogue_revision)
// access: read
// idempotent: yes
UNWIND $rows AS row
MATCH (r:Revision {definition_key: row.definition_key})
WHERE r.number < row.before
WITH row.asker AS asker, r ORDER BY r.number DESC
RETURN asker AS asker,
       collect([r.number, r.at, r.author, r.reason, r.document, r.catalogue_revision])[..$first] AS revisions
