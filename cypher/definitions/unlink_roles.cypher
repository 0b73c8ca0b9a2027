// purpose: Drop the FILLED_BY edges of roles, before they are tied anew.
// params: rows (list of {key})
// returns: none
// access: write
// idempotent: yes
UNWIND $rows AS row
MATCH (:Role {key: row.key})-[e:FILLED_BY]->()
DELETE e
