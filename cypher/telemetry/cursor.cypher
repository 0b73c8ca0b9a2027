// purpose: The last journal sequence that this graph has, and what became of the samples up to it (JSON text or null).
// params: none
// returns: sequence, books (no row where nothing was ever written)
// access: read
// idempotent: yes
MATCH (c:Cursor {name: 'journal'})
RETURN c.sequence AS sequence, c.books AS books
