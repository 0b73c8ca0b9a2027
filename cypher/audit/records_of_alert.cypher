// purpose: One page of the transitions of one alert, newest first, after a given one.
// params: alert_id (text), since (ISO time), until (ISO time), before_id (text), transitions (list of text),
//   first (integer)
// returns: id, document (JSON)
// access: read
// idempotent: yes
MATCH (a:Alert {alert_id: $alert_id})-[:HAS_RECORD]->(r:AlertRecord)
WHERE r.at >= $since AND r.at < $until AND r.record_id < $before_id
  AND (size($transitions) = 0 OR r.transition IN $transitions)
RETURN r.record_id AS id, r.document AS document
ORDER BY id DESC
LIMIT $first
