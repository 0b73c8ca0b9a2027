// purpose: Entries of the audit by their ids.
// params: rows (list of entry ids)
// returns: id, document (JSON)
// access: read
// idempotent: yes
UNWIND $rows AS id
MATCH (e:AuditEntry {entry_id: id})
RETURN e.entry_id AS id, e.document AS document
