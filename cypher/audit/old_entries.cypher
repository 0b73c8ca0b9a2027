// purpose: So many entries of the audit that are older than a moment.
// params: before (ISO time), first (integer)
// returns: id
// access: read
// idempotent: yes
MATCH (e:AuditEntry)
WHERE e.at < $before
RETURN e.entry_id AS id
LIMIT $first
