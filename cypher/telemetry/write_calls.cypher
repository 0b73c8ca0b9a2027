// purpose: Calls and property writes to devices as they stand now; the document has all of each.
// params: rows (list of {call_id, twin_id, owner, behavior, method, property, status, decided_at, document}; owner and
//   behavior are keys, empty where a person asked; of method and property one is empty)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (c:Call {call_id: row.call_id})
SET c.twin_id = row.twin_id, c.owner = row.owner, c.behavior = row.behavior, c.method = row.method,
    c.property = row.property, c.status = row.status, c.decided_at = row.decided_at, c.document = row.document
