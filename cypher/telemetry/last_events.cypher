// purpose: The last events of twins.
// params: rows (list of twin ids)
// returns: id, events (JSON list, newest first)
// access: read
// idempotent: yes
UNWIND $rows AS twin_id
MATCH (t:Twin {twin_id: twin_id})
WHERE t.last_events IS NOT NULL
RETURN t.twin_id AS id, t.last_events AS events
