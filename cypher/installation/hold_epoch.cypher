// purpose: Keep the epoch as it is for this transaction, if it is still the one given. SET comes before the comparison
//   because it takes the lock: nobody can raise it between here and the commit.
// params: epoch (integer)
// returns: epoch (no row where it is another)
// access: write
// idempotent: yes
MATCH (i:Installation {name: 'installation'})
SET i.held = $epoch
WITH i
WHERE i.epoch = $epoch
RETURN i.epoch AS epoch
