// purpose: Entries of the audit go.
// params: rows (list of text)
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (e:AuditEntry {entry_id: row})
DETACH DELETE e
