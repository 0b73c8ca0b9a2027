// purpose: Live values that were written since, many to a row; with -1 all that ever were.
// params: after (integer: a sequence, itself included)
// returns: found (list of [twin_id, name, value, value_kind, quality, timestamp, reported_at, known, reason])
// access: read
// idempotent: yes
MATCH (p:Property)
WHERE p.timestamp IS NOT NULL AND coalesce(p.sequence, -1) >= $after
WITH right(p.twin_id, 2) AS part,
     collect([p.twin_id, p.name, p.value, p.value_kind, p.quality, p.timestamp, p.reported_at, p.known, p.reason]) AS found
RETURN found AS found
