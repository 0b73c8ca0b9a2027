// purpose: One page of the transitions of all alerts, newest first, after a given one; empty lists and texts ask for
//   everything.
// params: since (ISO time), until (ISO time), before_id (text), owner (text), twin_id (text), transitions (list of
//   text), first (integer)
// returns: id, document (JSON)
// access: read
// idempotent: yes
MATCH (r:AlertRecord)
WHERE r.at >= $since AND r.at < $until AND r.record_id < $before_id
  AND ($owner = '' OR r.owner = $owner) AND ($twin_id = '' OR $twin_id IN r.twins)
  AND (size($transitions) = 0 OR r.transition IN $transitions)
RETURN r.record_id AS id, r.document AS document
ORDER BY id DESC
LIMIT $first
