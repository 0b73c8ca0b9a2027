// purpose: AuditEntry nodes are found by entry_id, and each entry_id is there once.
// params: none
// returns: none
// access: write
// idempotent: yes
CREATE CONSTRAINT audit_entry_entry_id IF NOT EXISTS FOR (n:AuditEntry) REQUIRE n.entry_id IS UNIQUE
