// purpose: One page of closed alerts, newest first, after a given one; empty lists and texts ask for everything.
// params: owners (list of owner keys), twins (list of twin ids), everything (truth: whoever they are of),
//   severities (list of text), owner (text), behavior (text), code (text), acknowledged, shelved, suppressed
//   (lists of at most one truth), text (lower case), since (ISO time), until (ISO time), before (ISO time), before_id
//   (text), first (integer)
// returns: document (JSON)
// access: read
// idempotent: yes
MATCH (a:Alert)
WHERE a.closed = true AND a.raised_at >= $since AND a.raised_at < $until
  AND (a.raised_at < $before OR (a.raised_at = $before AND a.alert_id < $before_id))
  AND ($everything OR a.owner IN $owners OR any(id IN a.twins WHERE id IN $twins))
  AND (size($severities) = 0 OR a.severity IN $severities) AND ($owner = '' OR a.owner = $owner)
  AND ($behavior = '' OR a.behavior = a.owner + '/' + $behavior) AND ($code = '' OR a.code = $code)
  AND (size($acknowledged) = 0 OR a.acknowledged IN $acknowledged)
  AND (size($shelved) = 0 OR a.shelved IN $shelved) AND (size($suppressed) = 0 OR a.suppressed IN $suppressed)
  AND ($text = '' OR a.words CONTAINS $text)
WITH a ORDER BY a.raised_at DESC, a.alert_id DESC LIMIT $first
RETURN a.document AS document
