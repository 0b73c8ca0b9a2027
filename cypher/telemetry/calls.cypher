// purpose: Calls by id.
// params: rows (list of call ids)
// returns: id, document (JSON)
// access: read
// idempotent: yes
UNWIND $rows AS id
MATCH (c:Call {call_id: id})
RETURN c.call_id AS id, c.document AS document
