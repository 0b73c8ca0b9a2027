// purpose: Calls that behaviors of given twins and overlays decided, for several askers at once, of each the newest; empty lists and texts ask for everything.
// params: rows (list of {asker, id, since, until: ISO times}),
//   statuses (list of text), owner (text), behavior (text), method (text), property (text), since (ISO time),
//   until (ISO time), before (ISO time), before_id (text), first (integer)
// returns: asker, documents (list of JSON, newest first)
// access: read
// idempotent: yes
UNWIND $rows AS row
MATCH (c:Call {owner: row.id})
WHERE c.decided_at >= $since AND c.decided_at < $until
  AND c.decided_at >= row.since AND c.decided_at < row.until
  AND (c.decided_at < $before OR (c.decided_at = $before AND c.call_id < $before_id))
  AND (size($statuses) = 0 OR c.status IN $statuses) AND ($owner = '' OR c.owner = $owner)
  AND ($behavior = '' OR c.behavior = c.owner + '/' + $behavior)
  AND ($method = '' OR c.method = $method) AND ($property = '' OR c.property = $property)
WITH DISTINCT row.asker AS asker, c ORDER BY c.decided_at DESC, c.call_id DESC
RETURN asker AS asker, collect(c.document)[..$first] AS documents
