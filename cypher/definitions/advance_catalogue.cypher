// purpose: Take the catalogue for this transaction and raise its revision, if it is the expected one. SET comes before
//   the comparison because it takes the lock: two writers can't both compare first.
// params: expected (integer), entry_id (text)
// returns: revision (none where it is not the expected one)
// access: write
// idempotent: yes
MERGE (c:Catalogue {name: 'catalogue'})
  ON CREATE SET c.revision = 0
SET c.taken_by = $entry_id
WITH c
WHERE c.revision = $expected
SET c.revision = $expected + 1
RETURN c.revision AS revision
