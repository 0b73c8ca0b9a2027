// purpose: Who changed definitions, when and why; the revisions themselves carry the same catalogue revision.
// params: entry_id (text), at (ISO time), author (text), reason (text), catalogue_revision (integer), saved (integer:
//   how many), removed (integer: how many)
// returns: none
// access: write
// idempotent: yes
MERGE (a:AuditEntry {entry_id: $entry_id})
SET a.at = $at, a.author = $author, a.reason = $reason, a.action = 'definitions',
    a.catalogue_revision = $catalogue_revision, a.saved = $saved, a.removed = $removed
