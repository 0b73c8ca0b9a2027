// purpose: Closed alerts of the behaviors of given twins and overlays, for several askers at once, of each the newest; empty lists and
//   texts ask for everything.
// params: rows (list of {asker, id, since, until: ISO times}),
//   severities (list of text), owner (text), behavior (text), code (text), acknowledged, shelved, suppressed
//   (lists of at most one truth), text (lower case), since (ISO time), until (ISO time), before (ISO time), before_id
//   (text), first (integer)
// returns: asker, documents (list of JSON, newest first)
// access: read
// idempotent: yes
UNWIND $rows AS row
MATCH (a:Alert {owner: row.id})
WHERE a.closed = true AND a.raised_at >= $since AND a.raised_at < $until
  AND a.raised_at >= row.since AND a.raised_at < row.until
  AND (a.raised_at < $before OR (a.raised_at = $before AND a.alert_id < $before_id))
  AND (size($severities) = 0 OR a.severity IN $severities) AND ($owner = '' OR a.owner = $owner)
  AND ($behavior = '' OR a.behavior = a.owner + '/' + $behavior) AND ($code = '' OR a.code = $code)
  AND (size($acknowledged) = 0 OR a.acknowledged IN $acknowledged)
  AND (size($shelved) = 0 OR a.shelved IN $shelved) AND (size($suppressed) = 0 OR a.suppressed IN $suppressed)
  AND ($text = '' OR a.words CONTAINS $text)
WITH DISTINCT row.asker AS asker, a ORDER BY a.raised_at DESC, a.alert_id DESC
RETURN asker AS asker, collect(a.document)[..$first] AS documents
