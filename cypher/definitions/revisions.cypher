// purpose: The history of one definition, newest first.
// params: definition_key (`kind/id`)
// returns: number, at, author, reason, document (empty text for a deletion)
// access: read
// idempotent: yes
MATCH (r:Revision {definition_key: $definition_key})
RETURN r.number AS number, r.at AS at, r.author AS author, r.reason AS reason, r.document AS document
ORDER BY number DESC
