// purpose: A page of the history of one definition, newest first: the revisions with a number below a given one.
// params: definition_key (`kind/id`), before (integer), first (integer: at most so many)
// returns: number, at, author, reason, document (empty text for a deletion), catalogue_revision
// access: read
// idempotent: yes
MATCH (r:Revision {definition_key: $definition_key})
WHERE r.number < $before
RETURN r.number AS number, r.at AS at, r.author AS author, r.reason AS reason, r.document AS document,
       r.catalogue_revision AS catalogue_revision
ORDER BY number DESC
LIMIT $first
