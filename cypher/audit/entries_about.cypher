// purpose: Entries of the audit about several subjects, of each the newest, after a given entry; empty lists and texts
//   ask for everything.
// params: subjects (list of text), since (ISO time), before (ISO time), before_id (text), kinds (list of text), outcomes
//   (list of text), actor (text), first (integer)
// returns: subject, documents (list of JSON, newest first)
// access: read
// idempotent: yes
MATCH (e:AuditEntry)
WHERE e.at >= $since AND e.at <= $before AND (e.at < $before OR e.entry_id < $before_id)
  AND (size($kinds) = 0 OR e.kind IN $kinds) AND (size($outcomes) = 0 OR e.outcome IN $outcomes)
  AND ($actor = '' OR e.actor = $actor)
UNWIND e.subjects AS subject
WITH subject, e
WHERE subject IN $subjects
WITH DISTINCT subject, e ORDER BY e.at DESC, e.entry_id DESC
RETURN subject AS subject, collect(e.document)[..$first] AS documents
