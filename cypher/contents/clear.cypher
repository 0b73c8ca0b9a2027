// purpose: Remove so many nodes; which migrations made the schema stays known.
// params: most (integer)
// returns: removed
// access: write
// idempotent: yes
MATCH (n)
WHERE NOT n:Migration
WITH n LIMIT $most
DETACH DELETE n
RETURN count(*) AS removed
