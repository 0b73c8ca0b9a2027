// purpose: Which actor this graph is written by.
// params: none
// returns: epoch (no row where there never was one)
// access: read
// idempotent: yes
MATCH (i:Installation {name: 'installation'})
RETURN i.epoch AS epoch
