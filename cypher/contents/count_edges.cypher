// purpose: How many edges of each type there are.
// params: none
// returns: name, found
// access: read
// idempotent: yes
MATCH ()-[e]->()
RETURN type(e) AS name, count(*) AS found
