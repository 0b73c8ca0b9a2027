// purpose: One page of closed alerts, newest first, after a given one.
// params: first (integer), raised_at (ISO time), alert_id (text)
// returns: raised_at, id, document (JSON)
// access: read
// idempotent: yes
MATCH (a:Alert)
WHERE a.closed = true AND (a.raised_at < $raised_at OR (a.raised_at = $raised_at AND a.alert_id < $alert_id))
RETURN a.raised_at AS raised_at, a.alert_id AS id, a.document AS document
ORDER BY raised_at DESC, id DESC
LIMIT $first
