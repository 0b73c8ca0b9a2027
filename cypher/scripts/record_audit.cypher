// purpose: Who stored or deleted a script, when and why.
// params: entry_id (text), at (ISO time), author (text), reason (text), script_id (text), removed (boolean)
// returns: none
// access: write
// idempotent: yes
MERGE (a:AuditEntry {entry_id: $entry_id})
SET a.at = $at, a.author = $author, a.reason = $reason, a.action = 'script', a.script_id = $script_id,
    a.removed = $removed
