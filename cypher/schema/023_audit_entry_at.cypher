// purpose: The audit by time.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE INDEX audit_entry_at IF NOT EXISTS FOR (n:AuditEntry) ON (n.at)
