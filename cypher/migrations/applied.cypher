// purpose: Which migrations this database has.
// params: none
// returns: number, checksum
// access: read
// idempotent: yes
MATCH (m:Migration)
RETURN m.number AS number, m.checksum AS checksum
