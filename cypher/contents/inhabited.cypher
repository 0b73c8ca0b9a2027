// purpose: Whether this graph belongs to an installation: something was ever saved in it, or written behind a journal.
// params: none
// returns: revision, sequence (no row where there is neither)
// access: read
// idempotent: yes
MATCH (c:Catalogue {name: 'catalogue'})
MATCH (j:Cursor {name: 'journal'})
RETURN c.revision AS revision, j.sequence AS sequence
