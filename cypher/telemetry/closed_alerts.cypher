// purpose: One page of closed alerts, newest first, from the newest.
// params: first (integer)
// returns: raised_at, id, document (JSON)
// access: read
// idempotent: yes
MATCH (a:Alert)
WHERE a.closed = true
RETURN a.raised_at AS raised_at, a.alert_id AS id, a.document AS document
ORDER BY raised_at DESC, id DESC
LIMIT $first
