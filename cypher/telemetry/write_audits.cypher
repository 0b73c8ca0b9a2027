// purpose: Who took a property out of service, forced it or ended that, when and why. The property may be gone by now.
// params: rows (list of {entry_id, at, author, reason, action, override, twin_id, property, value, value_kind, cause})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MERGE (a:AuditEntry {entry_id: row.entry_id})
SET a.at = row.at, a.author = row.author, a.reason = row.reason, a.action = row.action, a.override = row.override,
    a.twin_id = row.twin_id, a.property = row.property, a.value = row.value, a.value_kind = row.value_kind,
    a.cause = row.cause
