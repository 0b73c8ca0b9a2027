// purpose: How one definition stood at a moment: its last revision that was made by then.
// params: definition_key (`kind/id`), at (ISO time)
// returns: number, at, author, reason, document (empty text for a deletion), catalogue_revision
// access: read
// idempotent: yes
MATCH (r:Revision {definition_key: $definition_key})
WHERE r.at <= $at
RETURN r.number AS number, r.at AS at, r.author AS author, r.reason AS reason, r.document AS document,
       r.catalogue_revision AS catalogue_revision
ORDER BY number DESC
LIMIT 1
