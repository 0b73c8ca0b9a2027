// purpose: One page of calls, newest first, after a given one; empty lists and texts ask for everything.
// params: twins (list of twin ids), everything (truth: whichever twin they go to),
//   statuses (list of text), owner (text), behavior (text), method (text), property (text), since (ISO time),
//   until (ISO time), before (ISO time), before_id (text), first (integer)
// returns: document (JSON)
// access: read
// idempotent: yes
MATCH (c:Call)
WHERE c.decided_at >= $since AND c.decided_at < $until
  AND (c.decided_at < $before OR (c.decided_at = $before AND c.call_id < $before_id))
  AND ($everything OR c.twin_id IN $twins)
  AND (size($statuses) = 0 OR c.status IN $statuses) AND ($owner = '' OR c.owner = $owner)
  AND ($behavior = '' OR c.behavior = c.owner + '/' + $behavior)
  AND ($method = '' OR c.method = $method) AND ($property = '' OR c.property = $property)
WITH c ORDER BY c.decided_at DESC, c.call_id DESC LIMIT $first
RETURN c.document AS document
