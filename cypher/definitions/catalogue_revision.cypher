// purpose: The catalogue's revision.
// params: none
// returns: revision (no row where nothing was ever saved)
// access: read
// idempotent: yes
MATCH (c:Catalogue {name: 'catalogue'})
RETURN c.revision AS revision
