// purpose: Take the journal's cursor for this transaction and move it, if it is where the batch starts. SET comes
//   before the comparison because it takes the lock. Books are the graph's part of the ledger; null leaves them.
// params: after (integer), upto (integer), books (JSON text or null)
// returns: sequence (no row where the cursor is elsewhere)
// access: write
// idempotent: yes
MERGE (c:Cursor {name: 'journal'})
  ON CREATE SET c.sequence = 0
SET c.taken_for = $upto
WITH c
WHERE c.sequence = $after
SET c.sequence = $upto, c.books = coalesce($books, c.books)
RETURN c.sequence AS sequence
