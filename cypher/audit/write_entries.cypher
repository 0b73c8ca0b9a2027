// purpose: Who did or was refused what; the document has all of it, the fields beside it are what is asked by.
// params: rows (list of {entry_id, at, kind, outcome, actor, subjects, document})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (e:AuditEntry {entry_id: row.entry_id})
SET e.at = row.at, e.kind = row.kind, e.outcome = row.outcome, e.actor = row.actor, e.subjects = row.subjects,
    e.document = row.document
