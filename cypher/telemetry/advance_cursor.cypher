// purpose: Take the journal's cursor for this transaction and move it, if it is where the batch starts. SET comes
//   before the comparison because it takes the lock.
// params: after (integer), upto (integer)
// returns: sequence (no row where the cursor is elsewhere)
// access: write
// idempotent: yes
MERGE (c:Cursor {name: 'journal'})
  ON CREATE SET c.sequence = 0
SET c.taken_for = $upto
WITH c
WHERE c.sequence = $after
SET c.sequence = $upto
RETURN c.sequence AS sequence
