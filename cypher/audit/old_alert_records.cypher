// purpose: So many transitions, older than a moment, of alerts that are closed; an open one keeps all of its own.
// params: before (ISO time), first (integer)
// returns: id
// access: read
// idempotent: yes
MATCH (r:AlertRecord)
WHERE r.at < $before
MATCH (a:Alert)-[:HAS_RECORD]->(r)
WHERE a.closed = true
RETURN r.record_id AS id
LIMIT $first
