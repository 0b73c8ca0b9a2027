// purpose: The last journal sequence that this graph has.
// params: none
// returns: sequence (no row where nothing was ever written)
// access: read
// idempotent: yes
MATCH (c:Cursor {name: 'journal'})
RETURN c.sequence AS sequence
