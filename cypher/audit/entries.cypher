// purpose: One page of the audit, newest first, after a given entry; empty lists and texts ask for everything.
// params: since (ISO time), before (ISO time), before_id (text), kinds (list of text), outcomes (list of text),
//   actor (text), subject (text), first (integer)
// returns: at, id, document (JSON)
// access: read
// idempotent: yes
MATCH (e:AuditEntry)
WHERE e.at >= $since AND e.at <= $before AND (e.at < $before OR e.entry_id < $before_id)
  AND (size($kinds) = 0 OR e.kind IN $kinds) AND (size($outcomes) = 0 OR e.outcome IN $outcomes)
  AND ($actor = '' OR e.actor = $actor) AND ($subject = '' OR $subject IN e.subjects)
RETURN e.at AS at, e.entry_id AS id, e.document AS document
ORDER BY at DESC, id DESC
LIMIT $first
