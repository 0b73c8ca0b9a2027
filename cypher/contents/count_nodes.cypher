// purpose: How many nodes of each label there are.
// params: none
// returns: name, found
// access: read
// idempotent: yes
MATCH (n)
UNWIND labels(n) AS name
RETURN name AS name, count(*) AS found
