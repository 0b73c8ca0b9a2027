// purpose: Calls and property writes to devices as they stand now; the document has all of each.
// params: rows (list of {call_id, twin_id, status, decided_at, document})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (c:Call {call_id: row.call_id})
SET c.twin_id = row.twin_id, c.status = row.status, c.decided_at = row.decided_at, c.document = row.document
