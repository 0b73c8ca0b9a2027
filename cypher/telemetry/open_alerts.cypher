// purpose: Alerts that are not closed.
// params: none
// returns: document
// access: read
// idempotent: yes
MATCH (a:Alert)
WHERE a.closed = false
RETURN a.document AS document
