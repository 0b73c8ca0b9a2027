// purpose: The revisions with which overlays came into a lifecycle, newest first.
// params: rows (list of `overlay/id`)
// returns: definition_key, number, lifecycle, at, author, reason
// access: read
// idempotent: yes
UNWIND $rows AS key
MATCH (r:Revision {definition_key: key})
WHERE r.lifecycle_began IS NOT NULL
RETURN r.definition_key AS definition_key, r.number AS number, r.lifecycle_began AS lifecycle, r.at AS at,
       r.author AS author, r.reason AS reason
ORDER BY number DESC
