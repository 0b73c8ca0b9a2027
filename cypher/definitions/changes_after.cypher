// purpose: Which definitions were changed behind a catalogue revision, by their revisions, first change first.
// params: after (integer), most (integer: at most so many)
// returns: kind, id, number, at, author, reason, document (empty text for a deletion), catalogue_revision
// access: read
// idempotent: yes
MATCH (r:Revision)
WHERE r.catalogue_revision > $after
RETURN r.kind AS kind, r.definition_id AS id, r.number AS number, r.at AS at, r.author AS author, r.reason AS reason,
       CASE WHEN r.document = '' THEN '' ELSE '{}' END AS document, r.catalogue_revision AS catalogue_revision
ORDER BY catalogue_revision, kind, id, number
LIMIT $most
