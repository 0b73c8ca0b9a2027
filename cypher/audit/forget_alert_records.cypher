// purpose: Transitions of alerts go; the alerts stay.
// params: rows (list of text)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (r:AlertRecord {record_id: row})
DETACH DELETE r
