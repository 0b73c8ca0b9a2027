// purpose: The last events of twins, complete.
// params: rows (list of {twin_id, events: JSON list})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (t:Twin {twin_id: row.twin_id})
SET t.last_events = row.events
